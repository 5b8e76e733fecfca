"""Records that cannot be used: why, where they stood, and the table that quarantine keeps of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from hotarea.domain import tables

DETAIL_LIMIT = 2_000
"""Characters that say what is wrong; the record itself is kept whole, so that it can be corrected and tried again."""


class Reason(StrEnum):
    """Why a record was rejected; counted by this word, so a word never changes its meaning."""

    INVALID_UTF8 = "invalid_utf8"
    BROKEN_JSON = "broken_json"
    WRONG_TYPE = "wrong_type"  # valid JSON, but a field, or the record, is of a type that it never has
    BAD_ROW = "bad_row"  # a row of a CSV file with another number of columns than its header
    BAD_ID = "bad_id"
    NO_REFERENCES = "no_references"  # null or absent: unknown, which is not the same as an empty list
    BAD_REFERENCE = "bad_reference"
    NO_DATE = "no_date"
    BAD_DATE = "bad_date"
    IMPLAUSIBLE_DATE = "implausible_date"
    BAD_UPDATED = "bad_updated"


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a value: the reason, and the value with what was expected."""

    reason: Reason
    detail: str


@dataclass(frozen=True)
class Reject:
    """One rejected record of a file; `line` counts from 1."""

    line: int
    reason: Reason
    detail: str
    record: str


def reject(line: int, wrong: Wrong, record: bytes | str) -> Reject:
    """Return a reject with its record as text, bytes that are not UTF-8 replaced."""
    text = record.decode("utf-8", errors="replace") if isinstance(record, bytes) else record
    return Reject(line, wrong.reason, wrong.detail[:DETAIL_LIMIT], text)


def quarantine(release: str, file: str, rejects: Sequence[Reject]) -> pa.Table:
    """Return the rejects of one file as a table of `tables.QUARANTINE`, in the order of their lines."""
    ordered = sorted(rejects, key=lambda r: r.line)
    columns = {
        "release": [release] * len(ordered),
        "file": [file] * len(ordered),
        "line": [r.line for r in ordered],
        "reason": [r.reason.value for r in ordered],
        "detail": [r.detail for r in ordered],
        "record": [r.record for r in ordered],
    }
    return pa.table(columns, schema=tables.QUARANTINE)


def by_reason(rejects: Iterable[Reject]) -> dict[str, int]:
    """Count rejects per reason, reasons in alphabetical order."""
    words = [r.reason.value for r in rejects]
    return {word: words.count(word) for word in sorted(set(words))}
