"""How sure a difference of metrics is: the paired bootstrap (Efron, 1979; resampling of rows, percentile interval).

A resample takes each row a number of times that is Poisson distributed with mean 1, independent of the others
(N. Chamandy et al., "Estimating Uncertainty for Massive Data Streams", 2012): its rows number n ± √n. Both contenders
are measured on the same resample. No row is moved: average precision of a resample follows exactly from the rows' order
by score, which is sorted once, and the rows' weights.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hotarea.domain.columns import Bools, Floats, Rows
from hotarea.domain.evaluation import Scores, losses
from hotarea.domain.evidence import Interval
from hotarea.domain.processors import cores

AVERAGE_PRECISION = "average_precision"
LOG_LOSS = "log_loss"

LEVEL = 0.95

_BLOCK = 8  # resamples that share a seed, whatever the number of threads; losses are read once for all of them
_CHUNK = 1 << 14  # rows whose weights are turned into floats at a time: they stay in the processor's cache

Weights = NDArray[np.uint8]
Differences = dict[str, dict[str, Interval]]


@dataclass(frozen=True)
class Resampling:
    """How rows are drawn. The answer depends on the seed, not on the number of threads (None: one for each core)."""

    seed: int
    resamples: int = 1000
    threads: int | None = None

    def __post_init__(self) -> None:
        if self.resamples < 1:
            raise ValueError(f"{self.resamples} resamples were asked for; expected one or more, usually 1000")

    def seeds(self) -> list[np.random.SeedSequence]:
        """Return the seed of each block of resamples."""
        return np.random.SeedSequence(self.seed).spawn(-(-self.resamples // _BLOCK))


def differences(hot: Bools, model: Scores, rivals: Mapping[str, Scores], resampling: Resampling) -> Differences:
    """Return by how much the model exceeds each rival in average precision and in log loss, with 95 % intervals.

    A resample without a hot row says nothing of average precision and is left out. So is a rival whose scores are not
    all numbers; empty where the model's are not, or the rows are not of both kinds.
    """
    rivals = {name: scores for name, scores in rivals.items() if scores.is_complete}
    if not (rivals and model.is_complete and hot.any() and not hot.all()):
        return {}
    order = np.argsort(-model.ranking, kind="stable")  # rivals rank alike, so that weights are met nearly in order
    race = _Race.of(hot[order], model.at(order), {name: scores.at(order) for name, scores in rivals.items()})
    observed, drawn = _drawn(len(hot), race.measured, resampling)
    return {
        name: {
            AVERAGE_PRECISION: _interval(observed[0, number], drawn[:, 0, number]),
            LOG_LOSS: _interval(observed[1, number], drawn[:, 1, number]),
        }
        for number, name in enumerate(rivals)
    }


def gains(
    hot: Bools, model: Scores, rival: Scores, parts: Mapping[str, Bools], resampling: Resampling
) -> dict[str, Interval]:
    """Return by how much the model exceeds a rival in average precision on each part of the rows.

    All parts are measured on the same resamples of all rows, so that each of these is drawn once. A part whose rows are
    not of both kinds is left out; so is all, if the scores of either are not all numbers.
    """
    parts = {name: part for name, part in parts.items() if hot[part].any() and not hot[part].all()}
    if not (parts and model.is_complete and rival.is_complete):
        return {}
    order = np.argsort(-model.ranking, kind="stable")
    masks, ordered = [part[order] for part in parts.values()], hot[order]
    ours, theirs = (Order.of(ordered, who.ranking[order], masks) for who in (model, rival))

    def measured(weights: Weights) -> Floats:
        return np.array([ours.average_precisions(w) - theirs.average_precisions(w) for w in weights])

    observed, drawn = _drawn(len(hot), measured, resampling)
    return {name: _interval(observed[number], drawn[:, number]) for number, name in enumerate(parts)}


def resampled(rows: int, seed: np.random.SeedSequence, resamples: int = _BLOCK) -> Weights:
    """Return how often each row is taken, in shape (resamples, rows): Poisson(1), to 1/65,536 of probability."""
    bits = np.random.SFC64(seed)
    drawn = np.empty((resamples, rows), np.uint8)
    for row in drawn:
        np.take(_poisson(), bits.random_raw(rows // 4 + 1).view(np.uint16)[:rows], out=row, mode="clip")
    return drawn


@dataclass(frozen=True)
class Order:
    """Rows by falling score within each part, and in it where each group of equal scores ends that holds a hot row."""

    rows: Rows  # of one part after the other
    hot: Rows  # places of hot rows
    ends: Rows  # the last place of each such group
    hot_until: Rows  # how many rows are hot up to there
    part_of: Rows  # of each group
    firsts: Rows  # the first place of each part
    groups: Rows  # the first group of each part

    @classmethod
    def of(cls, hot: Bools, ranking: Floats, parts: Sequence[Bools] | None = None) -> Self:
        """Sort rows, hot or not, by their scores: of each part, which holds a hot row, or else all together."""
        chosen = [np.flatnonzero(part) for part in parts or [np.ones(len(hot), np.bool_)]]
        sorted_ = [rows[np.argsort(-ranking[rows], kind="stable")] for rows in chosen]
        rows, lasts = np.concatenate(sorted_), np.cumsum([len(part) for part in sorted_]) - 1
        ordered = ranking[rows]
        all_ends = np.union1d(np.flatnonzero(ordered[1:] != ordered[:-1]), lasts)
        places = np.flatnonzero(hot[rows])
        ends = np.unique(all_ends[np.searchsorted(all_ends, places)])
        part_of = np.searchsorted(lasts, ends)
        groups = np.searchsorted(part_of, np.arange(len(lasts)))
        firsts = np.append(0, lasts[:-1] + 1)
        return cls(rows, places, ends, np.searchsorted(places, ends, side="right"), part_of, firsts, groups)

    def average_precision(self, weights: Weights) -> float:
        """Return the average precision of all rows together, where each counts by its weight; NaN if no hot row does.

        It is what scikit-learn's `average_precision_score` gives for the rows repeated so many times.
        """
        return float(self.average_precisions(weights)[0])

    def average_precisions(self, weights: Weights) -> Floats:
        """Return for each part Σ (Rᵢ − Rᵢ₋₁)·Pᵢ over its groups, where each row counts by its weight; else NaN."""
        drawn = np.take(weights, self.rows, mode="clip")  # checks no bounds, which `rows` keeps
        reached = np.cumsum(drawn, dtype=np.uint32)
        right = np.cumsum(drawn[self.hot], dtype=np.uint32)[self.hot_until - 1].astype(np.float64)
        gained = np.diff(right, prepend=0.0)
        # what came in the parts before is taken off
        skipped = np.where(self.firsts > 0, reached[self.firsts - 1], np.uint32(0))
        before = np.where(self.groups > 0, right[self.groups - 1], 0.0)
        inside = right - before[self.part_of]
        precise = gained * inside / np.maximum(reached[self.ends] - skipped[self.part_of], 1)
        total = np.add.reduceat(gained, self.groups)
        with np.errstate(invalid="ignore"):
            found: Floats = np.array([part.sum() for part in np.split(precise, self.groups[1:])]) / total
        return found


@dataclass(frozen=True)
class _Race:
    """The model and its rivals on the same rows, sorted for resampling."""

    model: Order
    rivals: tuple[Order, ...]
    losses: Floats  # (rows, rivals): the model's log loss less each rival's

    @classmethod
    def of(cls, hot: Bools, model: Scores, rivals: Mapping[str, Scores]) -> Self:
        orders = tuple(Order.of(hot, rival.ranking) for rival in rivals.values())
        own = losses(hot, model.probability)
        less = np.column_stack([own - losses(hot, rival.probability) for rival in rivals.values()])
        return cls(Order.of(hot, model.ranking), orders, less)

    def measured(self, weights: Weights) -> Floats:
        """Return average precision and log loss of the model less those of the rivals, for each row of weights."""
        found = np.empty((len(weights), 2, len(self.rivals)))
        for number, drawn in enumerate(weights):
            own = self.model.average_precision(drawn)
            found[number, 0] = [own - rival.average_precision(drawn) for rival in self.rivals]
        found[:, 1] = self._mean_losses(weights)
        return found

    def _mean_losses(self, weights: Weights) -> Floats:
        total = np.zeros((len(weights), len(self.rivals)))
        for start in range(0, len(self.losses), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            total += weights[:, chunk].astype(np.float64) @ self.losses[chunk]
        found: Floats = total / np.maximum(weights.sum(axis=1, dtype=np.int64), 1)[:, None]
        return found


def _drawn(rows: int, measured: Callable[[Weights], Floats], resampling: Resampling) -> tuple[Floats, Floats]:
    """Return what is measured of all rows, each taken once, and of every resample."""
    # BLAS adds up in another order with other numbers of threads; here the blocks are what runs at once.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(resampling.threads or cores()) as pool:
        observed = measured(np.ones((1, rows), np.uint8))[0]
        parts = list(pool.map(lambda seed: measured(resampled(rows, seed)), resampling.seeds()))
    return observed, np.concatenate(parts)[: resampling.resamples]


@cache
def _poisson() -> Weights:
    """Return the number of times for each of 65,536 equally likely draws."""
    from scipy.stats import poisson

    found: Weights = poisson.ppf((np.arange(1 << 16) + 0.5) / (1 << 16), 1.0).astype(np.uint8)
    return found


def _interval(observed: float, drawn: Floats) -> Interval:
    known = drawn[np.isfinite(drawn)]
    lower, upper = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(known) else (observed, observed)
    return Interval(float(observed), float(lower), float(upper))
