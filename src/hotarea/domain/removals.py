"""Ids that ended: the deleted and merged works of a delivery, allotted to the releases that tell of them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from hotarea.domain import csv_rows, identifiers, tables
from hotarea.domain.record_dates import published
from hotarea.domain.rejects import Reason, Reject, Wrong, reject

_LATEST = date(9998, 12, 31)


@dataclass(frozen=True)
class RemovalFile:
    """A CSV file of removals, and what its columns are called; `into` is empty for a file of deletions."""

    path: Path
    document: str
    removed: str
    into: str = ""


def read(file: RemovalFile) -> tuple[pa.Table, list[Reject]]:
    """Return the file's rows as `tables.REMOVALS`, and the rows that cannot be used.

    Raises `RawDataError` if the file cannot be inflated or lacks a column.
    """
    names = [file.document, file.removed, *([file.into] if file.into else [])]
    table, rejects = csv_rows.read(file.path, names)
    texts = [csv_rows.texts(table[name]) for name in names]
    ids = identifiers.works(texts[0]).to_pylist()
    days = [published(text or None, None, _LATEST) for text in texts[1]]
    into = identifiers.works(texts[2]).to_pylist() if file.into else [None] * len(ids)
    good = []
    for at, row in enumerate(table["row"].to_pylist()):
        wrong = _wrong(ids[at], days[at], into[at], merges=bool(file.into))
        if wrong:
            rejects.append(reject(row, wrong, ",".join(str(column[at]) for column in texts)))
        else:
            good.append(at)
    columns = [[column[at] for at in good] for column in (ids, days, into)]
    return pa.table(
        [pa.array(c, f.type) for c, f in zip(columns, tables.REMOVALS, strict=True)], tables.REMOVALS
    ), rejects


def _wrong(number: int | None, day: date | Wrong, into: int | None, *, merges: bool) -> Wrong | None:
    if number is None or (merges and into is None):
        return Wrong(Reason.BAD_ID, f"removed id {number}, merged into {into}; {identifiers.EXPECTED}")
    if number == into:
        return Wrong(Reason.BAD_ID, f"id {number} is merged into itself; expected another id")
    return day if isinstance(day, Wrong) else None


def distinct(removals: pa.Table) -> pa.Table:
    """Return each row once, in order of date and id."""
    keys = ["removed", "document_id", "merged_into"]
    rows = removals.select(keys).group_by(keys).aggregate([])
    return rows.sort_by([(key, "ascending") for key in keys]).select(tables.REMOVALS.names).cast(tables.REMOVALS)


def untold(removals: pa.Table, told: pa.Table) -> pa.Table:
    """Return the distinct removals that are not among those already told."""
    before = set(_rows(told))
    rows = distinct(removals)
    return rows.filter(pa.array([row not in before for row in _rows(rows)], pa.bool_()))


def allotted(removals: pa.Table, release_dates: Sequence[date]) -> list[pa.Table]:
    """Return per release (dates ascending) the removals that it tells: those dated since the one before.

    A removal dated after the last release waits for the next.
    """
    days = removals["removed"].cast(pa.int32()).to_numpy()
    ends = np.array([(day - date(1970, 1, 1)).days for day in release_dates])
    release = np.searchsorted(ends, days, side="left")
    return [removals.filter(pa.array(release == at)) for at in range(len(ends))]


def _rows(removals: pa.Table) -> Iterator[tuple[object, ...]]:
    return zip(*(removals[name].to_pylist() for name in tables.REMOVALS.names), strict=True)
