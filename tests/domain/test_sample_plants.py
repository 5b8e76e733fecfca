"""Which versions each kind of plant makes, of works whose dates and releases are given."""

from collections import defaultdict

import numpy as np
import pytest

from hotarea.domain.sample_plants import Deliveries, Ending, Plants, Version, plant

WORKS, LAST, TWIN = 4_000, 2020, 1_000_000
YEARS = np.repeat(np.arange(2011, 2021), WORKS // 10)
DELIVERIES = Deliveries(
    numbers=np.arange(WORKS) + 1,
    published=(YEARS - 1970) * 365 + 100,
    delivered=YEARS,
    last=LAST,
    twin_number=TWIN,
)


@pytest.fixture(scope="module")
def planted() -> Plants:
    return plant(np.random.default_rng(4), DELIVERIES)


@pytest.fixture(scope="module")
def of_work(planted: Plants) -> dict[int, list[Version]]:
    found = defaultdict(list)
    for version in planted.versions:
        found[version.work].append(version)
    return found


def works(planted: Plants, kind: str) -> list[int]:
    name = "merged_into" if kind == "merged" else "id"
    return [row[name] - 1 for row in planted.truth[kind]]


def test_every_work_is_delivered_and_most_once(of_work: dict[int, list[Version]]) -> None:
    assert set(of_work) == set(range(WORKS))
    once = sum(found == [Version(work, int(YEARS[work]))] for work, found in of_work.items())
    assert once / WORKS == pytest.approx(1 - 0.045, abs=0.002)  # deleted ones have one version, too


def test_kinds_have_their_shares_and_no_work_in_common(planted: Plants) -> None:
    counts = {kind: len(rows) for kind, rows in planted.truth.items()}
    assert counts == {
        "late": 60,
        "reissued_references": 20,
        "reissued_date": 20,
        "retracted": 8,
        "redelivered": 40,
        "twice_in_a_partition": 12,
        "stale": 8,
        "merged": 12,
        "deleted": 8,
    }
    chosen = [work for kind in counts for work in works(planted, kind)]
    assert len(set(chosen)) == len(chosen)


@pytest.mark.parametrize(
    ("kind", "most"),
    [("late", 2), ("reissued_references", 4), ("reissued_date", 4), ("retracted", 4), ("redelivered", 4), ("stale", 4)],
)
def test_the_last_version_comes_years_after_the_work_was_due(
    planted: Plants, of_work: dict[int, list[Version]], kind: str, most: int
) -> None:
    for work in works(planted, kind):
        assert 1 <= of_work[work][-1].release - YEARS[work] <= most
        assert of_work[work][-1].release <= LAST


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("reissued_references", {"draft": True}, {}),
        ("retracted", {}, {"retracted": True}),
        ("redelivered", {}, {}),
    ],
)
def test_corrections_change_one_thing(
    planted: Plants, of_work: dict[int, list[Version]], kind: str, first: dict[str, bool], last: dict[str, bool]
) -> None:
    for work in works(planted, kind):
        before, after = of_work[work]
        assert before == Version(work, int(YEARS[work]), **first)
        assert after == Version(work, after.release, **last)


def test_a_wrong_date_is_months_to_a_year_too_early(planted: Plants, of_work: dict[int, list[Version]]) -> None:
    for work in works(planted, "reissued_date"):
        before, after = of_work[work]
        assert before.published is not None
        assert 200 <= DELIVERIES.published[work] - before.published < 400
        assert after.published is None


def test_a_stale_version_says_that_it_is_older(planted: Plants, of_work: dict[int, list[Version]]) -> None:
    for work in works(planted, "stale"):
        first, stale = of_work[work]
        assert stale.draft
        assert (stale.changed, stale.hour) < (first.release, first.hour)


def test_two_versions_in_a_partition_differ_by_the_hour_and_come_in_either_order(
    planted: Plants, of_work: dict[int, list[Version]]
) -> None:
    orders = set()
    for work in works(planted, "twice_in_a_partition"):
        one, two = of_work[work]
        assert one.release == two.release
        assert {(one.hour, one.draft), (two.hour, two.draft)} == {(6, True), (12, False)}
        orders.add(one.draft)
    assert orders == {True, False}


def test_endings_are_dated_after_the_work_was_delivered(planted: Plants) -> None:
    for ending in planted.endings:
        assert f"{YEARS[ending.work]}-12-31" < ending.day < f"{LAST}-12-31"


def test_merged_ids_are_new_and_delivered_beside_their_twin(planted: Plants, of_work: dict[int, list[Version]]) -> None:
    merged = [ending for ending in planted.endings if ending.merged]
    assert [e.number for e in merged] == list(range(TWIN, TWIN + 12))
    assert [e.work for e in merged] == works(planted, "merged")
    for ending in merged:
        year = int(YEARS[ending.work])
        assert of_work[ending.work] == [Version(ending.work, year), Version(ending.work, year, number=ending.number)]


def test_deleted_ids_are_the_works_own(planted: Plants) -> None:
    deleted = [ending for ending in planted.endings if not ending.merged]
    assert deleted == [
        Ending(work + 1, row["date"], work, merged=False)
        for work, row in zip(works(planted, "deleted"), planted.truth["deleted"], strict=True)
    ]


def test_works_of_the_last_two_years_are_left_alone(of_work: dict[int, list[Version]]) -> None:
    recent = np.flatnonzero(YEARS > LAST - 2).tolist()
    assert all(of_work[work] == [Version(work, int(YEARS[work]))] for work in recent)
