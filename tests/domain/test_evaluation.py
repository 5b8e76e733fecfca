import numpy as np
import pytest

from hotarea.domain.evaluation import METRICS, at_threshold, decision_threshold, finite, metrics

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
    }


def test_metrics_are_what_their_definitions_say():
    p = RNG.random(200)
    hot = RNG.random(200) < p

    assert metrics(hot, p) == pytest.approx(by_hand(hot, p))


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
