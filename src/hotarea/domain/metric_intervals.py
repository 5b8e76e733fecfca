"""How sure each metric of one model is: its values on the resamples by which contenders are compared.

As for those, no row is moved: the rows are sorted once by their probabilities, and every metric of a resample follows
exactly from that order and the rows' weights.
"""

from dataclasses import dataclass
from math import ceil
from typing import Self

import numpy as np
from numpy.typing import NDArray

from hotarea.domain.bootstrap import Resampling, Weights, interval, on_resamples
from hotarea.domain.columns import Bools, Floats, Rows
from hotarea.domain.evaluation import CALIBRATION_BINS, PRECISE_AT, PRECISE_SHARE
from hotarea.domain.evidence import Interval

_NAMES = ("roc_auc", "precision_at_100", "precision_at_1_percent", "brier", "calibration_error")
_CHUNK = 1 << 14  # rows whose weights are turned into floats at a time: they stay in the processor's cache

Sums = NDArray[np.uint32]


def intervals(hot: Bools, probability: Floats, resampling: Resampling) -> dict[str, Interval]:
    """Return the 95 % intervals of those of `METRICS` that `bootstrap.compared` does not measure.

    A resample without rows of both kinds says nothing of ROC AUC and is left out there. Empty where a probability is
    not a number, or the rows are not of both kinds.
    """
    if not (np.isfinite(probability).all() and hot.any() and not hot.all()):
        return {}
    observed, found = on_resamples(len(hot), _Sorted.of(hot, probability).measured, resampling)
    return {name: interval(observed[at], found[:, at]) for at, name in enumerate(_NAMES)}


@dataclass(frozen=True)
class _Sorted:
    """Rows by falling probability, and where in that order groups of equal ones and the bins of calibration end."""

    rows: Rows
    hot: Rows  # places of hot rows
    ends: Rows  # behind the last place of each group
    with_hot: Rows  # the groups that hold a hot row
    bins: Rows  # behind the last place of each bin
    apart: Floats  # (rows, 2): probability less outcome, and its square

    @classmethod
    def of(cls, hot: Bools, probability: Floats) -> Self:
        rows = np.argsort(-probability, kind="stable")
        ordered, outcome = probability[rows], hot[rows]
        ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True)) + 1
        places = np.flatnonzero(outcome)
        in_bin = np.minimum((ordered * CALIBRATION_BINS).astype(np.intp), CALIBRATION_BINS - 1)
        apart = ordered - outcome
        return cls(
            rows=rows,
            hot=places,
            ends=ends,
            with_hot=np.unique(np.searchsorted(ends, places, side="right")),
            bins=np.flatnonzero(np.append(in_bin[1:] != in_bin[:-1], True)) + 1,
            apart=np.column_stack([apart, apart**2]),
        )

    def measured(self, weights: Weights) -> Floats:
        """Return `_NAMES` of each row of weights, in shape (resamples, metrics)."""
        taken = np.take(weights, self.rows, axis=1, mode="clip")
        ranked = [self._ranked(_until(one), _until(one[self.hot])) for one in taken]
        return np.column_stack([ranked, *self._calibrated(taken)])

    def _ranked(self, until: Sums, hot_until: Sums) -> list[float]:
        """Return what follows from the order, given the weight of all rows and of hot ones before each place."""
        rows = int(until[-1])
        return [
            self._roc_auc(until, hot_until),
            self._precision_at(min(PRECISE_AT, rows), until, hot_until),
            self._precision_at(ceil(PRECISE_SHARE * rows), until, hot_until),
        ]

    def _roc_auc(self, until: Sums, hot_until: Sums) -> float:
        """Return the share of pairs of a hot and another row in which the hot one is above; equal ones count half."""
        first, last = self._starts(self.with_hot), self.ends[self.with_hot]
        above, through = until[first].astype(np.float64), until[last].astype(np.float64)
        hot_above, hot_through = (hot_until[np.searchsorted(self.hot, at)].astype(np.float64) for at in (first, last))
        hot, others = float(hot_until[-1]), float(until[-1]) - float(hot_until[-1])
        if not hot * others:
            return float("nan")
        gained = hot_through - hot_above
        below, equal = others - (through - hot_through), through - above - gained
        return float((gained * (below + equal / 2)).sum() / (hot * others))

    def _precision_at(self, k: int, until: Sums, hot_until: Sums) -> float:
        """Return the share of hot rows among the first `k`; of the group in which these end, its own share of them."""
        if not k:
            return float("nan")
        group = np.searchsorted(self.ends, np.searchsorted(until, np.uint32(k)))
        first, last = int(self._starts(group)), int(self.ends[group])
        hot_above, hot_through = (int(hot_until[np.searchsorted(self.hot, at)]) for at in (first, last))
        above, through = int(until[first]), int(until[last])
        share = (hot_through - hot_above) / (through - above)
        return (hot_above + (k - above) * share) / k

    def _starts(self, groups: Rows | np.intp) -> Rows:
        return np.where(groups == 0, 0, self.ends[np.maximum(groups, 1) - 1])

    def _calibrated(self, taken: Weights) -> tuple[Floats, Floats]:
        """Return Brier and calibration error of weights in the rows' order."""
        brier, error, start = np.zeros(len(taken)), np.zeros(len(taken)), 0
        for end in self.bins:
            sums = np.zeros((len(taken), 2))
            for at in range(start, end, _CHUNK):
                chunk = slice(at, min(at + _CHUNK, end))
                sums += taken[:, chunk].astype(np.float64) @ self.apart[chunk]
            error, brier, start = error + np.abs(sums[:, 0]), brier + sums[:, 1], end
        rows = np.maximum(taken.sum(axis=1, dtype=np.int64), 1)
        return brier / rows, error / rows


def _until(weights: NDArray[np.uint8]) -> Sums:
    """Return the sum of the weights before each place, and of all."""
    found = np.zeros(len(weights) + 1, np.uint32)
    np.cumsum(weights, out=found[1:])
    return found
