"""The bulk writer of Feast's PostgreSQL online store: COPY, and an upsert of what was copied."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import psycopg
import pyarrow as pa
from feast.infra.online_stores.postgres_online_store.postgres import PostgreSQLOnlineStoreConfig
from feast.infra.utils.postgres.connection_utils import _get_conn
from psycopg import sql

from hotarea.stores import online_format
from hotarea.stores.online_format import CREATED, EVENT, OnlineView

FAILURES = (psycopg.OperationalError,)
"""What the client raises where there is no server, or none that lets it in."""

_MARK = "hotarea__written_by"  # no view's name begins with _

_MARKING = 4_711_818  # of PostgreSQL's advisory locks, ours: two that make the same table at once would fail

_COLUMNS = sql.SQL("(entity_key, feature_name, value, event_ts, created_ts)")
_TYPES = ("bytea", "text", "bytea", "timestamptz", "timestamptz")
_COPIED = sql.Identifier("copied")


@dataclass(frozen=True)
class PostgresWriter:
    """Writes a view chunk by chunk, each in one transaction: into its table or, to replace it, into one aside.

    Readers see the table that `finish` puts in its place as a whole; what goes into the table itself they see chunk
    by chunk.
    """

    store: PostgreSQLOnlineStoreConfig
    view: OnlineView
    aside: str = ""  # the id of the write that replaces the table

    @property
    def replaces(self) -> bool:
        """Whether `finish` replaces all that the view held."""
        return bool(self.aside)

    @property
    def side_by_side(self) -> bool:
        """Whether several processes write faster than one: they do, on cores of their own."""
        return True

    def begin(self) -> None:
        """Make the table aside, and drop those that other writes left."""
        if not self.aside:
            return
        with self._connected() as connection:
            for left in self._asides(connection):
                if left != self._target:
                    connection.execute(_sql("DROP TABLE IF EXISTS {}", left))
            connection.execute(
                _sql("CREATE TABLE IF NOT EXISTS {} (LIKE {} INCLUDING ALL)", self._target, self.view.table)
            )

    def holds_begun(self) -> bool:
        """Whether the table aside is there, with the chunks that were written to it."""
        with self._connected() as connection:
            return self._target in self._asides(connection)

    def write(self, rows: pa.Table, removed: pa.Array) -> None:
        """Write rows, and drop those of the documents that were removed."""
        with self._connected() as connection:
            connection.execute(
                _sql("CREATE TEMPORARY TABLE copied (LIKE {} INCLUDING DEFAULTS) ON COMMIT DROP", self._target)
            )
            copy = sql.SQL("COPY {} {} FROM STDIN (FORMAT BINARY)").format(_COPIED, _COLUMNS)
            with connection.cursor().copy(copy) as sink:
                sink.set_types(_TYPES)
                for batch in rows.to_batches(max_chunksize=online_format.BATCH):
                    for row in self._encoded(batch):
                        sink.write_row(row)
            connection.execute(
                sql.SQL(
                    "INSERT INTO {} {} SELECT entity_key, feature_name, value, event_ts, created_ts FROM {} "
                    "ON CONFLICT (entity_key, feature_name) DO UPDATE SET value = EXCLUDED.value, value_text = NULL, "
                    "event_ts = EXCLUDED.event_ts, created_ts = EXCLUDED.created_ts"
                ).format(sql.Identifier(self._target), _COLUMNS, _COPIED)
            )
            if not self.aside and len(removed):
                gone = online_format.keys(self.view.join_key, removed)
                connection.execute(_sql("DELETE FROM {} WHERE entity_key = ANY(%s)", self.view.table), (gone,))

    def finish(self) -> None:
        """Put the table aside in the place of the view's own, in one transaction."""
        if not self.aside:
            return
        with self._connected() as connection:
            names = _indexes(connection, self.view.table)
            connection.execute(_sql("DROP TABLE {}", self.view.table))
            for what, name in _indexes(connection, self._target).items():
                if what in names:  # by its name Feast would miss it, and make it again
                    connection.execute(_sql("ALTER INDEX {} RENAME TO {}", name, names[what]))
            connection.execute(_sql("ALTER TABLE {} RENAME TO {}", self._target, self.view.table))

    @property
    def _target(self) -> str:
        return f"{self.view.table}{_ASIDE}{self.aside}" if self.aside else self.view.table

    def _encoded(self, rows: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
        """Yield a document's features one by one, as Feast keeps them."""
        keys = online_format.keys(self.view.join_key, rows.column(self.view.join_key))
        values = (online_format.values(rows.column(name), kind) for name, kind in self.view.features)
        moments = (online_format.by_distinct(rows.column(name), _in_utc) for name in (EVENT, CREATED))
        names = self.view.names
        for key, event, created, *found in zip(keys, *moments, *values, strict=True):
            for name, value in zip(names, found, strict=True):
                yield key, name, value, event, created

    def _asides(self, connection: psycopg.Connection) -> list[str]:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        return [name for (name,) in found if name.startswith(f"{self.view.table}{_ASIDE}")]

    def _connected(self) -> Any:
        """Connect for one transaction, which is taken back if it fails."""
        connection: psycopg.Connection = _get_conn(self.store)
        return connection


_ASIDE = "__aside_"


def mark(store: PostgreSQLOnlineStoreConfig, text: str, *, over: bool) -> str:
    """Write a text that says whose the store is, if there is none or over it; return the one that is there then.

    It stands in the schema in which Feast keeps the tables of this user.
    """
    schema = sql.Identifier(_schema(store))
    table = sql.SQL("{}.{}").format(schema, sql.Identifier(_MARK))
    clash = sql.SQL("UPDATE SET owner = EXCLUDED.owner" if over else "NOTHING")
    with _get_conn(store) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MARKING,))
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        connection.execute(
            sql.SQL("CREATE TABLE IF NOT EXISTS {} (store integer PRIMARY KEY, owner text NOT NULL)").format(table)
        )
        connection.execute(
            sql.SQL("INSERT INTO {} VALUES (1, %s) ON CONFLICT (store) DO {}").format(table, clash), (text,)
        )
        found = connection.execute(sql.SQL("SELECT owner FROM {}").format(table)).fetchone()
    return str(found[0])


def clear(store: PostgreSQLOnlineStoreConfig, project: str) -> None:
    """Remove all documents of a project, of all views."""
    with _get_conn(store) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", (_schema(store),))
        for (name,) in found.fetchall():
            if name.startswith(f"{project}_") and name != _MARK:
                connection.execute(_sql("TRUNCATE {}.{}", _schema(store), name))


def _schema(store: PostgreSQLOnlineStoreConfig) -> str:
    schema: str = store.db_schema or store.user
    return schema


def _sql(text: Any, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


def _indexes(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """Return a table's indexes by what they index."""
    found = connection.execute(
        "SELECT pg_get_indexdef(indexrelid), c.relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid "
        "WHERE indrelid = %s::regclass",
        (sql.Identifier(table).as_string(connection),),
    )
    return {definition.partition(" USING ")[2]: name for definition, name in found}


def _in_utc(moments: list[Any]) -> list[Any]:
    return [moment.astimezone(UTC) for moment in moments]
