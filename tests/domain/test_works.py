import gzip
import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from hotarea.domain import works
from hotarea.domain.rejects import Reason
from tests import faults

RELEASE = date(2020, 12, 31)
DAY = date(2018, 3, 5)


def record(number: int = 7, references: tuple[int, ...] = (1, 2), **changes: Any) -> dict[str, Any]:
    return faults.work(number, DAY, references, **changes)


def lines(*records: dict[str, Any] | bytes) -> bytes:
    return b"".join((r if isinstance(r, bytes) else json.dumps(r).encode()) + b"\n" for r in records)


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in record().items() if key != name}


def only(changed: dict[str, Any]) -> dict[str, Any]:
    """Decode one record that must be usable."""
    decoded = works.decode(lines(changed), RELEASE)
    assert decoded.rejects == []
    (row,) = decoded.works.to_pylist()
    return row


def test_a_record_becomes_one_row_of_every_column() -> None:
    decoded = works.decode(lines(record()), RELEASE, part=3, first_line=41)
    assert decoded.works.schema == works.WORKS
    assert decoded.works.to_pylist() == [
        {
            "document_id": 7,
            "published": DAY,
            "updated": datetime(2018, 12, 31, tzinfo=UTC),
            "title": "Work 7",
            "type": "article",
            "language": "en",
            "topic_id": "T10002",
            "topic": "Topic 1",
            "is_retracted": False,
            "references": [1, 2],
            "part": 3,
            "line": 41,
        }
    ]
    assert (decoded.records, decoded.self_citations, decoded.repeated_references) == (1, 0, 0)


@pytest.mark.parametrize(
    ("changes", "column", "value"),
    [
        ({"id": "W12"}, "document_id", 12),
        ({"id": "https://openalex.org/W4400000000"}, "document_id", 4_400_000_000),
        ({"title": None, "display_name": None}, "title", None),
        ({"title": "", "display_name": None}, "title", None),
        ({"title": None, "display_name": "By its other name"}, "title", "By its other name"),
        ({"title": "Über\u2028Straßen"}, "title", "Über\u2028Straßen"),
        ({"primary_topic": None}, "topic_id", None),
        ({"primary_topic": "a string where an object is now"}, "topic_id", None),
        ({"primary_topic": {"id": 10102, "display_name": "Since 2024 a URL"}}, "topic_id", "T10102"),
        ({"primary_topic": {"id": "https://openalex.org/T10102"}}, "topic_id", "T10102"),
        ({"primary_topic": {"id": None, "display_name": "Nameless"}}, "topic", "Nameless"),
        ({"language": None}, "language", None),
        ({"is_retracted": None}, "is_retracted", False),
        ({"is_retracted": True}, "is_retracted", True),
        ({"publication_date": None}, "published", date(2018, 1, 1)),
        ({"publication_year": None}, "published", DAY),
        ({"publication_date": "2018-03-05T00:00:00"}, "published", DAY),
        ({"publication_date": "1500-01-01"}, "published", date(1500, 1, 1)),
        ({"publication_date": "2025-12-31"}, "published", date(2025, 12, 31)),
        ({"updated_date": "2020-05-16T14:50:18.726146"}, "updated", datetime(2020, 5, 16, 14, 50, 18, 726146, UTC)),
        ({"updated_date": "2020-05-16T14:50:18Z"}, "updated", datetime(2020, 5, 16, 14, 50, 18, 0, UTC)),
        ({"updated_date": "2020-05-16T01:00:00+02:00"}, "updated", datetime(2020, 5, 15, 23, 0, 0, 0, UTC)),
        ({"updated_date": "2020-05-16"}, "updated", datetime(2020, 5, 16, tzinfo=UTC)),
        ({"updated_date": None, "updated": "2019-01-02T00:00:00"}, "updated", datetime(2019, 1, 2, tzinfo=UTC)),
        ({"updated_date": None}, "updated", datetime(2020, 12, 31, tzinfo=UTC)),
        ({"referenced_works": []}, "references", []),
        ({"referenced_works": ["W9", "https://openalex.org/W3"]}, "references", [3, 9]),
    ],
)
def test_a_messy_field_is_read_by_its_rule(changes: dict[str, Any], column: str, value: Any) -> None:
    assert only(record(**changes))[column] == value


@pytest.mark.parametrize("name", ["title", "primary_topic", "language", "type", "is_retracted", "updated_date"])
def test_a_field_that_an_older_snapshot_lacks_is_no_fault(name: str) -> None:
    assert only(without(name))["document_id"] == 7


