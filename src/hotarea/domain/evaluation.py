"""How good probabilities of hot areas are, for the model and whoever it races against."""

from dataclasses import dataclass
from math import ceil, isfinite
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotarea.domain.columns import Bools, Floats, Rows

MODEL = "model"
CHAMPION = "champion"
LAST_CHAMPION = "last_champion"
"""Who else was in service last: shown beside the champion, and nobody has to beat it."""

PRECISE_AT = 100
"""Precision is told of so many rows with the highest scores: about as many as a person looks through."""

PRECISE_SHARE = 0.01
"""And of this share of the rows: a tenth of what is hot."""

TITLES = {
    "average_precision": "average precision",
    "roc_auc": "ROC AUC",
    "log_loss": "log loss",
    "brier": "Brier",
    "calibration_error": "calibration error",
    "precision_at_100": "precision at 100",
    "precision_at_1_percent": "precision at 1 %",
}
"""What each metric is called where people read it."""

METRICS = tuple(TITLES)

CALIBRATION_BINS = 15

_CERTAIN = 1e-6  # log loss is infinite where a probability of 0 or 1 is wrong


@dataclass(frozen=True)
class Scores:
    """What a contender says of rows: probabilities, and what it ranks them by."""

    probability: Floats
    ranking: Floats

    @classmethod
    def of(cls, probability: Floats, ranking: Floats | None = None) -> Self:
        """Return the scores of one that ranks by its probabilities, if nothing else is given."""
        return cls(probability, probability if ranking is None else ranking)

    @property
    def is_complete(self) -> bool:
        """Whether every value is a number."""
        return bool(np.isfinite(self.probability).all() and np.isfinite(self.ranking).all())

    def at(self, rows: Bools | Rows) -> "Scores":
        """Return the scores of some of the rows."""
        return Scores(self.probability[rows], self.ranking[rows])


def metrics(hot: Bools, probability: Floats, ranking: Floats | None = None) -> dict[str, float]:
    """Return `METRICS` of probabilities.

    Average precision, ROC AUC and precision at the top are computed on `ranking` where it is given: a calibration
    could turn a ranking around. Empty where the rows are not of both kinds, or a value is not a number.
    """
    from sklearn.metrics import brier_score_loss, log_loss

    scores = Scores.of(probability, ranking)
    if not (hot.any() and not hot.all() and scores.is_complete):
        return {}
    found = ranked(hot, scores.ranking) | {
        "log_loss": log_loss(hot, _bounded(probability)),
        "brier": brier_score_loss(hot, probability),
        "calibration_error": calibration_error(hot, probability),
    }
    return finite({name: found[name] for name in METRICS if name in found})


def ranked(hot: Bools, ranking: Floats) -> dict[str, float]:
    """Return those of `METRICS` that need no probabilities, of rows of both kinds that are ranked by numbers."""
    from sklearn.metrics import average_precision_score, roc_auc_score

    found = {
        "average_precision": average_precision_score(hot, ranking),
        "roc_auc": roc_auc_score(hot, ranking),
        "precision_at_100": precision_at(hot, ranking, PRECISE_AT),
        "precision_at_1_percent": precision_at(hot, ranking, ceil(PRECISE_SHARE * len(hot))),
    }
    return finite(found)


def losses(hot: Bools, probability: Floats) -> Floats:
    """Return each row's part of the log loss: −ln of what its outcome was given."""
    bounded = _bounded(probability)
    found: Floats = -np.log(np.where(hot, bounded, 1 - bounded))
    return found


def calibration_error(hot: Bools, probability: Floats, bins: int = CALIBRATION_BINS) -> float:
    """Return the expected calibration error: how far probabilities are from the share that is hot.

    Σ over bins of equal width of (share of the rows) · |mean probability − share of hot rows| (C. Guo et al., "On
    Calibration of Modern Neural Networks", 2017, with their 15 bins). NaN without rows.
    """
    bin_of = np.minimum((probability * bins).astype(np.intp), bins - 1)
    apart = np.bincount(bin_of, probability, bins) - np.bincount(bin_of, hot, bins)
    return float(np.abs(apart).sum() / len(hot)) if len(hot) else float("nan")


def precision_at(hot: Bools, ranking: Floats, k: int) -> float:
    """Return the share of hot rows among the `k` of highest rank, or among all if there are fewer; NaN without rows.

    Of rows that share the last place it is the mean over all ways to choose among them.
    """
    k = min(k, len(hot))
    if not k:
        return float("nan")
    last = np.partition(ranking, len(ranking) - k)[len(ranking) - k]
    above, equal = ranking > last, ranking == last
    return float((hot[above].sum() + (k - above.sum()) * hot[equal].mean()) / k)


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


def _bounded(probability: Floats) -> NDArray[np.float64]:
    return np.clip(probability, _CERTAIN, 1 - _CERTAIN)
