"""What a release says against what was known: the source's history and the world apart, each threshold by its edge."""

from dataclasses import replace
from typing import Any

import pytest

from hotarea.domain import limits
from hotarea.domain.comparison import FIELDS, Again, Ended, Measures, New, drift, judge

VALUES = {
    "age": {"0": 900, "1": 100},
    "topic": {"T1": 500, "T2": 500},
    "type": {"article": 1_000},
    "language": {"en": 1_000},
    "references": {"5 to 9": 1_000},
    "found": {"known": 4_000, "unknown": 1_000},
}

CLEAN = Measures(
    release="2012-12-31",
    documents=2_000,
    again=Again(
        works=1_000,
        unchanged=1_000,
        changed=dict.fromkeys(FIELDS, 0),
        year_moves={0: 1_000},
        references_before=5_000,
        of_release={"2011-12-31": 1_000},
    ),
    new=New(works=1_000, values=VALUES, lags={0: 900, 1: 100}),
    usual=New(works=1_000, values=VALUES, lags={0: 900, 1: 100}),
    ended=Ended(),
    cohorts=(),
    sizes={"2011-12-31": 2_000},
)


def again(**changes: Any) -> Measures:
    return replace(CLEAN, again=replace(CLEAN.again, **changes))


def new(**values: dict[str, int]) -> Measures:
    return replace(CLEAN, new=replace(CLEAN.new, values=VALUES | values))


def found(measures: Measures) -> list[tuple[str, str, str]]:
    return [(f.check, f.severity, f.column) for f in judge(measures)]


def test_nothing_is_said_of_a_release_like_those_before() -> None:
    assert judge(CLEAN) == []
    assert drift(CLEAN.new, CLEAN.usual) == dict.fromkeys(limits.DRIFT_DISTANCES, 0.0)


@pytest.mark.parametrize("field", limits.RECURATED_SHARES)
def test_a_history_that_was_recurated_is_no_drift(field: str) -> None:
    limit = round(limits.RECURATED_SHARES[field] * 1_000)
    changed = dict.fromkeys(FIELDS, 0)
    assert found(again(changed=changed | {field: limit})) == []
    assert found(again(changed=changed | {field: limit + 1})) == [("source_recurated", "warning", field)]


def test_what_is_told_of_it() -> None:
    (said,) = judge(again(changed=dict.fromkeys(FIELDS, 0) | {"topic": 400}))
    assert said.observed == "400 of 1,000 (40.0%) have: the source re-curated its history"


def test_every_field_that_is_limited_is_compared() -> None:
    assert set(limits.RECURATED_SHARES) <= set(FIELDS)


@pytest.mark.parametrize("field", sorted(set(limits.DRIFT_DISTANCES) - {"topic"}))
def test_a_world_that_changed_is_no_recuration(field: str) -> None:
    other = {f"another {value}": count for value, count in VALUES[field].items()}
    assert found(new(**{field: other})) == [("world_changed", "warning", field)]


def test_topics_that_all_changed_were_lost_as_well() -> None:
    assert found(new(topic={"T3": 1_000})) == [
        ("topics_vanished", "critical", "topic_id"),
        ("world_changed", "warning", "topic"),
    ]


def test_what_moved_most_is_told() -> None:
    measures = new(references={"5 to 9": 100, "20 to 39": 900})
    (said,) = judge(measures)
    assert (said.check, said.column) == ("world_changed", "references")
    assert "20 to 39 from 0% to 90%, 5 to 9 from 100% to 10%" in said.observed


@pytest.mark.parametrize(("works", "told"), [(99, False), (100, True)])
def test_few_works_say_nothing_of_the_world(works: int, told: bool) -> None:
    measures = new(type={"preprint": works})
    assert ("type" in drift(measures.new, measures.usual)) is told


def test_many_values_need_many_works() -> None:
    measures = new(topic={f"T{n}": 1 for n in range(500)})
    assert "topic" not in drift(measures.new, measures.usual)


def test_lists_of_references_that_were_cut() -> None:
    assert found(again(references_removed=2_500)) == []
    assert found(again(references_removed=2_501)) == [("references_lost", "critical", "references")]


@pytest.mark.parametrize(
    ("measures", "check"),
    [
        (again(year_moves={1: 501, 0: 499}), "years_shifted"),
        (replace(CLEAN, new=replace(CLEAN.new, lags={1: 1_000})), "years_shifted"),
        (replace(CLEAN, new=replace(CLEAN.new, ahead=201)), "years_ahead"),
        (again(same_record=1_001), "release_repeated"),
        (again(topics_lost=251), "topics_lost"),
        (new(topic={"T1": 500, "none": 500}), "topics_lost"),
    ],
)
def test_wrong_data_that_looks_right_is_critical_and_comes_first(measures: Measures, check: str) -> None:
    first = judge(measures)[0]
    assert (first.check, first.severity) == (check, "critical")


def test_a_correction_is_judged_by_the_works_that_its_deliveries_held() -> None:
    """All works of a correction came again and were changed; that says nothing of how many were not."""
    corrected = again(works=200, unchanged=0, year_moves={1: 200}, changed=dict.fromkeys(FIELDS, 200), same_record=200)
    corrected = replace(corrected, documents=200, new=New(), held=10_000)
    assert found(corrected) == []
    assert {check for check, _, _ in found(replace(corrected, held=300))} == {"years_shifted", "source_recurated"}
