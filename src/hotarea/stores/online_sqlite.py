"""Feast's SQLite online store below the home, and the bulk writer of its tables."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from feast.infra.online_stores.sqlite import SqliteOnlineStore, SqliteOnlineStoreConfig

from hotarea.stores import online_format
from hotarea.stores.feast_home import below_home
from hotarea.stores.online_format import CREATED, EVENT, OnlineView

_WAIT_S = 300  # another process may be writing a whole chunk


def _epoch(moment: datetime) -> int:
    """Return a moment as seconds since 1970; Feast hands over UTC without saying so."""
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def _moment(seconds: bytes) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)


# Feast takes the UTC clock for local time, here and there: ages would depend on the time zones of who writes and reads.
sqlite3.register_adapter(datetime, _epoch)
sqlite3.register_converter("timestamp", _moment)


class HomeSqliteOnlineStoreConfig(SqliteOnlineStoreConfig):  # type: ignore[misc]
    """Where the online store's file lies."""

    type: Literal["hotarea.stores.online_sqlite.HomeSqliteOnlineStore"]


class HomeSqliteOnlineStore(SqliteOnlineStore):  # type: ignore[misc]
    """Feast's SQLite store, with readers that never wait for the writer, and smaller tables."""

    @staticmethod
    def _get_db_path(config: Any) -> str:
        return str(below_home(config.online_store.path, config.repo_path))

    def _get_conn(self, config: Any) -> Any:
        if self._conn is None:
            Path(self._get_db_path(config)).parent.mkdir(parents=True, exist_ok=True)
            connection = super()._get_conn(config)
            connection.execute("PRAGMA busy_timeout = 30000")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        return self._conn

    def update(self, config: Any, tables_to_delete: Any, tables_to_keep: Any, **others: Any) -> None:
        """Create the views' tables, clustered by document: half the size of Feast's, which index the key twice."""
        for view in tables_to_keep:
            self._get_conn(config).execute(_created(OnlineView.of(config, view).table))
        super().update(config=config, tables_to_delete=tables_to_delete, tables_to_keep=[], **others)


def path_of(config: Any) -> Path:
    """Return the file of the online store that a configuration of Feast names."""
    return Path(HomeSqliteOnlineStore._get_db_path(config))  # noqa: SLF001 - Feast's name for it


@dataclass(frozen=True)
class SqliteWriter:
    """Writes a view chunk by chunk, each in one transaction: into its table or, to replace it, into one aside.

    Readers see the table that `finish` puts in its place as a whole; what goes into the table itself they see chunk
    by chunk. Several processes may write: one chunk waits for the other.
    """

    path: Path
    view: OnlineView
    aside: str = ""  # the id of the write that replaces the table

    @property
    def replaces(self) -> bool:
        """Whether `finish` replaces all that the view held."""
        return bool(self.aside)

    @property
    def side_by_side(self) -> bool:
        """Whether several processes write faster than one: it takes one at a time."""
        return False

    def begin(self) -> None:
        """Make the table to write to, and drop those that other writes left aside."""
        with self._transaction() as connection:
            for left in self._asides(connection):
                if left != self._target:
                    connection.execute(f'DROP TABLE "{left}"')
            connection.execute(_created(self._target))

    def holds_begun(self) -> bool:
        """Whether the table aside is there, with the chunks that were written to it."""
        with closing(self._connected()) as connection:
            return self._target in self._asides(connection)

    def write(self, rows: pa.Table, removed: pa.Array) -> None:
        """Write rows in the order of their keys, and drop those of the documents that were removed."""
        batches = rows.to_batches(max_chunksize=online_format.BATCH)
        encoded = map(self._encoded, batches) if len(batches) > 1 else [[*self._encoded(batch)] for batch in batches]
        with self._transaction() as connection:
            for batch in encoded:
                connection.executemany(self._insertion, batch)
            if not self.aside:
                gone = ((key,) for key in online_format.keys(self.view.join_key, removed))
                connection.executemany(f'DELETE FROM "{self._target}" WHERE entity_key = ?', gone)  # noqa: S608

    def finish(self) -> None:
        """Put the table aside in the place of the view's own, in one transaction."""
        if self.aside:
            with self._transaction() as connection:
                connection.execute(f'DROP TABLE IF EXISTS "{self.view.table}"')
                connection.execute(f'ALTER TABLE "{self._target}" RENAME TO "{self.view.table}"')
        with closing(self._connected()) as connection:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    @property
    def _target(self) -> str:
        return f"{self.view.table}{_ASIDE}{self.aside}" if self.aside else self.view.table

    @property
    def _insertion(self) -> str:
        """One row per feature, so as many rows per document; all but key and values are bound once."""
        count = len(self.view.features)
        rows = (f"(?1, '{name}', ?{2 + n}, ?{2 + count}, ?{3 + count})" for n, name in enumerate(self.view.names))
        into = f'INSERT OR REPLACE INTO "{self._target}" (entity_key, feature_name, value, event_ts, created_ts)'
        return f"{into} VALUES {', '.join(rows)}"

    def _encoded(self, rows: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
        """Return a document's key, values and moments, as Feast's SQLite store keeps them."""
        keys = online_format.keys(self.view.join_key, rows.column(self.view.join_key))
        values = (online_format.values(rows.column(name), kind) for name, kind in self.view.features)
        moments = (online_format.by_distinct(rows.column(name), _epochs) for name in (EVENT, CREATED))
        return zip(keys, *values, *moments, strict=True)

    def _asides(self, connection: sqlite3.Connection) -> list[str]:
        named = f"{self.view.table}{_ASIDE}"
        found = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return [name for (name,) in found if name.startswith(named)]

    def _connected(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=_WAIT_S, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        # The ledger takes a chunk that was committed as written for good.
        connection.execute("PRAGMA synchronous = FULL")
        return connection

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connected()) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")


_ASIDE = "__aside_"


def _created(table: str) -> str:
    return (
        f'CREATE TABLE IF NOT EXISTS "{table}" (entity_key BLOB, feature_name TEXT, value BLOB, '
        "value_text TEXT, vector_value BLOB, event_ts timestamp, created_ts timestamp, "
        "PRIMARY KEY (entity_key, feature_name)) WITHOUT ROWID"
    )


def _epochs(moments: list[datetime]) -> list[int]:
    return [_epoch(moment) for moment in moments]
