"""The kinds of raw records' values: all records are counted, those that cannot be used as well."""

import gzip
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotarea.domain import edge_list, raw_kinds, works
from hotarea.domain.raw_kinds import EXAMPLES, Kinds
from hotarea.domain.raw_layout import LAYOUTS
from tests.faults import work

DAY = date(2012, 5, 1)
RELEASE = date(2020, 12, 31)


def record(**changes: object) -> bytes:
    return json.dumps(work(7, DAY, [1, 2], **changes)).encode()


def rows(*lines: bytes) -> list[dict[str, Any]]:
    decoded = works.decode(b"\n".join(lines) + b"\n", RELEASE)
    return decoded.kinds.table("part_0000.gz").to_pylist()


def seen(line: bytes) -> dict[str, Any]:
    (row,) = rows(line)
    return row


def test_a_record_of_the_current_layout_has_kinds_that_its_era_allows():
    row = seen(record())
    assert (row["file"], row["line"], row["records"]) == ("part_0000.gz", 1, 1)
    assert all(row[name] in known.kinds for name, known in LAYOUTS["current"].items())


@pytest.mark.parametrize(
    ("changes", "name", "kind"),
    [
        ({"id": 7}, "id", "number"),
        ({"id": None}, "id", "null"),
        ({"id": "W7"}, "id", "text"),
        ({"title": ""}, "title", "text"),
        ({"title": 5}, "title", "number"),
        ({"type": None}, "type", "null"),
        ({"is_retracted": 0}, "is_retracted", "number"),
        ({"is_retracted": None}, "is_retracted", "null"),
        ({"primary_topic": None}, "primary_topic_id", "absent"),
        ({"primary_topic": {}}, "primary_topic_id", "absent"),
        ({"primary_topic": {"id": None}}, "primary_topic_id", "null"),
        ({"primary_topic": {"id": 10102}}, "primary_topic_id", "number"),
        ({"primary_topic": {"id": "T10102"}}, "primary_topic_id", "text"),
        ({"primary_topic": "physics"}, "primary_topic", "text"),
        ({"primary_topic": ["physics"]}, "primary_topic", "list"),
        ({"referenced_works": None}, "referenced_works", "null"),
        ({"referenced_works": {}}, "referenced_works", "object"),
        ({"referenced_works": []}, "referenced_work", "absent"),
        ({"referenced_works": [5]}, "referenced_work", "number"),
        ({"referenced_works": ["W5"]}, "referenced_work", "text"),
    ],
)
def test_a_kind_is_that_of_the_json_value(changes, name, kind):
    alone, beside = seen(record(**changes)), rows(record(), record(**changes))[1]
    assert alone[name] == beside[name] == kind


@pytest.mark.parametrize(
    ("name", "kind"), [("updated_date", "null"), ("is_retracted", "missing"), ("primary_topic", "missing")]
)
def test_a_field_that_is_not_there_is_null_unless_that_is_told_apart(name, kind):
    fields = work(7, DAY)
    del fields[name]
    assert seen(json.dumps(fields).encode())[name] == kind
    assert seen(json.dumps(fields | {"title": 5}).encode())[name] == kind  # a record that is rejected
    assert kind not in LAYOUTS["current"][name].kinds


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"publication_date": None}, "year"),
        ({"publication_date": None, "publication_year": None}, "null"),
        ({"publication_date": 2018}, "number"),
    ],
)
def test_a_year_stands_for_a_date_that_is_null_as_it_does_for_the_ingest(changes, kind):
    assert seen(record(**changes))["publication_date"] == kind
    usable = kind in LAYOUTS["current"]["publication_date"].kinds
    assert (works.decode(record(**changes) + b"\n", RELEASE).rejects == []) is usable


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(0, 3000), st.text(max_size=3), st.just({}), st.just({"id": 5}), st.just([]),
    st.just("https://openalex.org/W5"), st.just(["https://openalex.org/W5"]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from([*work(7, DAY)]), VALUES), min_size=1, max_size=5))
def test_records_have_the_same_kinds_together_as_each_alone(changes):
    """Whole batches are looked at by columns, or one by one if one of them is of other types."""
    lines = [record(**changed) for changed in changes]
    one_by_one = Counter(tuple(seen(line)[name] for name in works.FIELDS) for line in lines)
    together = Counter[tuple[str, ...]]()
    for row in rows(*lines):
        together[tuple(row[name] for name in works.FIELDS)] += row["records"]
    assert together == one_by_one


def test_lines_that_are_no_records_are_left_out():
    assert [row["line"] for row in rows(record(), b"{cut", b"\xff", b"[1]", b"", record())] == [1, 6]


def test_all_records_are_counted_and_the_first_lines_of_each_kind_are_kept():
    kinds = Kinds(works.FIELDS)
    for start in (1, 101):
        lines = [record(**({"title": None} if n % 10 == 0 else {})) for n in range(start, start + 100)]
        kinds.update(works.decode(b"\n".join(lines) + b"\n", RELEASE, first_line=start).kinds)
    found = kinds.table("part.gz").to_pylist()
    titles = {title: [r for r in found if r["title"] == title] for title in ("text", "null")}
    assert kinds.records == sum(row["records"] for row in found) == 200
    assert [row["line"] for row in titles["null"]] == [10, 20, 30, 40, 50, None]
    assert [row["records"] for row in titles["null"]] == [1] * EXAMPLES + [15]
    assert [row["line"] for row in titles["text"]] == [1, 2, 3, 4, 5, None]
    assert sum(row["records"] for row in titles["text"]) == 180


def test_no_record_is_no_row():
    table = Kinds(works.FIELDS).table("part.gz")
    assert table.num_rows == 0
    assert table.schema.equals(raw_kinds.schema(works.FIELDS))


def edge_lists(folder: Path, papers: bytes, edges: bytes) -> dict[str, list[dict[str, Any]]]:
    (folder / edge_list.PAPERS).write_bytes(gzip.compress(papers))
    (folder / edge_list.EDGES).write_bytes(gzip.compress(edges))
    found = edge_list.read(folder, RELEASE, 1.0)
    return {name: kinds.table(name).to_pylist() for name, kinds in found.kinds.items()}


def test_an_edge_list_has_kinds_by_column(tmp_path):
    found = edge_lists(
        tmp_path, b"id,date,title\n1,2001-01-04,a\nx,2001,c\n2,2001,d\n3,,d\n", b"citing,cited\n1,2\n1,\n"
    )
    assert [(r["line"], r["paper_id"], r["paper_date"], r["citing"]) for r in found[edge_list.PAPERS]] == [
        (2, "number", "date", None),
        (3, "text", "number", None),
        (4, "number", "number", None),
        (5, "number", "null", None),
    ]
    assert [(r["citing"], r["cited"], r["paper_id"]) for r in found[edge_list.EDGES]] == [
        ("number", "number", None),
        ("number", "null", None),
    ]
