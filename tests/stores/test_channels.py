"""Messages reach a real mail server and a real webhook, and a channel that fails, refuses or hangs holds nobody."""

import json
import logging
import shlex
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from pydantic import SecretStr

from hotarea.domain.records import Notice
from hotarea.stores.channels import Channel, Delivery, channels, deliver
from tests.servers import (
    TOKEN,
    Mailbox,
    Webhook,
    dribbling_server,
    mail_server,
    refusing,
    silent_server,
    took,
    webhook,
)

TEXT = "documents 2012-12-31 was rejected.\n\nWhere: dataset documents, release 2012-12-31\nRun: manual__1"
WITHIN_S = 8.0
STARTS_S = 4.0
"""What a process may need beyond the time that it is given, to start and to end, on a busy machine."""


def notice(title: str = "hotarea: documents failed", **changes: Any) -> Notice:
    given = {"notice_id": title, "place": 1, "kind": "json", "problem": "validation/documents", "severity": "critical"}
    return Notice(**given | {"title": title, "text": TEXT} | changes)


def send(*urls: str, within_s: float = WITHIN_S, notices: list[Notice] | None = None) -> list[Delivery]:
    known = channels([SecretStr(url) for url in urls])
    return deliver(dict.fromkeys(known, notices or [notice()]), within_s)


def reasons(deliveries: list[Delivery]) -> list[str]:
    return [delivery.reason for delivery in deliveries]


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


def test_every_channel_gets_the_message_whole(hook, box):
    assert [d.arrived for d in send(hook.url, box.url)] == [("hotarea: documents failed",)] * 2
    (body,) = hook.bodies
    assert (body["title"], body["message"], body["type"]) == ("hotarea: documents failed", TEXT, "failure")
    ((sender, recipients, message),) = box.mails
    assert (sender, recipients, message["Subject"]) == (
        "loop@example.org",
        ["office@example.org"],
        "hotarea: documents failed",
    )
    plain = [p.get_payload(decode=True).decode() for p in message.walk() if p.get_content_type() == "text/plain"]
    assert [line.strip() for line in plain[0].splitlines()] == TEXT.splitlines()


@pytest.mark.parametrize(
    ("severity", "kind"), [("critical", "failure"), ("warning", "warning"), ("recovered", "success")]
)
def test_a_severity_has_its_own_look(severity, kind, hook):
    send(hook.url, notices=[notice(severity=severity)])
    assert [body["type"] for body in hook.bodies] == [kind]


def test_several_messages_arrive_in_their_order(hook):
    (delivery,) = send(hook.url, notices=[notice("one"), notice("two"), notice("three")])
    assert (delivery.arrived, delivery.reason) == (("one", "two", "three"), "")
    assert hook.titles == ["one", "two", "three"]


def test_nobody_listens(hook):
    assert reasons(send(refusing(), hook.url)) == ["it cannot be reached", ""]
    assert len(hook.bodies) == 1


@pytest.mark.parametrize("status", [403, 500, 503])
def test_a_server_that_refuses_is_asked_again_a_few_times(status):
    with webhook(status=status) as refuses:
        (delivery,) = send(refuses.url)
    assert (delivery.arrived, delivery.reason) == ((), f"it answered with status {status}")
    assert len(refuses.bodies) == 3


def test_a_server_that_comes_back_between_two_tries_gets_the_message():
    with webhook(status=500) as recovers:
        recovers.after_s = 0.5

        class Once(list[dict[str, Any]]):
            def append(self, body: dict[str, Any]) -> None:
                recovers.status = 500 if not self else 200
                super().append(body)

        recovers.bodies = Once()
        (delivery,) = send(recovers.url)
    assert delivery.arrived
    assert len(recovers.bodies) == 2


def test_what_comes_after_a_message_that_was_refused_waits_for_it():
    with webhook(status=500) as refuses:
        (delivery,) = send(refuses.url, notices=[notice("broken"), notice("recovered")])
    assert delivery.arrived == ()
    assert set(refuses.titles) == {"broken"}


def test_a_slow_server_is_waited_for_and_asked_once():
    with webhook(after_s=5.0) as slow:  # longer than Apprise would wait
        (delivery,) = send(slow.url, within_s=15.0)
        assert (len(delivery.arrived), len(slow.bodies)) == (1, 1)


@pytest.mark.parametrize("kind", ["webhook hangs", "webhook says nothing", "webhook dribbles", "mail says nothing"])
def test_a_server_that_hangs_is_given_up_in_time_and_holds_no_other(kind, hook):
    with silent_server() as silent, dribbling_server() as dribbling, webhook(after_s=60) as hanging:
        urls = {
            "webhook hangs": hanging.url,
            "webhook says nothing": f"json://127.0.0.1:{silent}/{TOKEN}",
            "webhook dribbles": f"json://127.0.0.1:{dribbling}/{TOKEN}",
            "mail says nothing": f"mailto://127.0.0.1:{silent}/?from=a@example.org&to=b@example.org&mode=insecure",
        }
        with took() as seconds:
            stuck, delivered = send(urls[kind], hook.url, within_s=4.0)  # enough for the other on a busy machine
    assert (stuck.arrived, stuck.reason) == ((), "it did not answer in time")
    assert len(delivered.arrived) == 1
    assert seconds[0] < 4.0 + STARTS_S


