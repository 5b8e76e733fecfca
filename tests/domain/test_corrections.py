"""The difference that contents make, in the cases that the stages' property test does not look into."""

from datetime import UTC, date, datetime

import pyarrow as pa

from hotarea.domain import corrections, lake
from hotarea.domain.corrections import CONTENTS, RESTATED, WITHDRAWN, Told
from hotarea.domain.tables import REMOVALS
from hotarea.domain.versions import Removals
from hotarea.domain.works import WORKS

FIRST, SECOND, NOW = date(2010, 12, 31), date(2011, 12, 31), date(2020, 2, 2)


def works(*rows: tuple[int, list[int]], updated: date = FIRST, **changes: object) -> pa.Table:
    base = {
        "published": date(2010, 5, 6),
        "updated": datetime(updated.year, updated.month, updated.day, tzinfo=UTC),
        "title": None,
        "is_retracted": False,
        "part": 0,
        "line": 1,
    }
    found = [{**base, "document_id": number, "references": cited, **changes} for number, cited in rows]
    return pa.Table.from_pylist(found, schema=WORKS)


def settled(known: list[pa.Table], again: list[pa.Table]) -> corrections.Settled:
    removals = Removals.of(REMOVALS.empty_table(), 0)
    return corrections.settle(Told(known, again, [], removals), NOW, [FIRST])


def of(rows: pa.Table, origin: date = FIRST) -> pa.Table:
    return corrections.contents(rows, origin)


def test_the_lakes_files_give_back_the_works() -> None:
    rows = works((1, [2, 3]), (2, []), (5, [1]))
    found = corrections.in_lake(lake.documents(rows), lake.citations(rows))
    assert found.drop(["part", "line"]).equals(rows.drop(["part", "line"]))


def test_what_is_read_again_as_it_was_tells_nothing() -> None:
    rows = works((1, [2, 3]), (2, []), title="one")
    found = settled([of(rows)], [of(rows)])
    assert (found.works.num_rows, found.restated.num_rows, found.withdrawn.num_rows) == (0, 0, 0)
    assert (found.corrected, found.held) == (0, 2)


def test_any_field_and_any_reference_is_a_difference() -> None:
    rows = works((1, [2, 3]), title="one")
    for other in (
        works((1, [2, 3])),
        works((1, [2, 3]), title="two"),
        works((1, [2, 4]), title="one"),
        works((1, [2]), title="one"),
        works((1, [2, 3]), title="one", topic="a topic"),
        works((1, [2, 3]), title="one", is_retracted=True),
        works((1, [2, 3]), title="one", published=date(2010, 5, 7)),
    ):
        assert settled([of(rows)], [of(other)]).works.drop(["part", "line"]).equals(other.drop(["part", "line"]))


def test_an_older_version_in_place_of_another_counts_as_new_as_that() -> None:
    found = settled([of(works((1, []), updated=SECOND))], [of(works((1, [7]), updated=FIRST))])
    assert found.works["updated"].to_pylist() == [datetime(2011, 12, 31, tzinfo=UTC)]
    assert found.works["references"].to_pylist() == [[7]]


def test_a_newer_version_of_a_later_delivery_stays_valid() -> None:
    known = [of(works((1, []))), of(works((1, [5]), updated=SECOND), SECOND)]
    found = settled(known, [of(works((1, [7])))])
    assert (found.works.num_rows, found.withdrawn.num_rows, found.restated.num_rows) == (0, 0, 1)
    assert found.restated.schema == RESTATED


def test_contents_that_were_restated_are_what_the_next_difference_is_from() -> None:
    before = [of(works((1, []), (2, [])))]
    first = settled(before, [of(works((1, [7])))])
    assert first.withdrawn["document_id"].to_pylist() == [2]
    kept = corrections.restated(first.restated, date(2019, 1, 1))
    assert kept.schema == CONTENTS
    again = settled([*before, kept], [of(works((1, [7])))])
    assert (again.works.num_rows, again.withdrawn.num_rows, again.held) == (0, 0, 1)
    back = settled([*before, kept], [of(works((1, [7]), (2, [])))])
    assert back.works["document_id"].to_pylist() == [2]


def test_withdrawn_works_are_told_from_listed_removals() -> None:
    found = settled([of(works((1, []), (2, [])))], [of(works((1, [])))]).withdrawn
    day = (found["removed"].to_pylist()[0] - date(1970, 1, 1)).days
    assert (found["document_id"].to_pylist(), day) == ([2], WITHDRAWN)
    listed = pa.table([[3], [date(1500, 1, 1)], pa.nulls(1, pa.int64())], schema=REMOVALS)
    assert corrections.listed(pa.concat_tables([found, listed]))["document_id"].to_pylist() == [3]
