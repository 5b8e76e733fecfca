"""The kinds of raw records' values (text, number, null, …), counted over all records of a file."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

import pyarrow as pa

EXAMPLES = 5
"""So many lines are kept of each combination of kinds."""

Column = str | Sequence[str]
"""The kind of one field in each record; one word where it is the same in all."""

_JSON = {bool: "boolean", int: "number", float: "number", list: "list", dict: "object", str: "text", type(None): "null"}
_FIRST = {'"': "text", "[": "list", "{": "object", "n": "null", "t": "boolean", "f": "boolean"}
_URLS = ("http://", "https://")


@dataclass
class _Counted:
    lines: list[int] = field(default_factory=list)  # the first ones
    records: int = 0


class Kinds:
    """How many records of a file have which kinds of values, field by field."""

    def __init__(self, fields: Sequence[str]) -> None:
        self._fields = fields
        self.counted: dict[tuple[str | None, ...], _Counted] = {}

    def add(self, columns: Mapping[str, Column], lines: Sequence[int]) -> None:
        """Count records by the kinds of their fields; `lines` says where they stand. Other fields are null."""
        if not lines:
            return
        mixed = [name for name, kinds in columns.items() if not isinstance(kinds, str)]
        rows = list(zip(*(columns[name] for name in mixed), strict=True)) if mixed else [()] * len(lines)
        for row, records in Counter(rows).items():
            of_row = {**columns, **dict(zip(mixed, row, strict=True))}
            counted = self.counted.setdefault(tuple(of_row.get(name) for name in self._fields), _Counted())
            counted.records += records
            if missing := EXAMPLES - len(counted.lines):
                found = (line for line, other in zip(lines, rows, strict=True) if other == row)
                counted.lines += islice(found, missing)

    def update(self, others: "Kinds") -> None:
        """Count what others counted of the lines that follow."""
        for kinds, other in others.counted.items():
            counted = self.counted.setdefault(kinds, _Counted())
            counted.records += other.records
            counted.lines = (counted.lines + other.lines)[:EXAMPLES]

    @property
    def records(self) -> int:
        """How many records were counted."""
        return sum(counted.records for counted in self.counted.values())

    def table(self, file: str) -> pa.Table:
        """Return rows of `schema`: the examples one by one, and how many other records are alike."""
        rows = []
        for kinds, counted in self.counted.items():
            alike = dict(zip(self._fields, kinds, strict=True))
            rows += [{"file": file, "line": line, "records": 1, **alike} for line in counted.lines]
            if more := counted.records - len(counted.lines):
                rows.append({"file": file, "line": None, "records": more, **alike})
        return pa.Table.from_pylist(rows, schema=schema(self._fields))


def schema(fields: Iterable[str]) -> pa.Schema:
    """Return the columns of the counted kinds: an example's file and line, of how many records, each field's kind."""
    kinds = [pa.field(name, pa.string()) for name in fields]
    return pa.schema(
        [pa.field("file", pa.string()), pa.field("line", pa.int64()), pa.field("records", pa.int64()), *kinds]
    )


def of_types(values: Sequence[object], names: Mapping[type, str]) -> Column:
    """Return the kinds of a column of values, each named by its type."""
    found = set(map(type, values))
    if len(found) == 1:
        return names[found.pop()]
    return [names[type(value)] for value in values]


def of_ids(values: Sequence[object], names: Mapping[type, str]) -> Column:
    """Return the kinds of a column of ids: of texts, whether they are URLs."""
    found = of_types(values, names)
    if found == "text":
        texts = "\n".join(values)  # type: ignore[arg-type]
        if texts.startswith(_URLS) and texts.count("\nhttps://") + texts.count("\nhttp://") == len(values) - 1:
            return "url"
    return folded([of_id(value) if isinstance(value, str) else names[type(value)] for value in values])


def folded(kinds: Sequence[str]) -> Column:
    """Return one word if it is the same for all records."""
    found = set(kinds)
    return found.pop() if len(found) == 1 else kinds


def of_value(value: Any) -> str:
    """Return the kind of a decoded JSON value."""
    return _JSON[type(value)]


def of_id(value: Any) -> str:
    """Return the kind of a decoded JSON value that is to be an id: of a text, whether it is a URL."""
    return "url" if isinstance(value, str) and value.startswith(_URLS) else of_value(value)


def of_json(text: bytes) -> str:
    """Return the kind of a JSON value by how it begins."""
    return _FIRST.get(text[:1].decode("ascii", errors="replace"), "number")


def of_first(text: bytes) -> str:
    """Return the kind of the first of a JSON list of ids; `absent` where there is none."""
    if not text.startswith(b"["):
        return "absent"
    first = text[1:].lstrip()
    if first.startswith(b"]"):
        return "absent"
    return "url" if first.startswith(tuple(f'"{url}'.encode() for url in _URLS)) else of_json(first)


def of_text(value: str | None) -> str:
    """Return the kind of a value of a CSV file."""
    if not value:
        return "null"
    if value.isdigit():
        return "number"
    try:
        date.fromisoformat(value)
    except ValueError:
        return "text"
    return "date"
