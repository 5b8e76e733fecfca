"""Which fields raw records have, and of which JSON type: looked up in the first records of a release's files.

OpenAlex changes its records without notice: topics came in 2024, their ids were numbers before they were URLs,
abstracts were text in 2023. Nothing of that fails to parse. So the types are looked at on their own, in records that
are few enough to be decoded whole; a change of layout is in every file from its first line.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from math import ceil
from pathlib import Path
from typing import Any, Literal

import msgspec
import pyarrow as pa

from hotarea.domain import edge_list, lines
from hotarea.domain.delivery import Partition
from hotarea.domain.errors import RawDataError

Era = Literal["current", "before_2026", "json_lines", "edge_list"]

FILES = 32
RECORDS = 250
"""At most so many of the files are looked at, spread evenly, and so many records at the head of each."""

_CURRENT_MANIFEST = "manifest.json"

_COLUMNS = {
    edge_list.PAPERS: {"id": "paper_id", "date": "paper_date"},
    edge_list.EDGES: {"citing": "citing", "cited": "cited"},
}


@dataclass(frozen=True)
class Field:
    """One field of a raw record: the kinds of values it may have, and whether no record can be used without it."""

    kinds: frozenset[str]
    required: bool = False


def _field(*kinds: str, required: bool = False) -> Field:
    return Field(frozenset(kinds), required)


_WORKS: Mapping[str, Field] = {
    "id": _field("url", required=True),
    "title": _field("text", "url", "null", "missing"),
    "display_name": _field("text", "url", "null", "missing"),
    "publication_date": _field("text", "year", required=True),
    "publication_year": _field("number"),
    "language": _field("text", "null", "missing"),
    "type": _field("text"),
    "is_retracted": _field("boolean", "null"),
    "primary_topic": _field("object", "null"),
    "primary_topic_id": _field("url", "absent"),
    "abstract_inverted_index": _field("object", "null", "missing"),
    "referenced_works": _field("list", required=True),
    "referenced_work": _field("url", "absent"),
    "updated_date": _field("text", required=True),
}

_EARLIER_WORKS: Mapping[str, Field] = {
    **_WORKS,
    "primary_topic": _field("object", "null", "missing"),
    "primary_topic_id": _field("number", "url", "absent"),
    "abstract_inverted_index": _field("object", "text", "null", "missing"),
}

LAYOUTS: Mapping[Era, Mapping[str, Field]] = {
    "current": _WORKS,
    "before_2026": _EARLIER_WORKS,
    "json_lines": _EARLIER_WORKS,  # records of any year
    "edge_list": {
        "paper_id": _field("number", required=True),
        "paper_date": _field("date", "number", required=True),
        "citing": _field("number", required=True),
        "cited": _field("number", required=True),
    },
}
"""What each era's records look like.

`absent` stands for a value whose surroundings are not there, `year` for a date that is null beside a year.
"""


def era(form: str, manifest: Path | None) -> Era:
    """Return the era of a raw folder by its form, and by the name of its manifest, if it has one."""
    if form == "edge_list":
        return "edge_list"
    if manifest is None:
        return "json_lines"
    return "current" if manifest.name == _CURRENT_MANIFEST else "before_2026"


def schema(of: Era) -> pa.Schema:
    """Return the columns of `heads`: where a record stands, and the kind of each field's value."""
    kinds = [pa.field(name, pa.string()) for name in LAYOUTS[of]]
    return pa.schema([pa.field("file", pa.string()), pa.field("line", pa.int64()), *kinds])


def heads(files: Sequence[Partition], of: Era) -> pa.Table:
    """Return the kinds of the values in the first records of some files; lines that are no records are left out.

    Raises `RawDataError` with the file's name if it cannot be inflated or parsed.
    """
    step = ceil(len(files) / FILES) or 1
    read = _edge_list if of == "edge_list" else _works
    found = [row for file in files[::step] for row in islice(read(file), RECORDS)]
    return pa.Table.from_pylist(found, schema=schema(of))


def _works(file: Partition) -> Iterator[dict[str, Any]]:
    found = (line for batch in lines.batches(Path(file.path)) for line in batch.splitlines())
    for number, line in enumerate(found, start=1):
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # its line goes to quarantine
        if isinstance(record, dict):
            yield {"file": file.name, "line": number, **{name: _kind_of(record, name) for name in _WORKS}}


def _kind_of(record: dict[str, Any], name: str) -> str:
    if name == "primary_topic_id":
        topic = record.get("primary_topic")
        return _kind(topic["id"]) if isinstance(topic, dict) and "id" in topic else "absent"
    if name == "referenced_work":
        references = record.get("referenced_works")
        return _kind(references[0]) if isinstance(references, list) and references else "absent"
    if name == "publication_date" and record.get(name) is None and _kind(record.get("publication_year")) == "number":
        return "year"
    return _kind(record[name]) if name in record else "missing"


def _kind(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (int | float, "number"), (list, "list"), (dict, "object")):
        if isinstance(value, kind):
            return name
    if value is None:
        return "null"
    return "url" if str(value).startswith(("http://", "https://")) else "text"


def _edge_list(file: Partition) -> Iterator[dict[str, Any]]:
    columns = _COLUMNS[file.name]
    found = (line for batch in lines.batches(Path(file.path)) for line in batch.splitlines(keepends=True))
    texts = (line.decode("utf-8", errors="replace") for line in found)
    try:
        for number, row in enumerate(csv.DictReader(texts), start=2):
            kinds = {field: _kind_of_text(row[name]) if name in row else "missing" for name, field in columns.items()}
            yield {"file": file.name, "line": number, **kinds}
    except csv.Error as error:
        raise RawDataError(f"{file.path} cannot be parsed: {error}; expected CSV. Correct the file.") from error


def _kind_of_text(value: str | None) -> str:
    if not value:
        return "null"
    if value.isdigit():
        return "number"
    try:
        date.fromisoformat(value)
    except ValueError:
        return "text"
    return "date"
