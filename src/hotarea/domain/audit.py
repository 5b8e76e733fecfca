"""Whether the online answer for a document is the offline row: to the bit, and of the same age."""

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

AGE = "event_timestamp"
"""The column that says how old an answer is."""


@dataclass(frozen=True)
class Difference:
    """One value that is not the same in both stores."""

    document: int
    column: str
    offline: Any
    online: Any

    def __str__(self) -> str:
        return f"document {self.document}, {self.column}: offline {_shown(self.offline)}, online {_shown(self.online)}"


def differences(
    offline: Mapping[int, Mapping[str, Any]], online: Mapping[int, Mapping[str, Any]], columns: Sequence[str]
) -> Iterator[Difference]:
    """Yield what differs, in the order of the online answers; a document without an offline row must answer null."""
    for document, answer in online.items():
        row = offline.get(document)
        for column in (*columns, *([AGE] if row else ())):
            expected = row[column] if row else None
            if not same(expected, answer[column]):
                yield Difference(document, column, expected, answer[column])


def same(offline: Any, online: Any) -> bool:
    """Whether two values are the same to the bit, type included; NaN is null online, as Feast keeps it."""
    if isinstance(offline, float) and math.isnan(offline):
        return online is None
    if type(offline) is not type(online):
        return False
    if isinstance(offline, float):
        return struct.pack("<d", offline) == struct.pack("<d", online)
    return bool(offline == online)


def message(view: str, cutoff: date, found: Sequence[Difference], wrong: int, compared: int) -> str:
    """Say in one line what is wrong with a view, with the first differences."""
    shown = "; ".join(map(str, found[:3]))
    return f"{wrong} of {compared} documents of {view} at {cutoff} answer online otherwise than offline: {shown}"


def _shown(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else repr(value)
