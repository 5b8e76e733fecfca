"""What GX looks at: views of Parquet files in one in-memory DuckDB per process, with bounded memory.

Rows stay in the files. A query reads the columns that it needs, a row group at a time; what does not fit into `MEMORY`
is spilled to the temporary folder.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import pyarrow as pa

from expectations.duckdb_dialect import memory

MEMORY = "1GB"
"""What a validation's queries may hold; Python, GX and Arrow take 0.4 GiB besides."""

NAME = "expectations"

_TYPES = {
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.date32(): "DATE",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}


def rows(files: Sequence[Path], schema: pa.Schema) -> str:
    """Return the query for the columns of `schema` of all files together; no rows if there are no files."""
    columns = ", ".join(quoted(name) for name in schema.names)
    if not files:
        typed = (f"CAST(NULL AS {_TYPES[field.type]}) AS {quoted(field.name)}" for field in schema)
        return f"SELECT {', '.join(typed)} WHERE false"
    return f"SELECT {columns} FROM {parquet(files)}"


def parquet(files: Sequence[Path]) -> str:
    """Return the table of all files' rows; folders that look like `key=value` add no columns."""
    listed = ", ".join(text(str(file)) for file in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def text(value: str) -> str:
    """Return a text as a literal."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def value(query: str) -> Any:
    """Return the one value that a query gives."""
    (found,) = row(query)
    return found


def row(query: str) -> tuple[Any, ...]:
    """Return the one row that a query gives."""
    found: list[tuple[Any, ...]] = _database().execute(query).fetchall()
    return found[0]


def arrow(query: str) -> pa.Table:
    """Return all rows of a query, which must be few."""
    return _database().sql(query).to_arrow_table()


@contextmanager
def view(query: str) -> Iterator[str]:
    """Give a query a name; nothing is computed before somebody asks."""
    name = _name()
    _database().execute(f"CREATE VIEW {name} AS {query}")
    try:
        yield name
    finally:
        _database().execute(f"DROP VIEW {name}")


@contextmanager
def table(content: str | pa.Table) -> Iterator[str]:
    """Keep the rows of a query, or of an Arrow table, under a name: for what is asked often and costs much."""
    name, database = _name(), _database()
    if isinstance(content, str):
        database.execute(f"CREATE TABLE {name} AS {content}")
    else:
        database.register("content", content)
        database.execute(f"CREATE TABLE {name} AS SELECT * FROM content")
        database.unregister("content")
    try:
        yield name
    finally:
        database.execute(f"DROP TABLE {name}")


def _name() -> str:
    return f"seen_{uuid4().hex[:12]}"


@cache
def _database() -> Any:
    database = duckdb.connect(memory(NAME))
    spilled = Path(tempfile.gettempdir()) / f"hotarea-{uuid4().hex[:12]}"  # DuckDB makes it when needed, and removes it
    for setting, chosen in (
        ("memory_limit", MEMORY),
        ("temp_directory", str(spilled)),
        ("autoinstall_known_extensions", "false"),
        ("preserve_insertion_order", "false"),
        ("TimeZone", "UTC"),
    ):
        database.execute(f"SET GLOBAL {setting} = {text(chosen)}")
    return database
