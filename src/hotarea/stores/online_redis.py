"""The bulk writer of Feast's Redis online store: one HSET per document, as Feast writes them, in pipelines."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa
from feast.infra.online_stores.helpers import _mmh3
from feast.infra.online_stores.redis import RedisOnlineStore, RedisOnlineStoreConfig
from google.protobuf.timestamp_pb2 import Timestamp
from redis import exceptions

from hotarea.stores import online_format
from hotarea.stores.online_format import EVENT, OnlineView

FAILURES = (exceptions.ConnectionError, exceptions.TimeoutError)
"""What the client raises where there is no server, or none that lets it in."""

_PIPELINE = 5_000  # documents that are sent before their answers are awaited

_MARK = "hotarea:written-by"  # no key of Feast's: those begin with a byte that is no letter


@dataclass(frozen=True)
class RedisWriter:
    """Writes a view document by document: a reader sees all features of a document as they were, or as they are now.

    Feast skips what is not newer than what is there, so no correction of the same cutoff would arrive. This one writes
    what it is given; with `keeps_newer` it skips what is older, as a range that is written by hand may be.
    """

    store: RedisOnlineStoreConfig
    view: OnlineView
    keeps_newer: bool = False

    @property
    def replaces(self) -> bool:
        """Whether `finish` replaces all that the view held."""
        return False

    @property
    def side_by_side(self) -> bool:
        """Whether several processes write faster than one: they do: most of the time goes into commands."""
        return True

    def begin(self) -> None:
        """Nothing to make: hashes come with their first field."""

    def holds_begun(self) -> bool:
        """Whether what was written in chunks so far is there: it is, where readers see it."""
        return True

    def write(self, rows: pa.Table, removed: pa.Array) -> None:
        """Write rows, and drop this view's fields of the documents that were removed."""
        with _connected(self.store) as client:
            for batch in rows.to_batches(max_chunksize=_PIPELINE):
                _send(client, [*self._commands(client, batch)])
            fields = [*self._fields, self._stamp]
            gone = self._keys(removed)
            for start in range(0, len(gone), _PIPELINE):
                _send(client, [("HDEL", key, *fields) for key in gone[start : start + _PIPELINE]])

    def finish(self) -> None:
        """Nothing to do: readers see each chunk as it is written."""

    @property
    def _stamp(self) -> bytes:
        return f"_ts:{self.view.name}".encode()

    @property
    def _fields(self) -> list[bytes]:
        return [_mmh3(f"{self.view.name}:{name}") for name in self.view.names]

    def _keys(self, ids: pa.Array) -> list[bytes]:
        project = self.view.project.encode()
        return [key + project for key in online_format.keys(self.view.join_key, ids)]

    def _commands(self, client: Any, rows: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
        """Yield the commands that write a batch."""
        keys = self._keys(rows.column(self.view.join_key))
        moments = online_format.by_distinct(rows.column(EVENT), _stamps)
        values = (online_format.values(rows.column(name), kind) for name, kind in self.view.features)
        columns = [column for pair in zip(self._fields, values, strict=True) for column in _beside(*pair)]
        there = self._there(client, keys) if self.keeps_newer else [b""] * len(keys)
        for key, moment, before, *pairs in zip(keys, moments, there, *columns, strict=True):
            if not before or _moment(before) <= _moment(moment):
                yield "HSET", key, self._stamp, moment, *pairs
                if self.store.key_ttl_seconds:
                    yield "EXPIRE", key, self.store.key_ttl_seconds

    def _there(self, client: Any, keys: list[bytes]) -> list[bytes]:
        """Return the moments of what is there; None where nothing is."""
        found: list[bytes] = _send(client, [("HGET", key, self._stamp) for key in keys])
        return found


def mark(store: RedisOnlineStoreConfig, text: str, *, over: bool) -> str:
    """Write a text that says whose the store is, if there is none or over it; return the one that is there then."""
    with _connected(store) as client:
        client.set(_MARK, text, nx=not over)
        return str(client.get(_MARK).decode())


def clear(store: RedisOnlineStoreConfig, project: str) -> None:
    """Remove all documents of a project, with the fields of all views."""
    escaped = re.sub(rb"([*?\[\]\\])", rb"\\\1", online_format.prefix("document_id"))
    with _connected(store) as client:
        found = client.scan_iter(match=escaped + b"?" * 8 + project.encode(), count=_PIPELINE)
        while keys := [*islice(found, _PIPELINE)]:
            _send(client, [("UNLINK", key) for key in keys])


def _send(client: Any, commands: list[tuple[Any, ...]]) -> list[Any]:
    with client.pipeline(transaction=False) as pipe:
        for command in commands:
            pipe.execute_command(*command)
        answers: list[Any] = pipe.execute()
    return answers


@contextmanager
def _connected(store: RedisOnlineStoreConfig) -> Iterator[Any]:
    client = RedisOnlineStore()._get_client(store)  # noqa: SLF001 - it knows clusters and sentinels
    try:
        yield client
    finally:
        client.close()


def _beside(field: bytes, values: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    return [field] * len(values), values


def _stamps(moments: list[datetime]) -> list[bytes]:
    """Return moments as Feast keeps them in Redis."""
    stamps = [Timestamp() for _ in moments]
    for stamp, moment in zip(stamps, moments, strict=True):
        stamp.FromDatetime(moment)
    return [stamp.SerializeToString() for stamp in stamps]


def _moment(stamp: bytes) -> tuple[int, int]:
    read = Timestamp.FromString(stamp)
    return read.seconds, read.nanos
