"""The intervals of one model's metrics: those of the resampled rows, written out and measured one by one."""

import numpy as np
import pytest

from hotarea.domain.bootstrap import Resampling, compared, resampled
from hotarea.domain.evaluation import METRICS, Scores, metrics
from hotarea.domain.metric_intervals import intervals

RNG = np.random.default_rng(3)
ROWS = 2000
HOT = RNG.random(ROWS) < 0.1
FINE = 1 / (1 + np.exp(2 - 2 * HOT - RNG.normal(0, 1, ROWS)))
FEW = np.round(FINE * 12) / 12  # most rows share their probability with others; some are 0
TWO = np.where(FINE > 0.4, 1.0, 0.25)


@pytest.mark.parametrize("probability", [FINE, FEW, TWO], ids=["distinct", "tied", "two values"])
def test_intervals_are_those_of_the_rows_of_each_resample(probability: np.ndarray) -> None:
    draw = Resampling(seed=5, resamples=24)

    found = intervals(HOT, probability, draw)

    taken = [w for seed in draw.seeds() for w in resampled(ROWS, seed)]
    by_hand = [metrics(np.repeat(HOT, w), np.repeat(probability, w)) for w in taken]
    observed = metrics(HOT, probability)
    assert found.keys() == observed.keys() - {"average_precision", "log_loss"}
    for name, said in found.items():
        bounds = np.quantile([m[name] for m in by_hand], [0.025, 0.975])
        assert (said.lower, said.upper) == pytest.approx(bounds, abs=1e-12)
        assert said.estimate == pytest.approx(observed[name], abs=1e-12)


def test_with_what_contenders_are_compared_by_all_metrics_have_one() -> None:
    draw = Resampling(seed=5, resamples=8)
    found = compared(HOT, Scores.of(FINE), {"rival": Scores.of(FEW)}, draw).contenders["model"]
    assert (found | intervals(HOT, FINE, draw)).keys() == set(METRICS)


@pytest.mark.parametrize(
    ("hot", "probability"),
    [(np.zeros(3, bool), FINE[:3]), (np.ones(3, bool), FINE[:3]), (HOT, np.where(HOT, np.nan, FINE))],
    ids=["none hot", "all hot", "not numbers"],
)
def test_nothing_is_said_of_what_cannot_be_measured(hot: np.ndarray, probability: np.ndarray) -> None:
    assert intervals(hot, probability, Resampling(1, 8)) == {}


def test_a_resample_of_one_kind_of_rows_is_left_out() -> None:
    """Of three rows, most resamples lack the hot one, or the others."""
    found = intervals(np.array([True, False, False]), np.array([0.9, 0.5, 0.1]), Resampling(2, 64))

    assert (found["roc_auc"].lower, found["roc_auc"].upper) == (1.0, 1.0)
    assert all(np.isfinite([i.lower, i.upper]).all() for i in found.values())
