"""Alert channels: mail, chat or webhook, each an Apprise URL.

Each channel is served by a process of its own (`hotarea.stores.sender`), all at once, and ended when the time is up: no
server that hangs can hold the caller for longer. URLs carry passwords and tokens, and so do the messages of the
libraries below. They go to the process by its standard input only, and nothing of them comes back: a channel is called
by its place in the settings and its kind.
"""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import SecretStr

from hotarea.domain.records import Notice

log = logging.getLogger(__name__)

_SCHEME = re.compile(r"([a-z][a-z0-9]{0,19})://")
_GRACE_S = 0.5  # what the process has beyond its own limit, to say what it reached


@dataclass(frozen=True)
class Channel:
    """One channel of the settings."""

    place: int  # in HOTAREA_ALERT_URLS, from 1
    kind: str
    url: SecretStr

    def __str__(self) -> str:
        return f"alert channel {self.place} of HOTAREA_ALERT_URLS ({self.kind})"


@dataclass(frozen=True)
class Delivery:
    """What became of the notices for one channel."""

    channel: Channel
    arrived: tuple[str, ...]  # ids of the notices that it took
    reason: str = ""  # why it did not take the rest; empty if it took all


def channels(urls: Sequence[SecretStr]) -> list[Channel]:
    """Return the channels of the settings; of a text that is no URL nothing is shown, as it may be a password."""
    schemes = [_SCHEME.match(url.get_secret_value().lower()) for url in urls]
    return [
        Channel(place, scheme[1] if scheme else "no URL", url)
        for place, (url, scheme) in enumerate(zip(urls, schemes, strict=True), start=1)
    ]


def deliver(wanted: Mapping[Channel, Sequence[Notice]], within_s: float) -> list[Delivery]:
    """Send each channel its notices, in their order; return what arrived, after `within_s` seconds at the latest.

    A channel that does not take a notice is tried again as long as there is time. Never raises because of a channel.
    """
    until = time.monotonic() + within_s
    started = {channel: _start(channel, notices, within_s) for channel, notices in wanted.items() if notices}
    return [_end(channel, process, wanted[channel], until) for channel, process in started.items()]


def _start(channel: Channel, notices: Sequence[Notice], within_s: float) -> "subprocess.Popen[str] | None":
    task = {
        "url": channel.url.get_secret_value(),
        "within_s": within_s,
        "notices": [{"id": n.notice_id, "title": n.title, "text": n.text, "severity": n.severity} for n in notices],
    }
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "hotarea.stores.sender"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # the libraries' own words may quote the URL
            text=True,
            errors="replace",
            process_group=0,
        )
    except OSError as error:
        log.warning("%s cannot be tried: no process can be started: %s", channel, error.strerror)
        return None
    assert process.stdin is not None  # noqa: S101 - Popen was given PIPE
    try:
        process.stdin.write(json.dumps(task))
        process.stdin.close()
    except BrokenPipeError:
        pass  # it has ended already, which is seen by what it does not say
    process.stdin = None
    return process


def _end(
    channel: Channel, process: "subprocess.Popen[str] | None", notices: Sequence[Notice], until: float
) -> Delivery:
    """Read what a process says until it ends or the time is up."""
    if process is None:
        return Delivery(channel, (), "no process could be started")
    try:
        said, _ = process.communicate(timeout=max(until - time.monotonic(), 0) + _GRACE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
    words = [word for line in said.splitlines() if (word := _word(line))]
    wanted = {notice.notice_id for notice in notices}
    arrived = tuple(word["arrived"] for word in words if word.get("arrived") in wanted)
    reasons = [word["reason"] for word in words if "reason" in word]
    missing = "" if len(arrived) == len(notices) else "it did not answer in time"
    return Delivery(channel, arrived, missing and (reasons[-1] if reasons else missing))


def _word(line: str) -> dict[str, str]:
    """Return what a line of the process says; nothing if the line is not its own, or was cut when it was ended."""
    try:
        word = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    said = isinstance(word, dict) and all(isinstance(value, str) for value in word.values())
    return word if said else {}
