"""The reference of a champion: bins that outlive its rows."""

from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hotarea.domain.drift import edges_of, psi
from hotarea.domain.drift_check import DriftPolicy
from hotarea.domain.drift_reference import Bins, Model, Reference
from tests.conftest import PROJECT

values = arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1) | st.just(float("nan")))


@given(before=values, now=values, name=st.sampled_from(["x", "x_pct"]))
def test_kept_bins_give_the_same_psi_as_the_rows(before: np.ndarray, now: np.ndarray, name: str) -> None:
    bins = Bins.of(name, before)

    assert bins.psi(bins.again(now)) == pytest.approx(psi(before, now, edges_of(name, before)), abs=1e-12)


def test_a_reference_survives_its_file_and_knows_what_its_model_was_shown_to_bear() -> None:
    rng = np.random.default_rng(1)
    model = Model({"x_pct": 1.0}, {"x_pct": rng.random(500) ** 3}, rng.random(500))
    made = Reference.of("t", date(2020, 12, 31), {"x_pct": rng.random(500)}, model)

    read = msgspec.json.decode(msgspec.json.encode(made), type=Reference)

    assert read == made
    assert read.borne["x_pct"] > 0.3
    assert read.scores == Bins.scored(model.scores)


LIMIT = msgspec.toml.decode((PROJECT / "policy" / "drift.toml").read_bytes(), type=DriftPolicy).predictions

DRAWN = np.random.default_rng(7).beta(1, 9, size=(2, 50_000))
SCORES, AGAIN = DRAWN
Q50, Q80, Q90 = np.quantile(SCORES, (0.5, 0.8, 0.9))


def lifted(to: np.ndarray | float) -> np.ndarray:
    """Return the scores, those of the band below what is called hot being others."""
    return np.where((SCORES > Q80) & (SCORES <= Q90), to, SCORES)


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(lifted(Q90 + 1e-6), id="just over the threshold, so that twice as many are called hot"),
        pytest.param(lifted(SCORES + Q90 - Q80), id="over the threshold by as much as they were below"),
        pytest.param(np.where(SCORES > Q90, Q90, SCORES), id="nothing is called hot"),
        pytest.param(np.where(SCORES > Q90, Q50, SCORES), id="what was hot is as anything else"),
        pytest.param(np.where(SCORES > Q80, 0.95, SCORES), id="a fifth is certainly hot"),
    ],
)
def test_what_changes_who_is_called_hot_moves_the_scores_far_beyond_the_limit(now: np.ndarray) -> None:
    bins = Bins.scored(SCORES)

    assert bins.psi(bins.again(now)) > 2 * LIMIT


def test_other_scores_of_the_same_distribution_have_not_moved() -> None:
    bins = Bins.scored(SCORES)

    assert bins.psi(bins.again(AGAIN)) < LIMIT / 50


def test_scores_share_bins_up_to_the_last_fifth_where_each_counts_for_the_one_that_it_is_in() -> None:
    bins = Bins.scored(np.arange(0.0, 101.0))

    assert (bins.edges, bins.firm) == ((0, 20, 40, 60, 80, 90, 95, 99, 100), 4)
    now = np.array([-1, 20, 80, 80.1, 90, 90.1, 100, 101])
    assert bins.again(now).shares == tuple(count / 8 for count in (1.5, 0.5, 0, 1, 2, 1, 0, 2, 0))


def test_scores_that_tie_give_each_edge_once_and_leave_two_bins_that_share() -> None:
    bins = Bins.scored(np.repeat([0.1, 0.2, 0.5, 0.9], [70, 15, 10, 5]))

    assert np.diff(bins.edges).min() > 0
    assert 0 < bins.firm == len(bins.edges) - 3
    assert Bins.scored(np.full(50, 0.3)).firm == 0


def test_a_reference_of_before_scores_had_edges_of_their_own_compares_as_it_did() -> None:
    bins = Bins.of("scores", SCORES)
    kept = msgspec.json.encode({"edges": bins.edges, "shares": bins.shares})

    assert msgspec.json.decode(kept, type=Bins).again(AGAIN) == bins.again(AGAIN)


def test_without_a_model_all_features_matter_alike() -> None:
    made = Reference.of("cutoffs", date(2020, 12, 31), {"a": np.ones(3), "b": np.zeros(3)})

    assert (made.importance, made.borne, made.scores) == ({"a": 0.5, "b": 0.5}, {}, None)
