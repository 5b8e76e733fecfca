"""Redis and PostgreSQL on loopback for the time of a measurement or a test, with what is installed."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "secret"  # noqa: S105 - of servers that live for a moment

_STARTS_S = 20


class AbsentError(Exception):
    """A server's program is not installed; says which was looked for."""


@contextmanager
def redis() -> Iterator[str]:
    """Run an empty Redis server, or Valkey, that keeps nothing on disk; yields the URL of its first database."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise AbsentError("Redis is not installed: no redis-server or valkey-server on the path")
    port = free_port()
    options = {"port": port, "bind": "127.0.0.1", "requirepass": PASSWORD, "appendonly": "no", "save": ""}
    named = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    with subprocess.Popen([program, *named], stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir()) as server:
        try:
            _await(port)
            yield f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
        finally:
            server.kill()


@contextmanager
def postgres() -> Iterator[str]:
    """Run an empty PostgreSQL server with its own defaults and user hotarea; yields the URL of its database."""
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
    if found is None:
        raise AbsentError("PostgreSQL is not installed: no initdb on the path or below /usr/lib/postgresql")
    programs, port = Path(found).resolve().parent, free_port()
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    # not below pytest's folder, which every other run of pytest closes to other users
    with tempfile.TemporaryDirectory(prefix="hotarea-postgres-") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        (folder / "password").write_text(PASSWORD)

        def run(program: str, *arguments: str) -> None:
            command = [programs / program, "-D", folder / "data", *arguments]
            subprocess.run(command, user=user, check=True, capture_output=True)

        run("initdb", "--username=hotarea", f"--pwfile={folder / 'password'}", "--auth=scram-sha-256", "--no-sync")
        run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"-p {port} -k {folder} -h 127.0.0.1 -F")
        try:
            yield f"postgresql://hotarea:{PASSWORD}@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "stop", "-m", "immediate")


def free_port() -> int:
    """Return a port on loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    ends = time.monotonic() + _STARTS_S
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"the server on port {port} did not start in {_STARTS_S} s")
