import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotarea.domain.drift import BINS, FLOOR, Histogram, distance, edges_of, psi, shares

UNIT = edges_of("x_pct", np.empty(0))


def test_a_distribution_has_not_moved_from_itself():
    values = np.random.default_rng(1).random(1000)

    assert psi(values, values, edges_of("x", values)) == 0.0


def test_shares_sum_to_one_with_nulls_last():
    values = np.array([0.05, 0.5, 0.95, np.nan])

    found = shares(values, UNIT)

    assert found.sum() == pytest.approx(1.0)
    assert found[-1] == 0.25
    assert found[:BINS] == pytest.approx([0.25, 0.0, 0.25, 0.0, 0.25])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1, [1, 0, 0, 0, 0]),  # the centre of the first bin
        (0.2, [0.5, 0.5, 0, 0, 0]),  # an edge
        (0.25, [0.25, 0.75, 0, 0, 0]),
        (-3.0, [1, 0, 0, 0, 0]),
        (7.0, [0, 0, 0, 0, 1]),
    ],
)
def test_a_value_counts_for_the_bins_whose_centres_it_lies_between(value, expected):
    assert shares(np.array([value]), UNIT)[:BINS].tolist() == pytest.approx(expected)


def test_psi_is_the_sum_over_bins_of_share_differences_times_log_ratio():
    reference = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], [10, 20, 40, 20, 10])
    current = np.repeat([0.1, 0.3, 0.5, 0.7, 0.9], [20, 20, 20, 20, 20])

    expected = 2 * 0.1 * math.log(0.2 / 0.1) + (-0.2) * math.log(0.2 / 0.4)

    assert psi(reference, current, UNIT) == pytest.approx(expected)


def test_an_empty_bin_counts_as_the_floor():
    found = psi(np.full(10, 0.1), np.full(10, 0.9), UNIT)

    assert found == pytest.approx(2 * (1 - FLOOR) * math.log(1 / FLOOR))


def test_an_atom_that_steps_over_an_edge_moves_little():
    rest = np.linspace(0, 1, 700)
    before, after = (np.append(rest, np.full(300, place)) for place in (0.39, 0.41))

    hard = [np.histogram(v, UNIT)[0] / 1000 for v in (before, after)]
    hard_psi = float(((hard[1] - hard[0]) * np.log(hard[1] / hard[0])).sum())

    assert psi(before, after, UNIT) < 0.02
    assert hard_psi > 0.5


@pytest.mark.parametrize(
    ("reference", "current"), [([], [0.5]), ([0.5], []), ([], [])], ids=["no reference", "no current", "neither"]
)
def test_without_rows_there_is_no_index(reference, current):
    assert math.isnan(psi(np.array(reference, dtype=float), np.array(current, dtype=float), UNIT))


def test_a_column_that_became_null_has_moved_far():
    values = np.linspace(0, 1, 100)

    assert psi(values, np.full(100, np.nan), UNIT) > 4


def test_a_constant_feature_moves_when_its_constant_does():
    reference = np.full(50, 3.0)

    edges = edges_of("x", reference)

    assert psi(reference, np.full(50, 3.0), edges) == 0.0
    assert psi(reference, np.full(50, 9.0), edges) > 1


def test_a_feature_that_was_always_null_and_stays_so_has_not_moved():
    always = np.full(5, np.nan)
    assert psi(always, np.full(9, np.nan), edges_of("x", always)) == 0.0


def test_edges_are_quantiles_of_the_reference_without_repeats():
    found = edges_of("x", np.arange(101.0))
    assert found == pytest.approx([0, 20, 40, 60, 80, 100])
    repeated = edges_of("x", np.repeat([0.0, 1.0, 2.0], [80, 10, 10]))
    assert (np.diff(repeated) > 0).all()


def histogram(**shares: float) -> Histogram:
    values = sorted((float(name[1:]), share) for name, share in shares.items())
    return Histogram(np.array([v for v, _ in values]), np.array([share for _, share in values]))


def test_equal_distributions_are_at_no_distance_whatever_their_numbers_of_rows():
    assert distance(histogram(v1=5, v2=5), histogram(v1=500, v2=500)).distance == 0


def test_the_distance_is_the_share_of_rows_that_moved_and_says_where():
    found = distance(histogram(v1=50, v9=50), histogram(v1=80, v9=20))
    assert (found.value, found.here, found.there) == (1.0, 0.5, 0.8)
    assert found.distance == pytest.approx(0.3)


def test_distributions_of_other_values_are_as_far_apart_as_can_be():
    assert distance(histogram(v1=1), histogram(v2=1)).distance == 1


@settings(deadline=None)
@given(st.lists(st.integers(0, 9), min_size=1), st.lists(st.integers(0, 9), min_size=1))
def test_the_distance_is_the_largest_difference_of_shares_at_any_value(here, there):
    sides = [Histogram(*map(np.asarray, np.unique(side, return_counts=True))) for side in (here, there)]
    shares_at = [[np.mean(np.asarray(side) <= value) for side in (here, there)] for value in range(10)]
    assert distance(*sides).distance == pytest.approx(max(abs(one - other) for one, other in shares_at))
