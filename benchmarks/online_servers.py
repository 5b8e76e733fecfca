"""Servers for the time of a measurement, and the settings that lead to them."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STARTS_S = 20


@contextmanager
def redis() -> Iterator[dict[str, str]]:
    """Run an empty Redis server that keeps nothing on disk."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        raise SystemExit("Redis is not installed: no redis-server or valkey-server on the path; install one of them")
    port = _free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tempfile.gettempdir()) as server:
        try:
            _await(port)
            yield _settings("redis", f"redis://127.0.0.1:{port}/0")
        finally:
            server.kill()


@contextmanager
def postgres() -> Iterator[dict[str, str]]:
    """Run an empty PostgreSQL server with its own defaults."""
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
    if found is None:
        raise SystemExit("PostgreSQL is not installed: no initdb on the path or below /usr/lib/postgresql; install it")
    programs, port = Path(found).resolve().parent, _free_port()
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    with tempfile.TemporaryDirectory(prefix="hotarea-postgres-") as name:
        if user:
            shutil.chown(name, user)

        def run(program: str, *arguments: str) -> None:
            subprocess.run(
                [programs / program, "-D", f"{name}/data", *arguments], user=user, check=True, capture_output=True
            )

        run("initdb", "--username=hotarea", "--auth=trust")
        run("pg_ctl", "start", "-w", "-l", f"{name}/log", "-o", f"-p {port} -k {name} -h 127.0.0.1")
        try:
            yield _settings("postgres", f"postgresql://hotarea:x@127.0.0.1:{port}/postgres")
        finally:
            run("pg_ctl", "stop", "-m", "immediate")


def _settings(store: str, url: str) -> dict[str, str]:
    return {"HOTAREA_ONLINE_STORE": store, "HOTAREA_ONLINE_STORE_URL": url}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int) -> None:
    ends = time.monotonic() + _STARTS_S
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"the server on port {port} did not start in {_STARTS_S} s")
