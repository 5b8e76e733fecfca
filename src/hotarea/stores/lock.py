"""Locks below the home and in databases, which end with the processes that hold them, however these end."""

import fcntl
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

log = logging.getLogger(__name__)

_mine = threading.local()


@contextmanager
def exclusive(file: Path) -> Iterator[None]:
    """Let one process in at a time, and its children, which share its lock until the last of them has ended.

    A thread that holds the lock may ask for it again.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with _once(str(file.resolve())) as is_new:
        if not is_new:
            yield
            return
        with file.open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                log.info("waiting for another process to leave %s", file)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def exclusive_in(url: str, number: int) -> Iterator[None]:
    """Let one process in at a time of all that use a PostgreSQL database; in another database, do nothing.

    It is an advisory lock, which ends with the connection, however that ends. A thread that holds it may ask for it
    again. Raises SQLAlchemy's `OperationalError` if the database cannot be reached.
    """
    found = sa.make_url(url)
    with _once(f"{found.render_as_string(hide_password=True)} {number}") as is_new:
        if not is_new or found.get_backend_name() != "postgresql":
            yield
            return
        # outside of a transaction, which would keep the database from cleaning up for as long
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(number)))
            yield


@contextmanager
def _once(name: str) -> Iterator[bool]:
    """Yield whether this thread does not hold a lock yet."""
    held: set[str] = _mine.__dict__.setdefault("held", set())
    if name in held:
        yield False
        return
    held.add(name)
    try:
        yield True
    finally:
        held.discard(name)
