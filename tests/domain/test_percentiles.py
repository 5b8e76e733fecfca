"""Percentiles and quantiles of values that lie in several places, against NumPy and by hand."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotarea.domain.percentiles import Distribution, distribution, ladders, merged, mid_ranks, percentiles, quantile

# Few distinct values, as counts and their ratios are, so that there are ties.
values = st.lists(st.integers(-3, 8).map(lambda i: i / 3) | st.just(float("nan")), max_size=40)


def ranked(parts: list[list[float]]) -> list[float | None]:
    whole = merged([distribution(np.array(part, np.float64)) for part in parts])
    found = percentiles(np.array([x for part in parts for x in part], np.float64), whole.values, mid_ranks(whole))
    return [None if np.isnan(x) else x for x in found.tolist()]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        ([7.0], [0.5]),
        ([7.0, 7.0, 7.0], [0.5, 0.5, 0.5]),
        ([1.0, 2.0], [0.25, 0.75]),
        ([3.0, 1.0, 1.0, 2.0], [7 / 8, 2 / 8, 2 / 8, 5 / 8]),
        ([float("nan"), 5.0, float("nan"), 6.0], [None, 0.25, None, 0.75]),
        ([float("nan")], [None]),
        ([-0.0, 0.0, 1.0], [1 / 3, 1 / 3, 5 / 6]),
    ],
)
def test_mid_ranks_by_hand(given: list[float], expected: list[float | None]) -> None:
    assert ranked([given]) == expected


@given(st.lists(values, max_size=4))
def test_mid_ranks_are_what_counting_says(parts: list[list[float]]) -> None:
    everything = [x for part in parts for x in part]
    known = [x for x in everything if not isnan(x)]
    expected = [
        (2 * sum(y < x for y in known) + sum(y == x for y in known)) / (2 * len(known)) if not isnan(x) else None
        for x in everything
    ]
    assert ranked(parts) == expected


@given(st.lists(values, min_size=1, max_size=4), st.floats(0, 1))
def test_quantiles_are_numpys_to_the_last_bit(parts: list[list[float]], share: float) -> None:
    everything = np.array([x for part in parts for x in part if not isnan(x)])
    whole = merged([distribution(np.array(part, np.float64)) for part in parts])
    if len(everything):
        assert quantile(whole, share) == float(np.quantile(everything, share))
    else:
        with pytest.raises(ValueError, match="a quantile of no values"):
            quantile(whole, share)


def test_a_quantile_among_ties_is_their_very_value() -> None:
    third = 1 / 3
    assert quantile(Distribution(np.array([third]), np.array([7])), 0.9) == third


@settings(deadline=None, derandomize=True)
@given(st.lists(values | st.lists(st.floats(-9, 9), max_size=30), min_size=1, max_size=5), st.integers(1, 50))
def test_however_many_values_are_merged_at_a_time_the_percentiles_are_the_same(
    given_parts: list[list[float]], at_most: int
) -> None:
    parts = [distribution(np.array(part, np.float64)) for part in given_parts]
    whole = merged(parts)
    expected = dict(zip(whole.values.tolist(), mid_ranks(whole).tolist(), strict=True))
    found: dict[int, list[tuple[float, float]]] = {number: [] for number in range(len(parts))}
    for number, some, steps in ladders(parts, at_most):
        found[number] += zip(some.tolist(), steps.tolist(), strict=True)
    for number, part in enumerate(parts):
        assert found[number] == [(value, expected[value]) for value in part.values.tolist()]


def test_no_more_values_are_merged_at_a_time_than_asked_for() -> None:
    parts = [distribution(np.random.default_rng(seed).random(5_000)) for seed in range(4)]
    pieces = [len(some) for _, some, _ in ladders(parts, 1_000)]
    assert sum(pieces) == 20_000
    assert max(pieces) < 1_000 / 4 * 1.5
