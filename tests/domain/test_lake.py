import random
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from hotarea.domain import lake, tables
from hotarea.domain.works import WORKS


def version(number: int, day: int, part: int, line: int, references: tuple[int, ...] = ()) -> dict[str, Any]:
    return {
        "document_id": number,
        "published": date(2010, 1, day),
        "updated": datetime(2012, 1, day, tzinfo=UTC),
        "title": f"{part}:{line}",
        "type": "article",
        "language": None,
        "topic_id": "T1",
        "topic": "One",
        "is_retracted": False,
        "references": list(references),
        "part": part,
        "line": line,
    }


def table(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=WORKS)


@pytest.mark.parametrize(
    ("versions", "kept"),
    [
        ([], []),
        ([(5, 1, 0, 1)], ["0:1"]),
        ([(5, 1, 0, 1), (5, 2, 0, 2)], ["0:2"]),
        ([(5, 2, 0, 1), (5, 1, 0, 2)], ["0:1"]),
        ([(5, 1, 0, 1), (5, 1, 0, 2)], ["0:2"]),
        ([(5, 1, 1, 1), (5, 1, 0, 2)], ["1:1"]),
        ([(6, 1, 0, 1), (5, 1, 0, 2), (6, 3, 0, 3), (4, 1, 0, 4)], ["0:4", "0:2", "0:3"]),
    ],
)
def test_the_version_updated_last_wins_then_the_later_line(
    versions: list[tuple[int, int, int, int]], kept: list[str]
) -> None:
    newest = lake.newest(table(*(version(*v) for v in versions)))
    assert newest.schema == WORKS
    assert newest["title"].to_pylist() == kept


def test_the_newest_versions_do_not_depend_on_the_order_of_the_rows() -> None:
    chance = random.Random(4)  # noqa: S311
    rows = [version(chance.randint(1, 30), chance.randint(1, 3), line % 2, line) for line in range(200)]
    expected = lake.newest(table(*rows))
    chance.shuffle(rows)
    assert lake.newest(table(*rows)).equals(expected)
    assert expected["document_id"].to_pylist() == sorted({r["document_id"] for r in rows})


def test_documents_and_citations_are_the_lakes_columns() -> None:
    works = table(version(3, 2, 0, 1, (1, 2)), version(5, 3, 0, 2), version(6, 4, 0, 3, (9,)))
    documents, citations = lake.documents(works), lake.citations(works)
    assert (documents.schema, citations.schema) == (tables.DOCUMENTS, tables.CITATIONS)
    assert documents["reference_count"].to_pylist() == [2, 0, 1]
    assert [tuple(row.values()) for row in citations.to_pylist()] == [
        (3, 1, date(2010, 1, 2)),
        (3, 2, date(2010, 1, 2)),
        (6, 9, date(2010, 1, 4)),
    ]


def test_citations_of_a_filtered_table_are_those_of_its_rows() -> None:
    works = table(version(3, 2, 0, 1, (1, 2)), version(5, 3, 0, 2, (3, 4)), version(6, 4, 0, 3, (9,)))
    assert lake.citations(works.slice(1))["cited_id"].to_pylist() == [3, 4, 9]
    assert lake.citations(works.take([2, 0]))["cited_id"].to_pylist() == [9, 1, 2]


def test_splitting_keeps_all_versions_of_an_id_together_and_loses_none() -> None:
    works = table(*(version(1 + n % 40, 1, 0, n) for n in range(120)))
    parts = dict(lake.split(works, 4))
    assert sorted(parts) == [0, 1, 2, 3]
    ids = [set(part["document_id"].to_pylist()) for part in parts.values()]
    assert sum(map(len, ids)) == 40 == len(set.union(*ids))
    assert sorted(line for part in parts.values() for line in part["line"].to_pylist()) == list(range(120))
    assert list(lake.split(works.slice(0, 0), 4)) == []


def test_batches_become_one_table() -> None:
    assert lake.concatenated([]).schema == WORKS
    assert lake.concatenated([table(version(1, 1, 0, 1)), table(), table(version(2, 1, 0, 2))]).num_rows == 2


def test_records_that_two_parts_hold_are_counted_by_the_pair() -> None:
    rows = [
        *(version(number, 1, 0, number) for number in range(1, 6)),
        *(version(number, 1, 2, number) for number in range(3, 8)),  # 3, 4 and 5 again, in another part
        version(1, 2, 2, 9),  # changed since
        version(2, 1, 0, 10),  # twice in the same part
        version(7, 1, 3, 1),
    ]
    assert lake.repeated(table(*rows)) == {"0,2": 3, "2,3": 1}
    assert lake.repeated(table(*rows[:5])) == {}
    assert lake.repeated(table()) == {}
