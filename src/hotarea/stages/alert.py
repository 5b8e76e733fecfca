"""Tells people: every alert goes to the log, and to the channels of `HOTAREA_ALERT_URLS`."""

import logging

from hotarea.domain.alert import Alert
from hotarea.domain.settings import Settings
from hotarea.stores.alerts import notify

log = logging.getLogger(__name__)

_LEVELS = {"critical": logging.ERROR, "warning": logging.WARNING}


def send(settings: Settings, alert: Alert) -> int:
    """Log the alert and send it to all channels; return how many took it. Never raises because of a channel."""
    log.log(_LEVELS[alert.severity], "%s\n%s", alert.title, alert.text)
    return notify(settings.alert_urls, alert)
