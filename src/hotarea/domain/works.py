"""OpenAlex work records, from the bytes of their lines (`work_lines`) to columns.

Only the declared fields are decoded, whole batches of lines at a time. A line that cannot be used becomes a reject
and never stops the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from operator import attrgetter
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from hotarea.domain import identifiers, limits, raw_kinds, raw_layout, tables
from hotarea.domain.columns import Ints
from hotarea.domain.record_dates import published, published_at_once, updated, updated_at_once
from hotarea.domain.reference_lists import ReferenceLists
from hotarea.domain.rejects import Reason, Reject, Wrong, reject
from hotarea.domain.work_lines import NO_TOPIC, Topic, Work, parsed

WORKS = pa.schema(
    [
        *(field for field in tables.DOCUMENTS if field.name != "reference_count"),
        pa.field("references", pa.list_(pa.int64()), nullable=False),  # distinct, without itself, ascending
        pa.field("part", pa.int32(), nullable=False),  # where the version stood in its release
        pa.field("line", pa.int64(), nullable=False),
    ]
)


_KINDS: dict[type, str] = {
    str: "text",
    type(None): "null",
    int: "number",
    bool: "boolean",
    Topic: "object",
    msgspec.UnsetType: "missing",
}

_TOPIC_ID = _KINDS | {msgspec.UnsetType: "absent"}

FIELDS = tuple(raw_layout.LAYOUTS["current"])
"""The fields whose kinds are counted."""

_SINGLE = tuple(name for name in FIELDS if name not in {"primary_topic_id", "referenced_works", "referenced_work"})
_APART = ("is_retracted", "primary_topic")
"""Fields of which it is told whether they are null or not there."""


@dataclass(frozen=True)
class Decoded:
    """One batch of lines: the usable works (`WORKS`), the rejects, and counts of what was read and dropped."""

    works: pa.Table
    rejects: list[Reject]
    lines: int  # that end in the batch, blank ones too
    records: int
    self_citations: int
    repeated_references: int
    kinds: raw_kinds.Kinds  # of all records, the rejected ones too


def latest_date(release_date: date) -> date:
    """Return the last plausible publication date of a work that a release delivers."""
    return date(release_date.year + limits.YEARS_AHEAD, 12, 31)


def decode(chunk: bytes, release_date: date, part: int = 0, first_line: int = 1) -> Decoded:
    """Decode whole lines of JSON, one work each, into columns; blank lines are not records.

    `part` and `first_line` say where the chunk stands in its release. Without `updated_date` a version counts as
    updated on the release's date.
    """
    numbers, works, rejects, ended = parsed(chunk, first_line)
    records = len(works) + len(rejects)
    columns = _Columns(works, release_date)
    kinds = raw_kinds.Kinds(FIELDS)
    kinds.add(columns.kinds(), numbers)
    for rejected in rejects:
        if found := _kinds_of(rejected):
            kinds.add(found, [rejected.line])
    wrong = columns.wrong()
    if wrong:
        lines = chunk.split(b"\n")
        rejects += [reject(numbers[row], w, lines[numbers[row] - first_line]) for row, w in wrong.items()]
        good = [row for row in range(len(works)) if row not in wrong]
        numbers, columns = [numbers[row] for row in good], _Columns([works[row] for row in good], release_date)
    references, self_citations, repeated = columns.references()
    table = columns.table(numbers, part, references)
    return Decoded(table, rejects, ended, records, self_citations, repeated, kinds)


def _kinds_of(rejected: Reject) -> dict[str, raw_kinds.Column]:
    """Return the kinds of the values of a record that is not of the declared types; nothing of what is no record."""
    try:
        record = msgspec.json.decode(rejected.record)
    except (msgspec.DecodeError, RecursionError):
        return {}
    if not isinstance(record, dict):
        return {}
    topic, references = record.get("primary_topic"), record.get("referenced_works")
    found: dict[str, raw_kinds.Column] = {name: raw_kinds.of_value(record.get(name)) for name in FIELDS}
    found |= {name: "missing" for name in _APART if name not in record}
    if found["publication_date"] == "null" and found["publication_year"] == "number":
        found["publication_date"] = "year"
    return found | {
        "id": raw_kinds.of_id(record.get("id")),
        "primary_topic_id": raw_kinds.of_id(topic["id"]) if isinstance(topic, dict) and "id" in topic else "absent",
        "referenced_work": raw_kinds.of_id(references[0]) if isinstance(references, list) and references else "absent",
    }


def _kind_of_topic_id(topic: object) -> str:
    if type(topic) is not Topic or topic.id is msgspec.UNSET:
        return "absent"
    return raw_kinds.of_id(topic.id)


def _kind_of_date(day: str | None, year: int | None) -> str:
    return "year" if day is None and year is not None else _KINDS[type(day)]


class _Columns:
    """The columns of a batch of parsed works, and what is wrong with which row."""

    def __init__(self, works: list[Work], release_date: date) -> None:
        self._works = works
        latest = latest_date(release_date)
        unknown = datetime.combine(release_date, time(), UTC)
        self._ids = identifiers.works([w.id for w in works])
        self._dates = _published(works, latest)
        stamps = [w.updated_date or w.updated for w in works]
        self._updated = updated_at_once(stamps, latest) or [updated(s, latest) if s else unknown for s in stamps]
        self._lists = ReferenceLists.of([w.referenced_works for w in works])

    def wrong(self) -> dict[int, Wrong]:
        """Return the first thing that is wrong with each unusable row, in the order of these rules."""
        rules: tuple[dict[int, Wrong], ...] = (
            self._bad_ids(),
            self._lists.wrong,
            _wrong(self._dates),
            _wrong(self._updated),
        )
        first: dict[int, Wrong] = {}
        for rule in rules:
            first = rule | first
        return first

    def kinds(self) -> dict[str, raw_kinds.Column]:
        """Return the kinds of the values of each field of `raw_layout`, by its name."""
        if not self._works:
            return {}
        several = zip(_SINGLE, zip(*map(attrgetter(*_SINGLE), self._works), strict=True), strict=True)
        values: dict[str, Sequence[Any]] = dict(several)
        found = {name: raw_kinds.of_types(column, _KINDS) for name, column in values.items()}
        topics = values["primary_topic"]
        if found["publication_date"] != "text":
            both = zip(values["publication_date"], values["publication_year"], strict=True)
            found["publication_date"] = raw_kinds.folded([_kind_of_date(*one) for one in both])
        if found["primary_topic"] == "object":
            found["primary_topic_id"] = raw_kinds.of_ids([topic.id for topic in topics], _TOPIC_ID)
        else:
            found["primary_topic_id"] = raw_kinds.folded([*map(_kind_of_topic_id, topics)])
        return found | self._lists.kinds() | {"id": raw_kinds.of_ids(values["id"], _KINDS)}

    def references(self) -> tuple[pa.ListArray, int, int]:
        """Return each work's distinct references, how many were itself, and how many repeated."""
        return identifiers.distinct_references(_numpy(self._ids), self._lists.lengths, _numpy(self._lists.cited))

    def table(self, lines: Sequence[int], part: int, references: pa.ListArray) -> pa.Table:
        """Return the rows of `WORKS`, if nothing is wrong with any."""
        works = self._works
        topics = [w.primary_topic if type(w.primary_topic) is Topic else NO_TOPIC for w in works]
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


def _published(works: Sequence[Work], latest: date) -> pa.Array | list[date | Wrong]:
    found = published_at_once([w.publication_date for w in works], latest)
    return found or [published(w.publication_date, w.publication_year, latest) for w in works]


def _numpy(numbers: pa.Int64Array) -> Ints:
    filled: Ints = numbers.fill_null(0).to_numpy(zero_copy_only=False)
    return filled


def _null_rows(numbers: pa.Int64Array) -> list[int]:
    return np.flatnonzero(numbers.is_null().to_numpy(zero_copy_only=False)).tolist() if numbers.null_count else []


def _wrong(values: Sequence[object] | pa.Array) -> dict[int, Wrong]:
    if isinstance(values, pa.Array) or Wrong not in set(map(type, values)):
        return {}
    return {row: value for row, value in enumerate(values) if isinstance(value, Wrong)}
