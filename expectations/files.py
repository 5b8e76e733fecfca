"""Looks at Parquet files before anything is asked of their rows."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain.errors import ValidationError


def schemas(files: Sequence[Path]) -> list[pa.Schema]:
    """Return the schema of each file; raise `ValidationError` that names a file that cannot be read."""
    return [_schema(file) for file in files]


def _schema(file: Path) -> pa.Schema:
    try:
        return pq.read_schema(file)
    except (OSError, pa.ArrowException) as error:
        raise _unreadable(file, error) from error


def damages(files: Sequence[Path]) -> list[str]:
    """Read all files to their end; return one sentence per file that cannot be read."""
    return [str(error) for error in map(_damage, files) if error]


def _damage(file: Path) -> ValidationError | None:
    try:
        for _ in pq.ParquetFile(file).iter_batches():
            pass
    except (OSError, pa.ArrowException) as error:
        return _unreadable(file, error)
    return None


def _unreadable(file: Path, error: Exception) -> ValidationError:
    said = str(error).splitlines()[0].rstrip(".")
    return ValidationError(f"{file.name} cannot be read: {said}; expected a complete Parquet file")
