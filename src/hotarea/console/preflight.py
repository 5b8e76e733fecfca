"""What must hold before anything is made: a free port, room on the disk, raw data that can be read."""

import os
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path

from hotarea.domain.errors import RawDataError, SettingsError
from hotarea.domain.settings import Settings
from hotarea.stores.raw import find

FREE_BYTES = 2 * 1024**3
"""What a run on the sample needs (0.3 GB) and on 170,000 works (1.2 GB), with room to breathe."""


def check(settings: Settings) -> None:
    """Raise the first reason why this home cannot be brought up; make nothing."""
    _project(settings.project)
    _port(settings.airflow_port)
    _home(settings.home)
    if settings.raw:
        _raw(settings.raw)


def _project(folder: Path) -> None:
    for name in ("dags", "plugins", "feature_repo"):
        if not (folder / name).is_dir():
            raise SettingsError(
                f"{folder} has no folder {name}/; expected hotarea's checkout. Start there, or set HOTAREA_PROJECT."
            )


def _port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingsError(
                f"port {port} on 127.0.0.1 is taken ({error.strerror}); Airflow's UI needs a free one. "
                f"Stop what holds it, or set HOTAREA_AIRFLOW_PORT."
            ) from error


def _home(home: Path) -> None:
    existing = next(folder for folder in (home, *home.parents) if folder.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise SettingsError(f"home {home} cannot be written: {existing} is not a writable folder. Set HOTAREA_HOME.")
    free = shutil.disk_usage(existing).free
    if free < FREE_BYTES:
        raise SettingsError(
            f"only {free / 1024**3:.1f} GB are free at {existing}; expected {FREE_BYTES / 1024**3:.0f} GB or more. "
            f"Free some, or set HOTAREA_HOME to a folder on another disk."
        )


def _raw(raw: Path) -> None:
    if not raw.is_dir():
        raise RawDataError(f"RAW {raw} is not a folder; expected one with raw releases. Check the path.")
    find(raw).deliveries(datetime.now(UTC).date())
