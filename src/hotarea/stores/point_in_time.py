"""The one join of rows with published values: by event time and by knowledge time, in SQL over the Parquet files.

Whatever asks what was known of a document at a moment comes through here: Feast's historical features, and with them
training, evaluation, drift and audits. Of each set only the columns that are wanted are read, and of all sets only
those that answer for one of the rows. What does not fit into `MEMORY` is spilled.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain.columns import Ints
from hotarea.domain.errors import NotReadyError
from hotarea.domain.knowledge import NEVER, answering, micros, until
from hotarea.domain.tables import STAMP
from hotarea.stores.offline_sets import PublishedSet
from hotarea.stores.sql import listed

MEMORY = "1GB"
"""What the join may hold besides its result."""

Columns = Mapping[str, pa.DataType]

_TYPES = {pa.int64(): "BIGINT", pa.float64(): "DOUBLE", pa.bool_(): "BOOLEAN", pa.string(): "VARCHAR"}

_KEYS = ("document_id", "event_timestamp", "created_timestamp")


@dataclass(frozen=True)
class Asked:
    """Documents, each at its moment: they see what was known then or, with `as_of`, by the end of that day."""

    ids: pa.Array
    moments: pa.Array
    as_of: date | None = None
    ttl: timedelta = NEVER


def join(asked: Asked, sets: Sequence[PublishedSet], columns: Columns) -> pa.Table:
    """Return the columns for what was asked, in the same order; null where nothing was known.

    Raises `NotReadyError` if a set holds a document twice.
    """
    rows, place = _placed(asked, sets)
    used = {int(number): sets[number] for number in np.unique(place) if number >= 0}
    if not used:
        return pa.table({name: pa.nulls(rows.num_rows, kind) for name, kind in columns.items()})
    with _database() as database:
        database.register("asked", rows)
        found: pa.Table = database.sql(_query(used, columns)).to_arrow_table()
    if found.num_rows != rows.num_rows:
        raise NotReadyError(
            f"{found.num_rows - rows.num_rows} of the rows asked for are there twice, in one of the sets "
            f"{', '.join(str(s.folder) for s in used.values())}; expected each document once. Build it again."
        )
    return found


def members(sets: Sequence[PublishedSet], moment: datetime, known_by: datetime, condition: str = "true") -> pa.Array:
    """Return the ids, in order, of the documents known at a moment whose row meets a condition in SQL."""
    (place,) = answering([s.span for s in sets], np.array([micros(moment)]), np.array([micros(known_by)]))
    if place < 0:
        return pa.array([], pa.int64())
    query = f"""
        SELECT document_id FROM {_parquet(sets[place])}
        WHERE event_timestamp <= $moment AND created_timestamp <= $known_by AND {condition} ORDER BY document_id"""  # noqa: S608
    with _database() as database:
        found = database.sql(query, params={"moment": moment, "known_by": known_by}).to_arrow_table()
    return found["document_id"].combine_chunks()


def _placed(asked: Asked, sets: Sequence[PublishedSet]) -> tuple[pa.Table, Ints]:
    """Return the rows that are joined, numbered, and for each the place of the set that answers for it."""
    moments = asked.moments.cast(STAMP).cast(pa.int64()).to_numpy(zero_copy_only=False)
    known_by = np.full(len(moments), micros(until(asked.as_of))) if asked.as_of else moments
    place = answering([s.span for s in sets], moments, known_by, asked.ttl)
    columns = {
        "number": np.arange(len(moments)),
        "document_id": asked.ids.cast(pa.int64()),
        "place": place,
        "moment": pa.array(moments).cast(STAMP),
        "known_by": pa.array(known_by).cast(STAMP),
    }
    return pa.table(columns), place


def _query(used: Mapping[int, PublishedSet], columns: Columns) -> str:
    wanted = ", ".join(f'known."{name}"' for name in columns)
    known = " UNION ALL ".join(_rows(number, published, columns) for number, published in used.items())
    return f"""
        SELECT {wanted} FROM asked LEFT JOIN ({known}) AS known
          ON known.place = asked.place AND known.document_id = asked.document_id
          AND known.event_timestamp <= asked.moment AND known.created_timestamp <= asked.known_by
        ORDER BY asked.number"""  # noqa: S608 - names of our own columns and files


def _rows(number: int, published: PublishedSet, columns: Columns) -> str:
    """Return the query for a set's rows; columns that it was published without are null."""
    there = set(pq.read_schema(published.files[0]).names)
    chosen = [
        f'"{name}"' if name in there else f'CAST(NULL AS {_TYPES[kind]}) AS "{name}"' for name, kind in columns.items()
    ]
    return f"SELECT {number} AS place, {', '.join([*_KEYS, *chosen])} FROM {_parquet(published)}"  # noqa: S608


def _parquet(published: PublishedSet) -> str:
    return f"read_parquet({listed(published.files)}, hive_partitioning = false)"


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    with tempfile.TemporaryDirectory(prefix="hotarea-join-") as aside:
        config = {"memory_limit": MEMORY, "temp_directory": aside, "preserve_insertion_order": False}
        with duckdb.connect(config=config) as database:
            yield database
