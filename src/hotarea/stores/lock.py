"""Locks below the home, which end with the processes that hold them, however these end."""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Let one process in at a time, and its children, which share its lock until the last of them has ended."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("waiting for another process to leave %s", file)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
