"""Reads Parquet files as they are: also nulls where the declared schema forbids them, or it could not be checked."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def read(files: Sequence[Path], schema: pa.Schema) -> pa.Table:
    """Return the columns of `schema` of all files together, every one nullable; no rows if there are no files.

    Raises `OSError` or `pyarrow.ArrowException` if a file cannot be read or lacks a column.
    """
    lax = pa.schema([pa.field(field.name, field.type) for field in schema])
    parts = [pq.read_table(file, columns=lax.names).cast(lax) for file in files]
    return pa.concat_tables([lax.empty_table(), *parts])
