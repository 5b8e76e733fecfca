import numpy as np
import pytest

from hotarea.domain.evaluation import (
    METRICS,
    at_threshold,
    calibration_error,
    decision_threshold,
    finite,
    losses,
    metrics,
    precision_at,
)

RNG = np.random.default_rng(3)


def by_hand(hot: np.ndarray, p: np.ndarray) -> dict[str, float]:
    """The definitions, written out: pairs for the AUC, precision at each hit for average precision."""
    pairs = [(a > b) + 0.5 * (a == b) for a in p[hot] for b in p[~hot]]
    ranked = hot[np.argsort(-p)]
    hits = np.cumsum(ranked)[ranked] / (np.flatnonzero(ranked) + 1)
    return {
        "roc_auc": float(np.mean(pairs)),
        "average_precision": float(hits.mean()),
        "log_loss": float(-np.mean(np.where(hot, np.log(p), np.log(1 - p)))),
        "brier": float(np.mean((hot - p) ** 2)),
        "precision_at_100": float(ranked[:100].mean()),
        "precision_at_1_percent": float(ranked[:2].mean()),
        "calibration_error": sum(
            abs(p[of].mean() - hot[of].mean()) * of.mean()
            for low in np.arange(15) / 15
            if (of := (p >= low) & (p < low + 1 / 15)).any()
        ),
    }


def test_metrics_are_what_their_definitions_say():
    p = RNG.random(200)
    hot = RNG.random(200) < p

    found = metrics(hot, p)

    assert found == pytest.approx(by_hand(hot, p))
    assert found["log_loss"] == pytest.approx(losses(hot, p).mean())


def test_a_ranking_of_its_own_decides_the_order_and_the_probabilities_the_rest():
    hot = np.array([True, False, True, False])
    p = np.array([0.2, 0.4, 0.3, 0.1])

    found = metrics(hot, p, ranking=np.array([9.0, 1.0, 8.0, 2.0]))

    assert (found["roc_auc"], found["average_precision"]) == (1.0, 1.0)
    assert found["brier"] == pytest.approx(by_hand(hot, p)["brier"])


def test_certainty_that_is_wrong_is_expensive_but_finite():
    found = metrics(np.array([True, False]), np.array([0.0, 1.0]))

    assert found["log_loss"] == pytest.approx(-np.log(1e-6), rel=1e-3)
    assert set(found) == set(METRICS)


@pytest.mark.parametrize(
    ("hot", "p"),
    [([True, True], [0.5, 0.6]), ([False, False], [0.5, 0.6]), ([], []), ([True, False], [np.nan, 0.5])],
    ids=["only hot", "none hot", "no rows", "not a number"],
)
def test_what_cannot_be_computed_is_left_out(hot, p):
    assert metrics(np.array(hot, dtype=bool), np.array(p, dtype=float)) == {}


def test_probabilities_that_come_true_are_calibrated_and_shifted_ones_are_off_by_the_shift():
    p = RNG.uniform(0.05, 0.85, 200_000)
    hot = RNG.random(200_000) < p

    assert calibration_error(hot, p) == pytest.approx(0.0, abs=0.01)
    assert calibration_error(hot, p + 0.1) == pytest.approx(0.1, abs=0.01)
    assert calibration_error(np.array([True]), np.array([1.0])) == 0.0


@pytest.mark.parametrize(
    ("ranking", "k", "expected"),
    [
        ([4.0, 3.0, 2.0, 1.0], 2, 0.5),
        ([4.0, 4.0, 4.0, 1.0], 1, 2 / 3),  # whichever of the three is chosen
        ([4.0, 3.0, 3.0, 1.0], 2, 0.75),  # the first, and one of two
        ([0.0, 0.0, 0.0, 0.0], 3, 0.5),
        ([4.0, 3.0, 2.0, 1.0], 9, 0.5),  # there are no nine
    ],
)
def test_precision_at_k_counts_the_first_k_and_ties_by_their_share(ranking, k, expected):
    assert precision_at(np.array([True, False, True, False]), np.array(ranking), k) == pytest.approx(expected)


def test_as_many_documents_are_called_hot_as_the_quantile_says():
    scores = RNG.random(1000)

    threshold = decision_threshold(scores, 0.9)

    assert (scores > threshold).sum() == 100


def test_precision_recall_and_share_at_a_threshold():
    hot = np.array([True, True, False, False, False])
    scores = np.array([0.9, 0.3, 0.8, 0.1, 0.2])

    assert at_threshold(hot, scores, 0.5) == {"precision": 0.5, "recall": 0.5, "share": 0.4}
    assert at_threshold(hot, scores, 0.95) == {"precision": 0.0, "recall": 0.0, "share": 0.0}


def test_numbers_that_are_none_are_left_out():
    assert finite({"a": float("nan"), "b": 1, "c": float("inf")}) == {"b": 1.0}
