"""Real servers on loopback: databases, and what alerts are sent to, well-behaved or not."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from benchmarks import online_servers
from benchmarks.online_servers import free_port

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
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL server; yields its URL. Skips where it is not installed."""
    with ExitStack() as stack:
        yield _or_skip(stack, online_servers.postgres())


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis server; yields its URL. Skips where it is not installed."""
    with ExitStack() as stack:
        yield _or_skip(stack, online_servers.redis())


def _or_skip(stack: ExitStack, server: AbstractContextManager[str]) -> str:
    try:
        return stack.enter_context(server)
    except online_servers.AbsentError as error:
        pytest.skip(str(error))
