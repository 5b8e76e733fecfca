"""Years that were shifted are told from years that were corrected."""

import pytest

from hotarea.domain import years


@pytest.mark.parametrize(
    ("moves", "works", "said"),
    [
        ({0: 90, 1: 10}, 100, None),
        ({0: 40, 1: 30, -1: 30}, 100, None),  # corrected in both directions
        ({1: 50, 0: 50}, 100, None),
        ({1: 51, 0: 49}, 100, "51 of 100 are dated 1 year later"),
        ({-1: 60, 0: 40}, 100, "60 of 100 are dated 1 year earlier"),
        ({10: 100}, 100, "100 of 100 are dated 10 years later"),
        ({1: 99}, 99, None),  # too few
        ({1: 99}, 1_000, None),  # a small correction of a large delivery
        ({}, 1_000, None),
    ],
)
def test_works_that_come_again(moves: dict[int, int], works: int, said: str | None) -> None:
    found = [f.observed for f in years.moved(moves, works)]
    assert len(found) == (said is not None)
    assert all(str(said) in text and "the years were shifted" in text for text in found)


@pytest.mark.parametrize(
    ("now", "usual", "said"),
    [
        ({0: 100}, {0: 300}, None),
        ({1: 100}, {0: 300}, "dated 1 year earlier"),
        ({-1: 100}, {0: 300}, "dated 1 year later"),
        ({1: 79, 0: 21}, {0: 300}, None),  # some are as usual
        ({1: 100}, {0: 150, 1: 100, 2: 50}, None),  # no age is usual
        ({1: 50, 2: 50}, {0: 300}, None),  # they are of no one age
        ({1: 99}, {0: 300}, None),
        ({1: 100}, {0: 99}, None),
        ({}, {}, None),
    ],
)
def test_new_works(now: dict[int, int], usual: dict[int, int], said: str | None) -> None:
    found = [f.observed for f in years.lagging(now, usual)]
    assert len(found) == (said is not None)
    assert all(str(said) in text and "the years were shifted" in text for text in found)


@pytest.mark.parametrize(("ahead", "works", "found"), [(20, 100, 0), (21, 100, 1), (99, 99, 0), (0, 0, 0)])
def test_works_ahead_of_their_delivery(ahead: int, works: int, found: int) -> None:
    assert len([*years.ahead(ahead, works)]) == found
