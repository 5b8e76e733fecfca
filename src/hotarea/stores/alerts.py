"""Alert channels: mail, chat or webhook, each an Apprise URL.

URLs carry passwords and tokens, and so do the messages of the libraries below. Nothing of either is logged: a channel
is called by its place in the settings and its kind.
"""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pydantic import SecretStr

from hotarea.domain.alert import Alert

log = logging.getLogger(__name__)

_TALKATIVE = ("apprise", "urllib3", "urllib3.connectionpool", "requests")


def notify(urls: Sequence[SecretStr], alert: Alert) -> int:
    """Send the alert to every channel and return how many took it; a channel that fails is logged, never raised."""
    return sum(_send(place, url.get_secret_value(), alert) for place, url in enumerate(urls, start=1))


def _send(place: int, url: str, alert: Alert) -> bool:
    channel = _channel(url)
    if channel is None:
        log.error(
            "alert channel %d of HOTAREA_ALERT_URLS is not an Apprise URL; correct it. Not sent: %s", place, alert.title
        )
        return False
    sent = _deliver(channel, alert)
    if not sent:
        log.error(
            "alert channel %d of HOTAREA_ALERT_URLS (%s) did not take the alert; check that it can be reached and that "
            "its credentials hold. Not sent: %s",
            place,
            channel.service_name,
            alert.title,
        )
    return sent


def _channel(url: str) -> Any:
    """Return Apprise's client for a URL, or None if it knows no such channel."""
    import apprise

    with warnings.catch_warnings():
        # the first client loads all plugins, some of which import what the standard library deprecates
        warnings.simplefilter("ignore", DeprecationWarning)
        with _silenced():
            return apprise.Apprise.instantiate(url)


def _deliver(channel: Any, alert: Alert) -> bool:
    from apprise import Apprise, NotifyFormat, NotifyType

    sender = Apprise()
    sender.add(channel)
    kind = {"critical": NotifyType.FAILURE, "warning": NotifyType.WARNING}[alert.severity]
    with _silenced():
        return bool(sender.notify(title=alert.title, body=alert.text, notify_type=kind, body_format=NotifyFormat.TEXT))


@contextmanager
def _silenced() -> Iterator[None]:
    """Keep the libraries below from logging: they quote addresses with their secrets, if only at debug level."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
