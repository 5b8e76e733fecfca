"""Reads quarantine by SQL over its Parquet files, with what the ledger knows of later readings and retries."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from hotarea.domain.quarantine import Quarantined
from hotarea.domain.records import Release, Retry
from hotarea.stores.sql import listed

_TRIES = pa.schema(
    [
        *(pa.field(name, pa.string()) for name in ("file", "digest", "accepted_in", "reason", "detail")),
        pa.field("line", pa.int64()),
        pa.field("moment", pa.timestamp("us", tz="UTC")),
    ]
)

_READINGS = pa.schema([pa.field("file", pa.string()), pa.field("release", pa.string())])

_VIEW = """
CREATE VIEW last_try AS SELECT * FROM tries
  QUALIFY row_number() OVER (PARTITION BY file, line, digest ORDER BY accepted_in IS NULL, moment DESC) = 1;
CREATE VIEW record AS SELECT q.release, q.file, q.line, coalesce(nullif(t.reason, ''), q.reason) AS reason,
    coalesce(nullif(t.detail, ''), q.detail) AS detail, q.record, t.accepted_in AS ingested_by,
    CASE WHEN t.accepted_in IS NOT NULL THEN 'ingested'
      WHEN n.release <> q.release THEN 'read again' ELSE 'open' END AS status
  FROM read_parquet({files}, hive_partitioning = false) q
  LEFT JOIN last_try t ON t.file = q.file AND t.line = q.line AND t.digest = sha256(q.record)
  LEFT JOIN readings n ON n.file = q.file;
"""

_SOME = """
SELECT * FROM record WHERE ($release IS NULL OR release = $release) AND ($reason IS NULL OR reason = $reason)
  AND ($status IS NULL OR status = $status) ORDER BY release, file, line LIMIT $limit
"""

_ROWS = 1_000  # brought from the database at a time


class Quarantine:
    """The rejected records of releases that were published."""

    def __init__(self, folders: Sequence[Path], releases: Sequence[Release], retries: Sequence[Retry]) -> None:
        """Look at the releases' folders; `releases` and `retries` are the ledger's."""
        self._files = [file for folder in folders for file in sorted(folder.glob("*.parquet"))]
        self._readings, self._tries = _readings(releases), _tries(retries)

    def counts(self) -> list[dict[str, Any]]:
        """Return how many records there are by release, reason and status."""
        with self._opened() as connection:
            query = "SELECT release, reason, status, count(*) AS records FROM record GROUP BY ALL ORDER BY ALL"
            rows: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist() if self._files else []
        return rows

    def records(
        self, release: str | None = None, reason: str | None = None, status: str | None = None, limit: int | None = None
    ) -> Iterator[Quarantined]:
        """Yield records in order of release, file and line: all, or those that are asked for."""
        given = {"release": release, "reason": reason, "status": status, "limit": limit}
        with self._opened() as connection:
            if self._files:
                found = connection.execute(_SOME, given)
                names = [column[0] for column in found.description]
                while rows := found.fetchmany(_ROWS):
                    yield from (Quarantined(**dict(zip(names, row, strict=True))) for row in rows)

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with duckdb.connect() as connection:
            if self._files:
                connection.register("tries", self._tries)
                connection.register("readings", self._readings)
                connection.execute(_VIEW.format(files=listed(self._files)))
            yield connection


def _readings(releases: Sequence[Release]) -> pa.Table:
    """Return of each delivered file which release read it last."""
    ordered = sorted(releases, key=lambda r: r.release_date)
    last = {name: r.release_id for r in ordered for name in (*(f["name"] for f in r.files), *r.removal_files)}
    return pa.Table.from_pylist([{"file": name, "release": release} for name, release in last.items()], _READINGS)


def _tries(retries: Sequence[Retry]) -> pa.Table:
    names = ("file", "line", "digest", "accepted_in", "reason", "detail")
    rows = [{**{name: getattr(r, name) for name in names}, "moment": r.retried_at} for r in retries]
    return pa.Table.from_pylist(rows, _TRIES)
