"""How good probabilities of hot areas are, for the model and whoever it races against."""

from math import isfinite

import numpy as np

from hotarea.domain.columns import Bools, Floats

MODEL = "model"
CHAMPION = "champion"
METRICS = ("average_precision", "roc_auc", "log_loss", "brier")

_CERTAIN = 1e-6  # log loss is infinite where a probability of 0 or 1 is wrong


def metrics(hot: Bools, probability: Floats, ranking: Floats | None = None) -> dict[str, float]:
    """Return ROC AUC, average precision, log loss and Brier score of probabilities.

    The first two are computed on `ranking` where it is given: a calibration could turn a ranking around. Empty
    where the rows are not of both kinds, or a value is not a number.
    """
    from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

    order = probability if ranking is None else ranking
    if not (hot.any() and not hot.all() and np.isfinite(probability).all() and np.isfinite(order).all()):
        return {}
    bounded = np.clip(probability, _CERTAIN, 1 - _CERTAIN)
    found = {
        "average_precision": average_precision_score(hot, order),
        "roc_auc": roc_auc_score(hot, order),
        "log_loss": log_loss(hot, bounded),
        "brier": brier_score_loss(hot, bounded),
    }
    return finite(found)


def decision_threshold(scores: Floats, hot_quantile: float) -> float:
    """Return the score above which a document is called hot: the quantile that defines the label, of unseen scores.

    By definition the same share of documents is hot at every cutoff (10 % at the quantile 0.9). A score above 0.5
    is rarer than that, because most hot areas are uncertain; at this quantile as many areas are called hot as are.
    """
    return float(np.quantile(scores, hot_quantile))


def at_threshold(hot: Bools, scores: Floats, threshold: float) -> dict[str, float]:
    """Return precision, recall and the share called hot where scores above `threshold` are."""
    called = scores > threshold
    right = float((called & hot).sum())
    found = {
        "precision": right / max(called.sum(), 1),
        "recall": right / max(hot.sum(), 1),
        "share": float(called.mean()) if len(called) else float("nan"),
    }
    return finite(found)


def finite(values: dict[str, float]) -> dict[str, float]:
    """Return plain floats of the values that are numbers; the others stand for missing evidence and are left out."""
    return {name: float(value) for name, value in values.items() if isfinite(value)}
