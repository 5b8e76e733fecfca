"""Which fields raw records have, and of which JSON type.

OpenAlex changes its records without notice: topics came in 2024, their ids were numbers before they were URLs. Nothing
of that fails to parse, so the kinds of values are counted on their own while records are read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyarrow as pa

from hotarea.domain import raw_kinds

Era = Literal["current", "before_2026", "json_lines", "edge_list"]

_CURRENT_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Field:
    """One field of a raw record: the kinds of values it may have, and whether no record can be used without it."""

    kinds: frozenset[str]
    required: bool = False


def _field(*kinds: str, required: bool = False) -> Field:
    return Field(frozenset(kinds), required)


_WORKS: Mapping[str, Field] = {
    "id": _field("url", required=True),
    "title": _field("text", "null"),
    "display_name": _field("text", "null"),
    "publication_date": _field("text", "year", required=True),
    "publication_year": _field("number"),
    "language": _field("text", "null"),
    "type": _field("text"),
    "is_retracted": _field("boolean", "null"),
    "primary_topic": _field("object", "null"),
    "primary_topic_id": _field("url", "absent"),
    "referenced_works": _field("list", required=True),
    "referenced_work": _field("url", "absent"),
    "updated_date": _field("text", required=True),
}

_EARLIER_WORKS: Mapping[str, Field] = {
    **_WORKS,
    "primary_topic": _field("object", "null", "missing"),
    "primary_topic_id": _field("number", "url", "absent"),
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

`null` stands for a value that is null or not there; where a layout tells these two apart, `missing` for the second.
`absent` is a value whose surroundings are not there, `year` a date that is null beside a year.
"""


def era(form: str, manifest: Path | None) -> Era:
    """Return the era of a raw folder by its form, and by the name of its manifest, if it has one."""
    if form == "edge_list":
        return "edge_list"
    if manifest is None:
        return "json_lines"
    return "current" if manifest.name == _CURRENT_MANIFEST else "before_2026"


def schema(of: Era) -> pa.Schema:
    """Return the columns of a layout's counted kinds."""
    return raw_kinds.schema(LAYOUTS[of])
