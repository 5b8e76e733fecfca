"""Real servers on loopback: databases, and what alerts are sent to, well-behaved or not."""

import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

TOKEN = "s3cr3t-token"


@dataclass
class Webhook:
    """What a webhook was sent, and how it answers: with which status, after how many seconds."""

    port: int
    status: int = 200
    after_s: float = 0.0
    bodies: list[dict[str, Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"json://user:{TOKEN}@127.0.0.1:{self.port}/{TOKEN}"

    @property
    def titles(self) -> list[str]:
        return [body["title"] for body in self.bodies]


@contextmanager
def webhook(status: int = 200, after_s: float = 0.0) -> Iterator[Webhook]:
    """Run a webhook; it keeps what it is sent before it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            ended.wait(hook.after_s)
            try:
                self.send_response(hook.status)
                self.end_headers()
            except OSError:
                pass  # who asked has gone

        def log_message(self, *_: object) -> None:
            pass

    ended = threading.Event()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        hook = Webhook(server.server_port, status, after_s)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield hook
        finally:
            ended.set()
            server.shutdown()
            thread.join()


@dataclass
class Mailbox:
    """What a mail server received: (sender, recipients, message)."""

    port: int = 0
    options: str = "mode=insecure"
    user: str = ""
    answer: str = "250 accepted"
    mails: list[tuple[str, list[str], Any]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"mailto://{self.user}127.0.0.1:{self.port}/?from=loop@example.org&to=office@example.org&{self.options}"

    @property
    def titles(self) -> list[str]:
        return [message["Subject"] for _, _, message in self.mails]

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        if self.answer.startswith("250"):
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return self.answer


@contextmanager
def mail_server(password: str = "", **box: Any) -> Iterator[Mailbox]:
    """Run a mail server; with a password it takes mail from user `loop` only."""

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given.password.decode() == password, handled=False)

    login = {"authenticator": check, "auth_required": True, "auth_require_tls": False} if password else {}
    mailbox = Mailbox(port=free_port(), **box)
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port, **login)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """Accept connections and never say a word; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def dribbling_server() -> Iterator[int]:
    """Answer with a byte every half second, for ever: no read ever times out; yields the port."""
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(1)
                try:
                    while not ended.wait(0.5):
                        connection.send(b"2")
                except OSError:
                    pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()
            thread.join()


def free_port() -> int:
    """Return a port on loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refusing() -> str:
    """Return the URL of a webhook that is not there."""
    return f"json://user:{TOKEN}@127.0.0.1:{free_port()}/{TOKEN}"


@contextmanager
def took() -> Iterator[list[float]]:
    """Measure the seconds that its block takes."""
    seconds: list[float] = []
    began = time.monotonic()
    yield seconds
    seconds.append(time.monotonic() - began)


@contextmanager
def postgres_server() -> Iterator[int]:
    """Run a PostgreSQL server with user hotarea and password secret; yields the port. Skips where it is absent."""
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed: no initdb on the path or below /usr/lib/postgresql")
    programs, port = Path(found).resolve().parent, free_port()
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    # not below pytest's folder, which every other run of pytest closes to other users
    with tempfile.TemporaryDirectory(prefix="hotarea-postgres-") as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        (folder / "password").write_text("secret")

        def run(program: str, *arguments: str) -> None:
            command = [programs / program, "-D", folder / "data", *arguments]
            subprocess.run(command, user=user, check=True, capture_output=True)

        run("initdb", "--username=hotarea", f"--pwfile={folder / 'password'}", "--auth=scram-sha-256", "--no-sync")
        run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"-p {port} -k {folder} -h 127.0.0.1 -F")
        try:
            yield port
        finally:
            run("pg_ctl", "stop", "-m", "immediate")


@contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    """Run a Redis server, or Valkey, with password secret; yields the port. Skips where neither is."""
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    if program is None:
        pytest.skip("Redis is not installed: no redis-server or valkey-server on the path")
    port = free_port()
    options = {"port": port, "bind": "127.0.0.1", "dir": folder, "requirepass": "secret", "appendonly": "no"}
    named = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    with subprocess.Popen([program, *named, "--save", ""], stdout=subprocess.DEVNULL) as server:
        try:
            _await(port)
            yield port
        finally:
            server.kill()


def _await(port: int) -> None:
    """Wait until somebody listens on a port; raises TimeoutError after ten seconds."""
    ends = time.monotonic() + 10
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"nobody listens on port {port}")
