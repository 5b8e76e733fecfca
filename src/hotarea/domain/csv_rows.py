"""CSV files as columns of bytes, bad rows apart."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from hotarea.domain import lines
from hotarea.domain.errors import RawDataError
from hotarea.domain.rejects import Reason, Reject, Wrong, reject

_BLOCK_BYTES = 1 << 24


def read(path: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> tuple[pa.Table, list[Reject]]:
    """Return the named columns as text (`pa.binary()`, so that wrong bytes stay in their row), and the bad rows.

    Optional columns are there only if the file has them.

    The column `row` is the record's line in the file, the header being 1 and empty lines not counted. Raises
    `RawDataError` if the file cannot be inflated or parsed, lacks a column, or has a record over several lines: a
    quote that is not closed makes one record of all that follows.
    """
    content = lines.whole(path) if path.suffix == ".gz" else path.read_bytes()
    rejects: list[Reject] = []

    def keep(row: csv.InvalidRow) -> str:
        wrong = Wrong(Reason.BAD_ROW, f"{row.actual_columns} columns; expected {row.expected_columns}")
        rejects.append(reject(row.number, wrong, row.text or ""))
        return "skip"

    names = _present(path, content, columns, optional)
    try:
        table = csv.read_csv(
            pa.BufferReader(content),
            # only one thread numbers its rows
            read_options=csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep),
            convert_options=csv.ConvertOptions(
                include_columns=names, column_types=dict.fromkeys(names, pa.binary()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        raise RawDataError(f"{path} cannot be parsed: {error}; expected CSV. {_hint(content)}") from error
    _check_lines(path, content, 1 + table.num_rows + len(rejects))
    return table.append_column("row", pa.array(_numbers(table.num_rows, {r.line for r in rejects}))), rejects


def texts(column: pa.ChunkedArray) -> list[str | None]:
    """Return a column's values as text without blanks around it; None where the bytes are not UTF-8."""
    try:
        return [text.strip() for text in column.cast(pa.string()).to_pylist()]
    except pa.ArrowInvalid:
        return [_text(value) for value in column.to_pylist()]


def _present(path: Path, content: bytes, columns: Sequence[str], optional: Sequence[str]) -> list[str]:
    header = content.split(b"\n", 1)[0].decode("utf-8", errors="replace").strip().lstrip("\ufeff")
    names = [name.strip('"') for name in header.split(",")]
    if not set(columns) <= set(names):
        raise RawDataError(f"{path} has the header {header[:200]!r}; expected the columns {', '.join(columns)}")
    return [*columns, *(name for name in optional if name in names)]


def _check_lines(path: Path, content: bytes, records: int) -> None:
    found = sum(1 for line in content.splitlines() if line)
    if found != records:
        raise RawDataError(
            f"{path} has {found} lines but {records} records, header included; expected one record a line. "
            f"{_hint(content)}"
        )


def _hint(content: bytes) -> str:
    """Say where a quote is not closed, if one is, and what to do."""
    odd = next((n for n, line in enumerate(content.splitlines(), start=1) if line.count(b'"') % 2), None)
    return f"Line {odd} has a quote that is not closed: correct the file." if odd else "Correct the file."


def _numbers(rows: int, bad: set[int]) -> list[int]:
    """Number the good rows; the header is row 1."""
    return [n for n in range(2, rows + len(bad) + 2) if n not in bad]


def _text(value: bytes) -> str | None:
    try:
        return value.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
