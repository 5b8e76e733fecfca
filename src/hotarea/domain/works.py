"""OpenAlex work records, from the bytes of their lines to columns.

Only the declared fields are decoded, whole batches of lines at a time. A line that cannot be used becomes a reject
and never stops the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import chain
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from hotarea.domain import identifiers, tables
from hotarea.domain.columns import Ints
from hotarea.domain.published import published, updated
from hotarea.domain.rejects import Reason, Reject, Wrong, reject

YEARS_AHEAD = 5
"""A work may be dated this many years after the release that delivers it; later dates are errors."""

WORKS = pa.schema(
    [
        *(field for field in tables.DOCUMENTS if field.name != "reference_count"),
        pa.field("references", pa.list_(pa.int64()), nullable=False),  # distinct, without itself, ascending
        pa.field("part", pa.int32(), nullable=False),  # where the version stood in its release
        pa.field("line", pa.int64(), nullable=False),
    ]
)


class _Topic(msgspec.Struct, gc=False):
    id: str | int | None = None
    display_name: str | None = None


_NO_TOPIC = _Topic()


class _Work(msgspec.Struct, gc=False):
    """The fields that are read; each may be missing in some snapshot, and the rules below say what then."""

    id: str | int | None = None
    title: str | None = None
    display_name: str | None = None
    publication_date: str | None = None
    publication_year: int | None = None
    language: str | None = None
    type: str | None = None
    is_retracted: bool | None = None
    primary_topic: _Topic | str | None = None
    referenced_works: list[str] | None = None
    updated_date: str | None = None
    updated: str | None = None


_decode = msgspec.json.Decoder(_Work).decode


@dataclass(frozen=True)
class Decoded:
    """One batch of lines: the usable works (`WORKS`), the rejects, and counts of what was read and dropped."""

    works: pa.Table
    rejects: list[Reject]
    lines: int  # that end in the batch, blank ones too
    records: int
    self_citations: int
    repeated_references: int


def latest_date(release_date: date) -> date:
    """Return the last plausible publication date of a work that a release delivers."""
    return date(release_date.year + YEARS_AHEAD, 12, 31)


def decode(chunk: bytes, release_date: date, part: int = 0, first_line: int = 1) -> Decoded:
    """Decode whole lines of JSON, one work each, into columns; blank lines are not records.

    `part` and `first_line` say where the chunk stands in its release. Without `updated_date` a version counts as
    updated on the release's date.
    """
    lines = chunk.split(b"\n")
    numbers, works, rejects = _parsed(chunk, lines, first_line)
    records = len(works) + len(rejects)
    columns = _Columns(works, release_date)
    wrong = columns.wrong()
    if wrong:
        rejects += [reject(numbers[row], w, lines[numbers[row] - first_line]) for row, w in wrong.items()]
        good = [row for row in range(len(works)) if row not in wrong]
        numbers, columns = [numbers[row] for row in good], _Columns([works[row] for row in good], release_date)
    references, self_citations, repeated = columns.references()
    table = columns.table(numbers, part, references)
    return Decoded(table, rejects, len(lines) - 1, records, self_citations, repeated)


def _parsed(chunk: bytes, lines: list[bytes], first_line: int) -> tuple[Sequence[int], list[_Work], list[Reject]]:
    """Parse all lines at once if nothing is wrong with them, else one by one."""
    whole = lines if lines[-1] else lines[:-1]
    try:
        # The decoder skips undeclared fields without looking at their bytes, so the encoding is checked here.
        if not chunk.isascii():
            chunk.decode("utf-8")
        return range(first_line, first_line + len(whole)), list(map(_decode, whole)), []
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _parsed_singly(whole, first_line)


def _parsed_singly(lines: list[bytes], first_line: int) -> tuple[list[int], list[_Work], list[Reject]]:
    numbers, works, rejects = [], [], []
    for number, line in enumerate(lines, first_line):
        if not line.strip():
            continue
        parsed = _parse(line)
        if isinstance(parsed, Wrong):
            rejects.append(reject(number, parsed, line))
        else:
            numbers.append(number)
            works.append(parsed)
    return numbers, works, rejects


def _parse(line: bytes) -> _Work | Wrong:
    try:
        line.decode("utf-8")
        return _decode(line)
    except UnicodeDecodeError as error:
        return Wrong(Reason.INVALID_UTF8, f"byte {error.start}: {error.reason}; expected UTF-8")
    except msgspec.ValidationError as error:
        return Wrong(Reason.WRONG_TYPE, str(error))
    except (msgspec.DecodeError, RecursionError) as error:
        return Wrong(Reason.BROKEN_JSON, f"{error}; expected one JSON object a line")


class _Columns:
    """The columns of a batch of parsed works, and what is wrong with which row."""

    def __init__(self, works: list[_Work], release_date: date) -> None:
        self._works = works
        latest = latest_date(release_date)
        unknown = datetime.combine(release_date, time(), UTC)
        self._ids = identifiers.works([w.id for w in works])
        self._dates = [published(w.publication_date, w.publication_year, latest) for w in works]
        stamps = [w.updated_date or w.updated for w in works]
        self._updated = [updated(stamp, latest) if stamp else unknown for stamp in stamps]
        lists = [w.referenced_works or () for w in works]
        self._lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        self._cited = identifiers.works(list(chain.from_iterable(lists)))

    def wrong(self) -> dict[int, Wrong]:
        """Return the first thing that is wrong with each unusable row, in the order of these rules."""
        rules: tuple[dict[int, Wrong], ...] = (
            self._bad_ids(),
            self._no_references(),
            self._bad_references(),
            _wrong(self._dates),
            _wrong(self._updated),
        )
        first: dict[int, Wrong] = {}
        for rule in rules:
            first = rule | first
        return first

    def references(self) -> tuple[pa.ListArray, int, int]:
        """Return each work's distinct references, how many were itself, and how many repeated."""
        return identifiers.distinct_references(_numpy(self._ids), self._lengths, _numpy(self._cited))

    def table(self, lines: Sequence[int], part: int, references: pa.ListArray) -> pa.Table:
        """Return the rows of `WORKS`, if nothing is wrong with any."""
        works = self._works
        topics = [w.primary_topic if type(w.primary_topic) is _Topic else _NO_TOPIC for w in works]
        columns: list[Any] = [
            self._ids,
            self._dates,
            self._updated,
            [w.title or w.display_name for w in works],
            [w.type for w in works],
            [w.language for w in works],
            [identifiers.topic(t.id) for t in topics],
            [t.display_name for t in topics],
            [w.is_retracted or False for w in works],
            references,
            np.full(len(works), part, np.int32),
            np.fromiter(lines, np.int64, len(works)),
        ]
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, WORKS, strict=True)], schema=WORKS)

    def _bad_ids(self) -> dict[int, Wrong]:
        rows = _null_rows(self._ids)
        return {row: Wrong(Reason.BAD_ID, f"id {self._works[row].id!r}; {identifiers.EXPECTED}") for row in rows}

    def _no_references(self) -> dict[int, Wrong]:
        wrong = Wrong(Reason.NO_REFERENCES, "referenced_works is null or missing; expected a list, empty if none")
        return dict.fromkeys((row for row, w in enumerate(self._works) if w.referenced_works is None), wrong)

    def _bad_references(self) -> dict[int, Wrong]:
        ends = np.cumsum(self._lengths)
        bad = _null_rows(self._cited)
        rows = np.searchsorted(ends, bad, side="right").tolist()
        texts = [
            (self._works[row].referenced_works or [])[at - int(ends[row])] for row, at in zip(rows, bad, strict=True)
        ]
        wrong: dict[int, Wrong] = {}
        for row, text in zip(rows, texts, strict=True):
            wrong.setdefault(row, Wrong(Reason.BAD_REFERENCE, f"reference {text!r}; {identifiers.EXPECTED}"))
        return wrong


def _numpy(numbers: pa.Int64Array) -> Ints:
    filled: Ints = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    return filled


def _null_rows(numbers: pa.Int64Array) -> list[int]:
    return np.flatnonzero(numbers.is_null().to_numpy(zero_copy_only=False)).tolist() if numbers.null_count else []


def _wrong(values: Sequence[object]) -> dict[int, Wrong]:
    if Wrong not in set(map(type, values)):
        return {}
    return {row: value for row, value in enumerate(values) if isinstance(value, Wrong)}