@pytest.mark.parametrize(
    ("bad", "reason", "detail"),
    [
        (lines(record()).strip().replace(b"Work 7", b"Work \xff", 1), Reason.INVALID_UTF8, "expected UTF-8"),
        (b'{"id": "W1", "undeclared": "\xff"}', Reason.INVALID_UTF8, "byte 28"),
        (b'{"id": "W1", "title"', Reason.BROKEN_JSON, "truncated"),
        (b"not json", Reason.BROKEN_JSON, "expected one JSON object a line"),
        (b'{"id": "W1", "title": "\\ud800"}', Reason.BROKEN_JSON, "expected one JSON object a line"),
        (lines(record()).strip() + b" {}", Reason.BROKEN_JSON, "trailing"),
        (b"[1]", Reason.WRONG_TYPE, "Expected `object`, got `array`"),
        (record(title=5), Reason.WRONG_TYPE, "$.title"),
        (record(referenced_works=[None]), Reason.WRONG_TYPE, "$.referenced_works"),
        (record(referenced_works={}), Reason.WRONG_TYPE, "$.referenced_works"),
        (record(id=None), Reason.BAD_ID, "None"),
        (record(id=7), Reason.BAD_ID, "7"),
        (record(id="https://openalex.org/A7"), Reason.BAD_ID, "A7"),
        (record(id="https://openalex.org/W"), Reason.BAD_ID, "W… with 1 to 18 digits"),
        (record(id="https://openalex.org/W-5"), Reason.BAD_ID, "W-5"),
        (record(id="W\uff11"), Reason.BAD_ID, "expected"),
        (record(id="W0"), Reason.BAD_ID, "W0"),
        (record(id="https://openalex.org/W" + "9" * 19), Reason.BAD_ID, "999"),
        (without("id"), Reason.BAD_ID, "None"),
        (record(referenced_works=None), Reason.NO_REFERENCES, "expected a list, empty if none"),
        (without("referenced_works"), Reason.NO_REFERENCES, "null or missing"),
        (record(referenced_works=["W1", "W2x", "W"]), Reason.BAD_REFERENCE, "'W2x'"),
        (record(publication_date=None, publication_year=None), Reason.NO_DATE, "null"),
        (record(publication_date="2018-02-30"), Reason.BAD_DATE, "day is out of range"),
        (record(publication_date="5 March 2018"), Reason.BAD_DATE, "expected YYYY-MM-DD"),
        (record(publication_date="0000-01-01", publication_year=0), Reason.IMPLAUSIBLE_DATE, "0000-01-01"),
        (record(publication_date=None, publication_year=0), Reason.IMPLAUSIBLE_DATE, "from 1500"),
        (record(publication_date=None, publication_year=-5), Reason.BAD_DATE, "-005"),
        (record(publication_date=None, publication_year=10**30), Reason.BAD_DATE, "1000000"),
        (record(publication_date="1499-12-31"), Reason.IMPLAUSIBLE_DATE, "1499"),
        (record(publication_date="2026-01-01"), Reason.IMPLAUSIBLE_DATE, "to 2025-12-31"),
        (record(publication_date="2209-01-01"), Reason.IMPLAUSIBLE_DATE, "2209"),
        (record(updated_date="yesterday"), Reason.BAD_UPDATED, "yesterday"),
        (record(updated_date="9999-12-31T00:00:00"), Reason.BAD_UPDATED, "9999"),
        (record(id="X", referenced_works=None, publication_date="x"), Reason.BAD_ID, "'X'"),
    ],
)
def test_a_bad_record_is_rejected_with_its_reason_and_the_others_are_kept(
    bad: bytes | dict[str, Any], reason: Reason, detail: str
) -> None:
    decoded = works.decode(lines(record(1), record(2), bad, record(3)), RELEASE, first_line=11)
    (rejected,) = decoded.rejects
    assert (rejected.line, rejected.reason) == (13, reason)
    assert detail in rejected.detail
    assert rejected.record.encode()[:10] == (bad if isinstance(bad, bytes) else json.dumps(bad).encode())[:10]
    assert decoded.works.select(["document_id", "line"]).to_pylist() == [
        {"document_id": 1, "line": 11},
        {"document_id": 2, "line": 12},
        {"document_id": 3, "line": 14},
    ]
    assert decoded.records == 4


