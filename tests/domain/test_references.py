"""References of valid versions, and where they lead once works are merged."""

import numpy as np
import pytest

from hotarea.domain.references import Pairs, References, by_cited, follow, pairs_of
from hotarea.domain.versions import Redirects, Works

CUTOFFS = 10
IDS = np.arange(20)


def pairs(*rows: tuple[int, int, int, int]) -> Pairs:
    """Make pairs of (citing, cited, first, stop), dated by the citing work, whose place is its id."""
    citing, cited, first, stop = np.array(rows, np.int64).reshape(-1, 4).T
    place = citing.astype(np.int32)
    return Pairs(place, cited, place, first.astype(np.int16), stop.astype(np.int16))


def redirects(*rows: tuple[int, int, int, int]) -> Redirects:
    """Make redirects of (id, into, first, stop)."""
    document_id, into, first, stop = np.array(rows, np.int64).reshape(-1, 4).T
    return Redirects(document_id, into, first.astype(np.int32), stop.astype(np.int32))


def listed(found: Pairs) -> list[tuple[int, int, int, int]]:
    columns = (found.citing, found.cited_id, found.first, found.stop)
    return sorted(zip(*(c.tolist() for c in columns), strict=True))


Row = tuple[int, int, int, int]
CASES: dict[str, tuple[list[Row], list[Row], list[Row], int]] = {
    "nothing is merged": ([(1, 5, 0, 10)], [], [(1, 5, 0, 10)], 0),
    "a merge holds from its release on": ([(1, 5, 0, 10)], [(5, 6, 4, 10)], [(1, 5, 0, 4), (1, 6, 4, 10)], 0),
    "until the work comes back": (
        [(1, 5, 0, 10)],
        [(5, 6, 4, 7)],
        [(1, 5, 0, 4), (1, 5, 7, 10), (1, 6, 4, 7)],
        0,
    ),
    "a chain of merges leads to its end": (
        [(1, 5, 0, 10)],
        [(5, 6, 2, 10), (6, 7, 5, 10), (7, 8, 8, 10)],
        [(1, 5, 0, 2), (1, 6, 2, 5), (1, 7, 5, 8), (1, 8, 8, 10)],
        0,
    ),
    "a chain that is known in reverse order": (
        [(1, 5, 0, 10)],
        [(5, 6, 6, 10), (6, 7, 3, 10)],
        [(1, 5, 0, 6), (1, 7, 6, 10)],
        0,
    ),
    "into one place first, then another": (
        [(1, 5, 0, 10)],
        [(5, 6, 2, 4), (5, 7, 4, 10)],
        [(1, 5, 0, 2), (1, 6, 2, 4), (1, 7, 4, 10)],
        0,
    ),
    "a pair that a merge makes double counts once": (
        [(1, 5, 0, 10), (1, 6, 0, 10)],
        [(5, 6, 4, 10)],
        [(1, 5, 0, 4), (1, 6, 0, 10)],
        0,
    ),
    "and stays where its original ends earlier": (
        [(1, 5, 0, 10), (1, 6, 0, 7)],
        [(5, 6, 4, 10)],
        [(1, 5, 0, 4), (1, 6, 0, 7), (1, 6, 7, 10)],
        0,
    ),
    "a citation of a work by itself is dropped": ([(6, 5, 0, 10)], [(5, 6, 4, 10)], [(6, 5, 0, 4)], 1),
    "and is not counted where it has ended by the newest cutoff": (
        [(6, 5, 0, 10)],
        [(5, 6, 4, 8)],
        [(6, 5, 0, 4), (6, 5, 8, 10)],
        0,
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backwards"])
def test_where_references_lead(case: str, order: int) -> None:
    given, merges, expected, dropped = CASES[case]
    found, itself = follow(pairs(*given[::order]), IDS, redirects(*merges[::order]), CUTOFFS)
    assert (listed(found), itself) == (sorted(expected), dropped)


def test_a_circle_of_merges_ends_at_one_of_its_members() -> None:
    circle = redirects((5, 6, 3, 10), (6, 7, 3, 10), (7, 5, 3, 10), (4, 5, 3, 10))
    found, _ = follow(pairs((1, 4, 0, 10)), IDS, circle, CUTOFFS)
    assert listed(found)[1] == (1, 4, 0, 3) or listed(found)[0] == (1, 4, 0, 3)
    assert [(first, stop) for _, cited, first, stop in listed(found) if cited in {5, 6, 7}] == [(3, 10)]


def test_pairs_come_in_order_of_the_cited_work() -> None:
    found = by_cited(pairs((3, 9, 0, 10), (2, 8, 0, 10), (1, 9, 0, 10)))
    assert (found.cited_id.tolist(), found.citing.tolist()) == ([8, 9, 9], [2, 3, 1])


def test_references_belong_to_the_version_of_the_same_release() -> None:
    works = Works(
        np.array([1, 1, 4], np.int64),
        np.array([100, 300, 200], np.int32),
        np.array([11, 13, 42], np.int32),
        np.zeros(3, np.bool_),
        np.array([0, 3, 2], np.int32),
        np.array([3, 10, 10], np.int32),
    )
    delivered = np.array(
        [(1, 8, 100), (1, 9, 300), (1, 7, 200), (4, 1, 200), (4, 2, 100), (3, 1, 100), (9, 1, 900)], np.int64
    ).T
    found = pairs_of(References(delivered[0], delivered[1], delivered[2].astype(np.int32)), works)
    assert listed(found) == [(0, 8, 0, 3), (0, 9, 3, 10), (1, 1, 2, 10)]  # 1 and 4 are the first and second work
    assert found.published.tolist() == [11, 13, 42]


def test_no_works_have_no_references() -> None:
    one = References(np.ones(1, np.int64), np.ones(1, np.int64), np.ones(1, np.int32))
    assert len(pairs_of(one, Works.empty())) == 0