def test_many_that_hang_take_no_longer_than_one():
    with silent_server() as silent, took() as seconds:
        found = send(*[f"json://127.0.0.1:{silent}/{n}" for n in range(4)], within_s=2.0)
    assert reasons(found) == ["it did not answer in time"] * 4
    assert seconds[0] < 2.0 + 2 * STARTS_S


def test_nothing_is_left_running():
    before = psutil.Process().children(recursive=True)  # other tests may have servers
    with silent_server() as silent:
        send(f"json://127.0.0.1:{silent}/", within_s=1.0)
    assert set(psutil.Process().children(recursive=True)) <= set(before)


def test_what_arrived_before_a_server_hung_is_not_sent_again():
    with webhook() as hook:

        class Hangs(list[dict[str, Any]]):
            def append(self, body: dict[str, Any]) -> None:
                super().append(body)
                hook.after_s = 60 if len(self) == 2 else 0

        hook.bodies = Hangs()
        (delivery,) = send(hook.url, within_s=6.0, notices=[notice("one"), notice("two"), notice("three")])
    assert (delivery.arrived, delivery.reason) == (("one",), "it did not answer in time")


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it is on loopback
def test_a_mail_server_with_a_login():
    with mail_server(password="right", user="loop:right@") as box:
        (delivery,) = send(box.url)
        assert (len(delivery.arrived), len(box.mails)) == (1, 1)
    with mail_server(password="right", user="loop:wrong@") as box:
        (delivery,) = send(box.url)
        assert (delivery.arrived, box.mails) == ((), [])
        assert "wrong" not in delivery.reason


def test_a_mail_server_without_encryption_where_it_is_asked_for(box):
    (delivery,) = send(box.url.replace("mode=insecure", "mode=starttls"))
    assert (delivery.arrived, box.mails) == ((), [])
    assert delivery.reason


def test_a_mail_server_that_refuses_the_message():
    with mail_server(answer="554 no thanks") as box:
        (delivery,) = send(box.url)
        assert delivery.arrived == ()
        assert delivery.reason


@pytest.mark.parametrize(
    ("url", "kind"),
    [("not a url", "no URL"), (f"nosuchservice://{TOKEN}@host", "nosuchservice"), (f"{TOKEN}:25", "no URL")],
)
def test_a_url_that_is_none_is_called_by_its_place(url, kind, hook):
    wrong, right = send(url, hook.url)
    assert str(wrong.channel) == f"alert channel 1 of HOTAREA_ALERT_URLS ({kind})"
    assert wrong.reason == "it is not an Apprise URL; correct it"
    assert right.arrived


def test_a_channel_without_messages_is_left_alone():
    assert deliver({Channel(1, "json", SecretStr(refusing())): []}, WITHIN_S) == []


def test_no_address_and_no_secret_is_logged_or_seen_among_the_processes(caplog):
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []

    class Watching(list[dict[str, Any]]):
        def append(self, body: dict[str, Any]) -> None:
            listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
            seen.append(listed.stdout)
            super().append(body)

    with webhook(status=403) as rejecting:
        rejecting.bodies = Watching()
        found = send(
            refusing(), rejecting.url, f"nosuchservice://{TOKEN}", f"mailto://a:{TOKEN}@127.0.0.1:1/?to=b@c.de"
        )
    assert "hotarea.stores.sender" in seen[0]
    assert TOKEN not in seen[0]
    assert all(found_.reason for found_ in found)
    assert TOKEN not in caplog.text + repr(found)
    assert "127.0.0.1" not in caplog.text + "".join(reasons(found))


def test_without_a_second_process_nothing_is_sent_and_nothing_fails(monkeypatch, hook):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    (delivery,) = send(hook.url)
    assert (delivery.arrived, delivery.reason, hook.bodies) == ((), "no process could be started", [])


def test_lines_that_are_not_the_senders_are_passed_over(monkeypatch, tmp_path, hook):
    noisy = tmp_path / "python"
    noisy.write_text(f"""#!/bin/sh
echo noise; echo 3; echo '{{"arrived": 3}}'; echo '{{"arrived": "another"}}'; printf '\\377\\n'
{shlex.quote(sys.executable)} "$@"
printf '{{"arrived": "hotarea: docu'
""")
    noisy.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(noisy))
    (delivery,) = send(hook.url)
    assert (delivery.arrived, delivery.reason) == (("hotarea: documents failed",), "")


NOISY = """
import os, runpy
from apprise.plugins.custom_json import NotifyJSON
send = NotifyJSON.send
def noisy(self, *arguments, **named):
    print("printed", flush=True)
    os.write(1, b"written")
    return send(self, *arguments, **named)
NotifyJSON.send = noisy
runpy.run_module("hotarea.stores.sender", run_name="__main__")
"""


def test_what_a_library_prints_is_none_of_the_senders_words(hook):
    task = {"url": hook.url, "within_s": WITHIN_S}
    task["notices"] = [{"id": "1", "title": "t", "text": TEXT, "severity": "critical"}]
    done = subprocess.run(
        [sys.executable, "-c", NOISY], input=json.dumps(task), capture_output=True, text=True, check=True
    )
    assert done.stdout == '{"arrived": "1"}\n'
    assert "printed" in done.stderr
    assert "written" in done.stderr
