"""The program that sends notices to one channel: `python -m hotarea.stores.sender`, its task on standard input.

It writes one JSON line for each notice that arrived, and one with the reason where one did not. The reasons are words
of its own: those of the libraries quote addresses with their secrets. What else is printed goes to standard error.
"""

import json
import logging
import os
import re
import signal
import sys
from collections.abc import Mapping
from typing import Any, TextIO

RETRIES = 2
_WAITS = 20  # a wait is this part of the time that is granted
_RATE_S = 1.0
"""Apprise's 5.5 s between two messages, in an outbox of five, would use up the time that a task is held for."""

_STATUS = re.compile(r"\berror\s?=\s?([1-5]\d\d)\b")
_CAUSES = (
    (re.compile(r"timed out", re.IGNORECASE), "it did not answer in time"),
    (re.compile(r"authentication|\b53[045]\b", re.IGNORECASE), "it does not accept the credentials"),
    (re.compile(r"STARTTLS|SSL|certificate", re.IGNORECASE), "no encrypted connection came about"),
    (re.compile(r"recipient"), "it refuses a recipient"),
    (re.compile(r"connection|refused|resolve", re.IGNORECASE), "it cannot be reached"),
)


class _Words(logging.Handler):
    """Keeps what the libraries log; it leaves this process as one of our own reasons only."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.heard += f"{record.getMessage()}\n"

    @property
    def reason(self) -> str:
        """Return why a notice was not taken."""
        if statuses := _STATUS.findall(self.heard):
            return f"it answered with status {statuses[-1]}"
        return next((reason for cause, reason in _CAUSES if cause.search(self.heard)), "it did not take the notice")


def main() -> None:
    """Send what standard input asks for, in order; end after the time that it grants, whatever a server does."""
    task, output = json.load(sys.stdin), _own_output()
    signal.setitimer(signal.ITIMER_REAL, task["within_s"])  # its default action ends the process
    words = _Words()
    logging.basicConfig(handlers=[words], level=logging.WARNING, force=True)
    channel = _channel(task["url"], task["within_s"])
    if channel is None:
        _say(output, reason="it is not an Apprise URL; correct it")
        return
    logging.getLogger("apprise").setLevel(logging.DEBUG)
    for notice in task["notices"]:
        if not _send(channel, notice):
            _say(output, reason=words.reason)
            return  # the later ones wait for it: a recovery must not come before its problem
        _say(output, arrived=notice["id"])


def _channel(url: str, within_s: float) -> Any:
    """Return Apprise's client for a URL, or None if it knows no such channel.

    A slow server is waited for instead of being asked again, as it would tell people twice.
    """
    import apprise

    channel = apprise.Apprise.instantiate(url)
    if channel is not None:
        channel.socket_connect_timeout = channel.socket_read_timeout = within_s
        channel.retry, channel.wait = max(channel.retry, RETRIES), within_s / _WAITS
        channel.request_rate_per_sec = min(channel.request_rate_per_sec, _RATE_S)
        channel.optional = False  # else Apprise says that it has sent what it has not
    return channel


def _send(channel: Any, notice: Mapping[str, str]) -> bool:
    from apprise import Apprise, NotifyFormat, NotifyType

    kinds = {"critical": NotifyType.FAILURE, "warning": NotifyType.WARNING, "recovered": NotifyType.SUCCESS}
    sender = Apprise()
    sender.add(channel)
    return bool(
        sender.notify(
            title=notice["title"],
            body=notice["text"],
            notify_type=kinds[notice["severity"]],
            body_format=NotifyFormat.TEXT,
        )
    )


def _own_output() -> TextIO:
    """Keep standard output for what is said here; what libraries print, in whatever way, goes to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


def _say(output: TextIO, **words: str) -> None:
    output.write(json.dumps(words) + "\n")
    output.flush()


if __name__ == "__main__":
    main()
