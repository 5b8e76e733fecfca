import numpy as np
import pytest

from hotarea.domain.baselines import calibrated, logistic_regression
from hotarea.domain.evaluation import metrics

RNG = np.random.default_rng(5)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def test_calibration_recovers_the_probabilities_that_made_the_labels():
    values = RNG.exponential(3, 20_000)
    truth = sigmoid(2 * np.log1p(values) - 3)
    hot = RNG.random(20_000) < truth

    found = calibrated(values, hot, np.array([0.0, 1.0, 10.0]))

    assert found == pytest.approx(sigmoid(2 * np.log1p(np.array([0.0, 1.0, 10.0])) - 3), abs=0.02)


def test_calibration_keeps_the_order_of_a_feature_that_goes_with_the_label():
    values = np.arange(100.0)

    found = calibrated(values, values > 90, values)

    assert (np.diff(found) > 0).all()


def test_a_null_counts_as_zero():
    values = np.array([0.0, 1.0, 2.0, 5.0])
    hot = np.array([False, False, True, True])

    assert calibrated(values, hot, np.array([np.nan]))[0] == calibrated(values, hot, np.array([0.0]))[0]


def test_logistic_regression_uses_all_features_and_does_not_mind_nulls_or_scales():
    signal, noise = RNG.normal(size=(2, 4000))
    hot = RNG.random(4000) < sigmoid(3 * signal)
    features = np.column_stack([1e6 * signal, noise, np.full(4000, 7.0), np.full(4000, np.nan)])
    features[::10, 1] = np.nan

    found = logistic_regression(features, hot, features)

    assert metrics(hot, found)["roc_auc"] > 0.9
    assert found.shape == (4000,)
    assert ((found > 0) & (found < 1)).all()
