"""DuckDB for SQLAlchemy, as far as GX needs it: `duckdb:///NAME` is this process's in-memory database of that name.

The package that offers this loses a query's rows when the connection is returned to its pool, which is when GX asks for
them. Here a cursor takes all rows at once: GX asks for aggregates and a few examples, never for more.
"""

from collections.abc import Sequence
from typing import Any

import duckdb
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGIdentifierPreparer, PGTypeCompiler
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.pool import QueuePool

_TYPES: dict[str, Any] = {
    "BIGINT": sa.BigInteger,
    "INTEGER": sa.Integer,
    "DOUBLE": sa.Double,
    "BOOLEAN": sa.Boolean,
    "DATE": sa.Date,
    "TIMESTAMP WITH TIME ZONE": sa.DateTime,
}


class _Cursor:
    """Runs one query and keeps its rows."""

    arraysize = 1
    rowcount = -1

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.description: Any = None
        self._rows: list[Any] = []

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        found = self._connection.execute(statement, list(parameters))
        self.description, self._rows = found.description, found.fetchall()

    def fetchall(self) -> list[Any]:
        rows, self._rows = self._rows, []
        return rows

    def fetchone(self) -> Any:
        return self._rows.pop(0) if self._rows else None

    def fetchmany(self, size: int = 1) -> list[Any]:
        rows, self._rows = self._rows[:size], self._rows[size:]
        return rows

    def close(self) -> None:
        self._rows = []


class _Connection:
    """A connection without transactions: every query sees what is there."""

    def __init__(self, database: str) -> None:
        self._connection = duckdb.connect(database)

    def cursor(self) -> _Cursor:
        return _Cursor(self._connection)

    def commit(self) -> None:
        """Do nothing: nothing is written."""

    def rollback(self) -> None:
        """Do nothing: nothing is written."""

    def close(self) -> None:
        self._connection.close()


class _Dbapi:
    paramstyle = "qmark"
    Error = duckdb.Error

    @staticmethod
    def connect(database: str) -> _Connection:
        return _Connection(database)


class _Compiler(PGCompiler):
    """Gives examples an order, so that the same rows name the same ones each time: DuckDB reads in parallel."""

    def limit_clause(self, select: Any, **kw: Any) -> str:
        """Order what is cut off, unless the statement does so itself or looks at the columns alone."""
        text: str = super().limit_clause(select, **kw)  # type: ignore[no-untyped-call]
        filtered = getattr(select, "_where_criteria", ())  # of a union there are none
        return text if not filtered or select._order_by_clauses else f"\n ORDER BY ALL{text}"  # noqa: SLF001


class DuckDbDialect(DefaultDialect):
    """PostgreSQL's SQL, which DuckDB understands, and DuckDB's own catalogue."""

    name = driver = "duckdb"
    default_paramstyle = "qmark"
    statement_compiler = _Compiler
    type_compiler_cls = PGTypeCompiler
    preparer = PGIdentifierPreparer
    poolclass = QueuePool
    supports_statement_cache = False
    supports_native_boolean = True
    _backslash_escapes = False

    @classmethod
    def import_dbapi(cls) -> Any:
        """Return the module that connects."""
        return _Dbapi

    def create_connect_args(self, url: sa.URL) -> Any:
        """Return what to connect to."""
        return (memory(str(url.database)),), {}

    def initialize(self, connection: Any) -> None:  # noqa: ARG002
        """Ask the database nothing about itself."""
        self.default_schema_name = "main"

    def get_schema_names(self, connection: Any, **_: Any) -> list[str]:  # noqa: ARG002
        """Return the only schema."""
        return ["main"]

    def get_table_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:  # noqa: ARG002
        """Return tables and views alike."""
        return [row[0] for row in connection.exec_driver_sql("SHOW TABLES")]

    def get_view_names(self, connection: Any, schema: str | None = None, **_: Any) -> list[str]:  # noqa: ARG002
        """Return none: views are among the tables."""
        return []

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> bool:
        """Whether there is a table or view of that name."""
        return table_name in self.get_table_names(connection, schema)

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **_: Any) -> Any:  # noqa: ARG002
        """Return the columns of a table or view."""
        rows = connection.exec_driver_sql(f'DESCRIBE "{table_name}"').fetchall()
        return [
            {"name": name, "type": _TYPES.get(kind, sa.String)(), "nullable": True, "default": None}
            for name, kind, *_ in rows
        ]


def memory(name: str) -> str:
    """Return what DuckDB calls the in-memory database of that name."""
    return f":memory:{name}"


registry.register("duckdb", __name__, "DuckDbDialect")
