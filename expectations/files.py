"""Reads Parquet files as they are: also nulls where the declared schema forbids them, or it could not be checked."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain.errors import ValidationError


def schemas(files: Sequence[Path]) -> list[pa.Schema]:
    """Return the schema of each file; raise `ValidationError` that names a file that cannot be read."""
    return [_schema(file) for file in files]


def read(files: Sequence[Path], schema: pa.Schema) -> pa.Table:
    """Return the columns of `schema` of all files together, every one nullable; no rows if there are no files.

    Raises `ValidationError` that names a file that cannot be read or lacks a column.
    """
    lax = pa.schema([pa.field(field.name, field.type) for field in schema])
    return pa.concat_tables([lax.empty_table(), *(_rows(file, lax) for file in files)])


def _schema(file: Path) -> pa.Schema:
    with _named(file):
        return pq.read_schema(file)


def _rows(file: Path, lax: pa.Schema) -> pa.Table:
    with _named(file):
        return pq.read_table(file, columns=lax.names).cast(lax)


@contextmanager
def _named(file: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        raise ValidationError(
            f"{file.name} cannot be read: {str(error).rstrip('.')}; expected a complete Parquet file"
        ) from error