def test_several_faults_at_once_are_all_told() -> None:
    bad = [record(id="X"), b"{", record(referenced_works=["Y"]), record(publication_date="2209-01-01")]
    decoded = works.decode(lines(*bad), RELEASE)
    assert sorted((r.line, r.reason) for r in decoded.rejects) == [
        (1, Reason.BAD_ID),
        (2, Reason.BROKEN_JSON),
        (3, Reason.BAD_REFERENCE),
        (4, Reason.IMPLAUSIBLE_DATE),
    ]
    assert (decoded.works.num_rows, decoded.records) == (0, 4)


def test_a_long_record_is_kept_whole() -> None:
    long = lines(record(id="X", title="long" * 2_000))
    (rejected,) = works.decode(long, RELEASE).rejects
    assert rejected.record == long.decode().rstrip("\n")


@pytest.mark.parametrize("chunk", [b"", b"\n", b"\n \n\r\n"])
def test_blank_lines_are_no_records(chunk: bytes) -> None:
    decoded = works.decode(chunk, RELEASE)
    assert (decoded.works.num_rows, decoded.records, decoded.rejects) == (0, 0, [])


def test_lines_count_blank_ones_too_and_the_last_needs_no_newline() -> None:
    decoded = works.decode(lines(record(1), b"", record(2)).rstrip(b"\n"), RELEASE)
    assert decoded.works["line"].to_pylist() == [1, 3]
    assert works.decode(lines(record(1)).replace(b"\n", b"\r\n"), RELEASE).works["title"].to_pylist() == ["Work 1"]


def test_references_are_distinct_ascending_and_without_the_work_itself() -> None:
    decoded = works.decode(lines(record(7, (9, 7, 3, 9, 9, 7)), record(8, ()), record(9, (9,))), RELEASE)
    assert decoded.works["references"].to_pylist() == [[3, 9], [], []]
    assert (decoded.self_citations, decoded.repeated_references) == (2, 3)


def test_references_of_a_rejected_record_are_not_counted() -> None:
    decoded = works.decode(lines(record(7, (7, 3, 3), publication_date="2209-01-01"), record(8, (1,))), RELEASE)
    assert decoded.works["references"].to_pylist() == [[1]]
    assert (decoded.self_citations, decoded.repeated_references) == (0, 0)


def test_huge_ids_keep_their_references_apart() -> None:
    huge = 10**18 - 1
    decoded = works.decode(lines(record(huge, (huge, 1, huge - 1, 1)), record(2, (huge,))), RELEASE)
    assert decoded.works["references"].to_pylist() == [[1, huge - 1], [huge]]


def plainly(line: bytes, release: date) -> dict[str, Any]:
    """Read one record in the plainest way, as an oracle."""
    raw = json.loads(line)
    number = int(re.fullmatch(r"https://openalex\.org/W(\d+)", raw["id"])[1])  # type: ignore[index]
    topic = raw.get("primary_topic") or {}
    return {
        "document_id": number,
        "published": date.fromisoformat(raw["publication_date"]),
        "updated": datetime.fromisoformat(raw["updated_date"]).replace(tzinfo=UTC),
        "title": raw.get("title") or raw["display_name"],
        "type": raw["type"],
        "language": raw.get("language"),
        "topic_id": topic["id"].rsplit("/", 1)[1] if topic else None,
        "topic": topic.get("display_name"),
        "is_retracted": bool(raw["is_retracted"]),
        "references": sorted({int(r.rsplit("W", 1)[1]) for r in raw["referenced_works"]} - {number}),
    }


@pytest.mark.real_data
@pytest.mark.parametrize("year", [2023, 2024, 2025, 2026])
def test_real_records_of_every_year_are_read_as_a_plain_parser_reads_them(shared_data: Path, year: int) -> None:
    content = gzip.decompress((shared_data / "openalex_works" / f"works_{year}.jsonl.gz").read_bytes())
    decoded = works.decode(content, date(year, 12, 31))
    assert decoded.rejects == []
    columns = [name for name in works.WORKS.names if name not in {"part", "line"}]
    assert decoded.works.select(columns).to_pylist() == [plainly(line, RELEASE) for line in content.splitlines()]


@pytest.mark.real_data
def test_a_partition_of_a_real_snapshot_of_2023_is_read(shared_data: Path) -> None:
    file = shared_data / "openalex_snapshot_2023" / "works" / "updated_date=2023-05-16" / "part_000.gz"
    decoded = works.decode(gzip.decompress(file.read_bytes()), date(2023, 5, 16))
    assert (decoded.works.num_rows, decoded.rejects) == (27, [])
    assert decoded.works["topic_id"].null_count == 27  # topics came in 2024
    updated = decoded.works["updated"].cast(pa.date32())
    assert pc.all(pc.equal(updated, pa.scalar(date(2023, 5, 16)))).as_py()
