"""Alerts reach a real SMTP server and a real HTTP endpoint, and a channel that fails stops nobody."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pydantic import SecretStr

from hotarea.domain.alert import Alert
from hotarea.stores.alerts import notify

ALERT = Alert(
    title="hotarea: documents 2012-12-31 failed validation",
    what="documents 2012-12-31 was rejected.",
    where="dataset documents, release 2012-12-31",
    expected="An id has one row in a release.",
    observed="document_id: 2 of 40 rows (5 %) differ",
    report="/home/reports/page.html",
    run_id="manual__1",
)
TOKEN = "s3cr3t-token"


class Webhook:
    """An HTTP server on loopback that keeps what it is sent and answers with one status."""

    def __init__(self, status: int = 200) -> None:
        self.bodies: list[dict[str, Any]] = []
        received = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> SecretStr:
        return SecretStr(f"json://user:{TOKEN}@127.0.0.1:{self._server.server_port}/{TOKEN}")

    def __enter__(self) -> "Webhook":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


class Mailbox:
    """What an SMTP server received: (sender, recipients, message)."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], Any]] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 (aiosmtpd's name)
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, message_from_bytes(envelope.content)))
        return "250 accepted"


@pytest.fixture
def mail() -> Iterator[tuple[Mailbox, SecretStr]]:
    mailbox = Mailbox()
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield (
        mailbox,
        SecretStr(f"mailto://127.0.0.1:{controller.port}/?from=loop@example.org&to=office@example.org&mode=insecure"),
    )
    controller.stop()


def free_port() -> int:
    """Return a port on loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def refusing() -> SecretStr:
    return SecretStr(f"json://user:{TOKEN}@127.0.0.1:{free_port()}/{TOKEN}")


def test_a_webhook_gets_title_and_every_line(webhook):
    assert notify([webhook.url], ALERT) == 1
    (body,) = webhook.bodies
    assert body["title"] == ALERT.title
    assert body["type"] == "failure"
    assert body["message"].splitlines() == [
        "documents 2012-12-31 was rejected.",
        "Where: dataset documents, release 2012-12-31",
        "Expected: An id has one row in a release.",
        "Observed: document_id: 2 of 40 rows (5 %) differ",
        "Report: /home/reports/page.html",
        "Run: manual__1",
    ]


def test_a_warning_is_sent_as_a_warning(webhook):
    assert notify([webhook.url], Alert(title="t", what="w", where="h", severity="warning")) == 1
    assert [body["type"] for body in webhook.bodies] == ["warning"]


def test_a_mail_reaches_its_reader(mail):
    mailbox, url = mail
    assert notify([url], ALERT) == 1
    ((sender, recipients, message),) = mailbox.mails
    assert (sender, recipients) == ("loop@example.org", ["office@example.org"])
    assert message["Subject"] == ALERT.title
    text = "".join(
        part.get_payload(decode=True).decode() for part in message.walk() if part.get_content_type() == "text/plain"
    )
    assert [line.strip() for line in text.splitlines() if line.strip()] == ALERT.text.splitlines()


def test_every_channel_gets_the_alert(webhook, mail):
    mailbox, url = mail
    assert notify([url, webhook.url], ALERT) == 2
    assert (len(mailbox.mails), len(webhook.bodies)) == (1, 1)


def test_a_channel_that_refuses_is_logged_and_the_others_deliver(webhook, mail, caplog):
    mailbox, url = mail
    assert notify([url, refusing(), webhook.url], ALERT) == 2
    assert (len(mailbox.mails), len(webhook.bodies)) == (1, 1)
    assert [r.levelno for r in caplog.records if r.name.startswith("hotarea")] == [logging.ERROR]
    assert "alert channel 2 of HOTAREA_ALERT_URLS (JSON) did not take the alert" in caplog.text
    assert ALERT.title in caplog.text


def test_a_channel_that_answers_with_an_error_has_not_taken_the_alert(caplog):
    with Webhook(status=500) as server:
        assert notify([server.url], ALERT) == 0
        assert len(server.bodies) == 1
    assert "did not take the alert" in caplog.text


@pytest.mark.parametrize("url", ["not a url", f"nosuchservice://{TOKEN}@host", ""])
def test_a_url_that_is_none_is_logged_by_its_place(url, webhook, caplog):
    assert notify([SecretStr(url), webhook.url], ALERT) == 1
    assert "alert channel 1 of HOTAREA_ALERT_URLS is not an Apprise URL" in caplog.text


def test_no_address_and_no_secret_is_logged(caplog):
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    with Webhook(status=403) as rejecting:
        urls = [
            refusing(),
            rejecting.url,
            SecretStr(f"nosuchservice://{TOKEN}"),
            SecretStr(f"mailto://a:{TOKEN}@127.0.0.1:{free_port()}/?from=a@example.org&to=b@example.org"),
        ]
        assert notify(urls, ALERT) == 0
    assert len([record for record in caplog.records if record.name == "hotarea.stores.alerts"]) == 4
    assert TOKEN not in caplog.text
    assert "127.0.0.1" not in caplog.text
    assert logging.getLogger("urllib3.connectionpool").level == logging.DEBUG


def test_without_channels_nothing_happens(caplog):
    assert notify([], ALERT) == 0
    assert [r for r in caplog.records if r.name.startswith("hotarea")] == []
