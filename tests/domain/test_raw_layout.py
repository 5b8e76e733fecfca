"""The kinds of raw records' values: what is seen in the heads of files, and what each era allows."""

import csv
import gzip
import json
from datetime import date
from pathlib import Path

import pytest

from hotarea.domain import raw_layout, works
from hotarea.domain.delivery import Partition
from hotarea.domain.errors import RawDataError
from hotarea.domain.raw_layout import LAYOUTS, era, heads, schema
from tests.faults import work

DAY = date(2012, 5, 1)


def partition(folder: Path, *lines: bytes, name: str = "updated_date=2012-12-31/part_0000.gz") -> Partition:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(b"\n".join(lines)))
    return Partition(name, str(file), None, None)


def record(**changes: object) -> bytes:
    return json.dumps(work(7, DAY, [1, 2], **changes)).encode()


def seen(folder: Path, **changes: object) -> dict[str, object]:
    (row,) = heads([partition(folder, record(**changes))], "current").to_pylist()
    return row


def test_a_record_of_the_current_layout_has_kinds_that_its_era_allows(tmp_path):
    row = seen(tmp_path)
    assert (row["file"], row["line"]) == ("updated_date=2012-12-31/part_0000.gz", 1)
    assert all(row[name] in known.kinds for name, known in LAYOUTS["current"].items())


@pytest.mark.parametrize(
    ("changes", "name", "kind"),
    [
        ({"id": 7}, "id", "number"),
        ({"id": None}, "id", "null"),
        ({"title": ""}, "title", "text"),
        ({"is_retracted": 0}, "is_retracted", "number"),
        ({"primary_topic": None}, "primary_topic_id", "absent"),
        ({"primary_topic": {"id": 10102}}, "primary_topic_id", "number"),
        ({"primary_topic": {"id": "T10102"}}, "primary_topic_id", "text"),
        ({"abstract_inverted_index": "{}"}, "abstract_inverted_index", "text"),
        ({"abstract_inverted_index": {"a": [0]}}, "abstract_inverted_index", "object"),
        ({"referenced_works": None}, "referenced_works", "null"),
        ({"referenced_works": []}, "referenced_work", "absent"),
        ({"referenced_works": [5]}, "referenced_work", "number"),
    ],
)
def test_a_kind_is_that_of_the_json_value(changes, name, kind, tmp_path):
    assert seen(tmp_path, **changes)[name] == kind


def test_a_field_that_is_not_there_is_missing(tmp_path):
    fields = work(7, DAY)
    del fields["updated_date"]
    (row,) = heads([partition(tmp_path, json.dumps(fields).encode())], "current").to_pylist()
    assert row["updated_date"] == "missing"
    assert row["updated_date"] not in LAYOUTS["current"]["updated_date"].kinds


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"publication_date": None}, "year"),
        ({"publication_date": None, "publication_year": None}, "null"),
        ({"publication_date": 2018}, "number"),
    ],
)
def test_a_year_stands_for_a_date_that_is_null_as_it_does_for_the_ingest(changes, kind, tmp_path):
    assert seen(tmp_path, **changes)["publication_date"] == kind
    usable = kind in LAYOUTS["current"]["publication_date"].kinds
    line = json.dumps(work(7, DAY, **changes)).encode() + b"\n"
    assert (works.decode(line, date(2020, 12, 31)).rejects == []) is usable


def test_numbers_for_topics_and_text_for_abstracts_are_of_before_2026_only():
    for name, kind in (("primary_topic_id", "number"), ("abstract_inverted_index", "text")):
        assert kind in LAYOUTS["before_2026"][name].kinds
        assert kind in LAYOUTS["json_lines"][name].kinds
        assert kind not in LAYOUTS["current"][name].kinds


def test_lines_that_are_no_records_are_left_out(tmp_path):
    lines = [record(), b"{cut", b"\xff", b"[1]", b"", record()]
    assert heads([partition(tmp_path, *lines)], "current")["line"].to_pylist() == [1, 6]


def test_only_the_heads_of_some_files_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(raw_layout, "FILES", 2)
    monkeypatch.setattr(raw_layout, "RECORDS", 3)
    files = [partition(tmp_path, *[record()] * 5, name=f"part_{n}.gz") for n in range(4)]
    assert heads(files, "current")["file"].to_pylist() == ["part_0.gz"] * 3 + ["part_2.gz"] * 3


def test_no_file_is_no_row():
    assert heads([], "current").num_rows == 0
    assert heads([], "current").schema.equals(schema("current"))


def test_a_damaged_file_is_named(tmp_path):
    file = partition(tmp_path, *[record()] * 50)
    Path(file.path).write_bytes(Path(file.path).read_bytes()[:60])
    with pytest.raises(RawDataError, match=r"part_0000\.gz"):
        heads([file], "current")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda content: content[:60], "is truncated"),
        (lambda content: content[:20] + b"\xff" * 20 + content[40:], "cannot be inflated"),
        (lambda _: b"id,date\n" * 20, "cannot be inflated"),
        (lambda _: gzip.compress(b'id,date\n1,"' + b"x" * csv.field_size_limit() + b"xx"), "cannot be parsed"),
    ],
    ids=["cut", "damaged", "no gzip file", "a quote that is not closed"],
)
def test_a_damaged_edge_list_is_named(damage, said, tmp_path):
    rows = [f"{n},2001-01-{n % 28 + 1:02}".encode() for n in range(300)]
    file = partition(tmp_path, b"id,date", *rows, name="papers.csv.gz")
    Path(file.path).write_bytes(damage(Path(file.path).read_bytes()))
    with pytest.raises(RawDataError, match=rf"papers\.csv\.gz {said}"):
        heads([file], "edge_list")


def test_an_edge_list_has_kinds_by_column(tmp_path):
    papers = partition(tmp_path, b"id,date,title", b'1,2001-01-04,"a\nb"', b"x,2001,c", b"3,,d", name="papers.csv.gz")
    edges = partition(tmp_path, b"citing,cited", b"1,2", b"1,", name="edges.csv.gz")
    rows = heads([papers, edges], "edge_list").to_pylist()
    assert [(r["paper_id"], r["paper_date"]) for r in rows[:3]] == [
        ("number", "date"),
        ("text", "number"),
        ("number", "null"),
    ]
    assert [(r["citing"], r["cited"], r["paper_id"]) for r in rows[3:]] == [
        ("number", "number", None),
        ("number", "null", None),
    ]


def test_a_column_that_is_not_there_is_missing(tmp_path):
    papers = partition(tmp_path, b"id,published", b"1,2001-01-04", name="papers.csv.gz")
    assert heads([papers], "edge_list")["paper_date"].to_pylist() == ["missing"]


@pytest.mark.parametrize(
    ("form", "manifest", "expected"),
    [
        ("works", "manifest.json", "current"),
        ("works", "manifest", "before_2026"),
        ("works", None, "json_lines"),
        ("edge_list", None, "edge_list"),
    ],
)
def test_the_era_follows_from_the_manifest(form, manifest, expected):
    assert era(form, Path("works") / manifest if manifest else None) == expected
