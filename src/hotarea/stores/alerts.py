"""Alert channels: mail, chat or webhook, each an Apprise URL.

URLs carry passwords and tokens, and so do the messages of the libraries below. Nothing of either is logged: a channel
is called by its place in the settings and its kind.
"""

import logging
from collections.abc import Sequence

from pydantic import SecretStr

from hotarea.domain.alert import Alert

log = logging.getLogger(__name__)


def notify(urls: Sequence[SecretStr], alert: Alert) -> int:
    """Send the alert to every channel and return how many took it; a channel that fails is logged, never raised."""
    return sum(_send(place, url.get_secret_value(), alert) for place, url in enumerate(urls, start=1))


def _send(place: int, url: str, alert: Alert) -> bool:
    import apprise

    logging.getLogger("apprise").setLevel(logging.CRITICAL)
    channel = apprise.Apprise.instantiate(url)
    if channel is None:
        log.error(
            "alert channel %d of HOTAREA_ALERT_URLS is not an Apprise URL; correct it. Not sent: %s", place, alert.title
        )
        return False
    kind = {"critical": apprise.NotifyType.FAILURE, "warning": apprise.NotifyType.WARNING}[alert.severity]
    sender = apprise.Apprise()
    sender.add(channel)
    sent = bool(
        sender.notify(title=alert.title, body=alert.text, notify_type=kind, body_format=apprise.NotifyFormat.TEXT)
    )
    if not sent:
        log.error(
            "alert channel %d of HOTAREA_ALERT_URLS (%s) did not take the alert; check that it can be reached and that "
            "its credentials hold. Not sent: %s",
            place,
            channel.service_name,
            alert.title,
        )
    return sent
