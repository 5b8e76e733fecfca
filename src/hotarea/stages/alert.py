"""Tells people: what is wrong once, that it still is after a while, and once that it is over.

The ledger remembers the open problems, so that tasks and commands, on whatever machine, tell the same problem once
together. It also holds every message until its channel has taken it. What cannot be delivered now is delivered with the
next alert, by the hourly watch, or by `hotarea alerts flush`. Nothing here fails because of a channel, or holds its
caller for longer than HOTAREA_ALERT_TIMEOUT_S and the start of a process.
"""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from hotarea.domain import problems
from hotarea.domain.alert import Alert, Recovery
from hotarea.domain.errors import PublishError, SettingsError
from hotarea.domain.records import Notice, Problem, now
from hotarea.domain.settings import Settings
from hotarea.stores.channels import Channel, Delivery, channels, deliver
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

KEPT = timedelta(days=14)
"""A message that no channel took for so long is given up: who reads it then has long looked."""

_TRIES = 50
"""How often a change of a problem is tried: of those that change it at once, one succeeds each time."""

_TOO_LATE_S = 1.0
"""With less time than this a message is not begun: a process needs most of it to start."""

_LEVELS = {"critical": logging.ERROR, "warning": logging.WARNING, "recovered": logging.INFO}


def tell(settings: Settings, alert: Alert, subjects: Sequence[str] = ()) -> bool:
    """Log an alert and tell all channels, unless its problem is open and was told already; return whether it was told.

    `subjects` are what must pass before the problem is over. Without a ledger it is told each time: twice is better
    than never.
    """
    log.log(_LEVELS[alert.severity], "%s\n%s", alert.title, alert.text)
    try:
        with _opened(settings) as ledger:
            told = _told(ledger, settings, alert, subjects)
        flush(settings)
    except (SettingsError, PublishError) as error:
        log.warning("%s Without it nobody knows what was told already: all channels are told.", error)
        _tell_directly(settings, alert)
        return True
    return told


def settle(settings: Settings, recovery: Recovery) -> bool:
    """Close a problem whose check passes again, if it is open, and tell so; return whether it was open.

    Without a ledger it stays open, and is closed when the check passes the next time.
    """
    try:
        with _opened(settings) as ledger:
            over = _over(ledger, settings, recovery)
        if over is not None:
            log.info("%s\n%s", over.title, over.text)
            flush(settings)
    except (SettingsError, PublishError) as error:
        log.warning("%s %s passes again; that is told when it passes the next time.", error, recovery.problem)
        return False
    return over is not None


def is_open(settings: Settings, problem: str) -> Problem | None:
    """Return the record of a problem that is open."""
    with _opened(settings) as ledger:
        return _current(ledger, problem)


def flush(settings: Settings) -> list[Delivery]:
    """Deliver what waits in the ledger; return what became of it, by channel.

    Each message is claimed by one process at a time. One that dies between sending and remembering makes a message
    arrive twice.
    """
    until = time.monotonic() + settings.alert_timeout_s
    ready, done = channels(settings.alert_urls), list[Delivery]()
    with _opened(settings) as ledger:
        while ready and (left := until - time.monotonic()) > _TOO_LATE_S:
            claimed = {channel: found for channel in ready if (found := _claim(ledger, channel, left))}
            deliveries = deliver(claimed, left)
            for delivery in deliveries:
                _remember(ledger, claimed[delivery.channel], delivery)
            done += deliveries
            # what others wrote meanwhile they left to this process
            ready = [delivery.channel for delivery in deliveries if not delivery.reason]
    return done


def undelivered(ledger: Ledger) -> list[Notice]:
    """Return the messages that wait for their channel, the oldest first."""
    waiting = (n for n in ledger.all(Notice, delivered_at=None) if now() - n.written_at < KEPT)
    return sorted(waiting, key=lambda n: n.written_at)


@contextmanager
def _opened(settings: Settings) -> Iterator[Ledger]:
    with Ledger(settings.ledger) as ledger:
        yield ledger


def _current(ledger: Ledger, problem: str) -> Problem | None:
    return _open(ledger.all(Problem, problem=problem))


def _open(occurrences: Iterable[Problem]) -> Problem | None:
    return next((p for p in occurrences if p.closed_at is None), None)


def _told(ledger: Ledger, settings: Settings, alert: Alert, subjects: Sequence[str]) -> bool:
    """Remember that a problem was seen, and what is to be told of it; return whether that is anything.

    Others may see it at the same time: of all that write the same state, the ledger takes one, and the others look
    again. Raises `PublishError` if it takes none.
    """
    refused: PublishError | None = None
    for _ in range(_TRIES):
        moment = now()
        known = ledger.all(Problem, problem=alert.problem)  # read once: another may open it between two looks
        current = _open(known)
        if current is None:
            occurrence = 1 + max((p.occurrence for p in known), default=0)
            try:
                ledger.add(problems.opened(alert, occurrence, subjects, moment), *_notices(settings, alert, moment))
            except PublishError as error:
                refused = error
                continue
            return True
        seen = problems.seen_again(current, alert, subjects, moment, timedelta(hours=settings.alert_reminder_h))
        due = seen.told_at == moment
        if ledger.replace(current, seen, *(_notices(settings, problems.again(seen, alert), moment) if due else ())):
            if not due:
                log.info("%s is open since %s; it was told at %s", seen.problem, seen.opened_at, seen.told_at)
            return due
    raise _refused(alert.problem) from refused


def _over(ledger: Ledger, settings: Settings, recovery: Recovery) -> Alert | None:
    """Remember that an open problem is over; return what is to be told of it, None if it is not open.

    Raises `PublishError` if the ledger does not take it.
    """
    for _ in range(_TRIES):
        if (current := _current(ledger, recovery.problem)) is None:
            return None
        moment = now()
        alert = problems.recovered(current, recovery, moment)
        if ledger.replace(current, replace(current, closed_at=moment), *_notices(settings, alert, moment)):
            return alert
    raise _refused(recovery.problem)


def _refused(problem: str) -> PublishError:
    return PublishError(f"the ledger did not take what became of {problem}, in {_TRIES} tries.")


def _notices(settings: Settings, alert: Alert, moment: datetime) -> list[Notice]:
    """Return a message for each channel."""
    notice_id = uuid4().hex
    return [
        Notice(
            notice_id=notice_id,
            place=channel.place,
            kind=channel.kind,
            problem=alert.problem,
            severity=alert.severity,
            title=alert.title,
            text=alert.text,
            written_at=moment,
        )
        for channel in channels(settings.alert_urls)
    ]


def _claim(ledger: Ledger, channel: Channel, timeout_s: float) -> list[Notice]:
    """Take what waits for a channel; what another process is sending stays with it while it may be alive."""
    moment = now()
    until = moment + timedelta(seconds=2 * timeout_s + 10)
    waiting = [n for n in undelivered(ledger) if (n.place, n.kind) == (channel.place, channel.kind)]
    if any(n.claimed_until and n.claimed_until > moment for n in waiting):
        return []  # the other process is at it, and the order is kept
    taken = [(n, replace(n, claimed_until=until, attempts=n.attempts + 1)) for n in waiting]
    return [claimed for notice, claimed in taken if ledger.replace(notice, claimed)]


def _remember(ledger: Ledger, claimed: Sequence[Notice], delivery: Delivery) -> None:
    for notice in claimed:
        arrived = now() if notice.notice_id in delivery.arrived else None
        ledger.replace(notice, replace(notice, claimed_until=None, delivered_at=arrived))
    _report(delivery, claimed, "It is kept and sent again later")


def _report(delivery: Delivery, sent: Sequence[Notice], follows: str) -> None:
    for notice in sent:
        if notice.notice_id not in delivery.arrived:
            log.error(
                "%s did not take the message: %s. %s: %s",
                delivery.channel,
                delivery.reason,
                follows,
                notice.title,
            )


def _tell_directly(settings: Settings, alert: Alert) -> None:
    by_place = {notice.place: [notice] for notice in _notices(settings, alert, now())}
    wanted = {channel: by_place[channel.place] for channel in channels(settings.alert_urls)}
    for delivery in deliver(wanted, settings.alert_timeout_s):
        _report(delivery, wanted[delivery.channel], "Without a ledger it is not kept")


@dataclass(frozen=True)
class Tried:
    """What became of a test message on one channel."""

    place: int
    kind: str
    arrived: bool
    reason: str


def test(settings: Settings) -> list[Tried]:
    """Send a test message to each channel and return what became of it; raises `SettingsError` without channels."""
    known = channels(settings.alert_urls)
    if not known:
        raise SettingsError(
            "HOTAREA_ALERT_URLS names no channel, so nobody would be told of anything; expected Apprise URLs, such as "
            "mailto://user:password@mail.example.org?to=office@example.org, separated by blanks."
        )
    alert = Alert(
        problem="test/channels",
        title="hotarea: test of the alert channels",
        what="This is a test: alerts of hotarea reach you here. Nothing is wrong.",
        where=f"home {settings.home}",
        command="hotarea status",
        severity="recovered",
    )
    notices = {notice.place: [notice] for notice in _notices(settings, alert, now())}
    deliveries = deliver({channel: notices[channel.place] for channel in known}, settings.alert_timeout_s)
    return [Tried(d.channel.place, d.channel.kind, bool(d.arrived), d.reason) for d in deliveries]
