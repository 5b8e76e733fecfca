"""How sure a difference of metrics is: the paired bootstrap (Efron, 1979; resampling of rows, percentile interval).

A resample takes each row a number of times that is Poisson distributed with mean 1, independent of the others
(N. Chamandy et al., "Estimating Uncertainty for Massive Data Streams", 2012): its rows number n ± √n. Both contenders
are measured on the same resample. No row is moved: average precision of a resample follows exactly from the rows' order
by score, which is sorted once, and the rows' weights.
"""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from hotarea.domain.columns import Bools, Floats, Rows
from hotarea.domain.evaluation import MODEL, Scores, losses
from hotarea.domain.evidence import Interval
from hotarea.domain.processors import cores

AVERAGE_PRECISION = "average_precision"
LOG_LOSS = "log_loss"

LEVEL = 0.95

_BLOCK = 8  # resamples that share a seed, whatever the number of threads; losses are read once for all of them
_CHUNK = 1 << 14  # rows whose weights are turned into floats at a time: they stay in the processor's cache

Weights = NDArray[np.uint8]
Intervals = dict[str, dict[str, Interval]]
"""By contender, or rival, and metric."""


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


@dataclass(frozen=True)
class Comparison:
    """Average precision and log loss of each contender, and by how much the model exceeds each rival."""

    contenders: Intervals
    differences: Intervals  # rival -> metric


def compared(hot: Bools, model: Scores, rivals: Mapping[str, Scores], resampling: Resampling) -> Comparison:
    """Return what model and rivals reach and by how much they differ, with 95 % intervals, all on the same resamples.

    A resample without a hot row says nothing of average precision and is left out. So is a rival whose scores are not
    all numbers; empty where the model's are not, or the rows are not of both kinds.
    """
    rivals = {name: scores for name, scores in rivals.items() if scores.is_complete}
    if not (rivals and model.is_complete and hot.any() and not hot.all()):
        return Comparison({}, {})
    order = np.argsort(-model.ranking, kind="stable")  # rivals rank alike, so that weights are met nearly in order
    race = _Race.of(hot[order], model.at(order), {name: scores.at(order) for name, scores in rivals.items()})
    observed, drawn = on_resamples(len(hot), race.measured, resampling)
    own, own_drawn = observed[:, 0], drawn[:, :, 0]
    less = {name: (observed[:, at], drawn[:, :, at]) for at, name in enumerate(rivals, 1)}
    theirs = {name: _intervals(own - found, own_drawn - resampled) for name, (found, resampled) in less.items()}
    return Comparison(
        contenders={MODEL: _intervals(own, own_drawn), **theirs},
        differences={name: _intervals(*found) for name, found in less.items()},
    )


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
    masks = [part[order] for part in parts.values()]
    ours, theirs = (Order.of_parts(hot[order], who.ranking[order], masks) for who in (model, rival))
    pairs = [*zip(ours, theirs, strict=True)]

    def measured(weights: Weights) -> Floats:
        return np.array([[a.average_precision(w) - b.average_precision(w) for a, b in pairs] for w in weights])

    observed, drawn = on_resamples(len(hot), measured, resampling)
    return {name: interval(observed[number], drawn[:, number]) for number, name in enumerate(parts)}


def resampled(rows: int, seed: np.random.SeedSequence, resamples: int = _BLOCK) -> Weights:
    """Return how often each row is taken, in shape (resamples, rows): Poisson(1), to 1/65,536 of probability."""
    bits = np.random.SFC64(seed)
    drawn = np.empty((resamples, rows), np.uint8)
    for row in drawn:
        np.take(_poisson(), bits.random_raw(rows // 4 + 1).view(np.uint16)[:rows], out=row, mode="clip")
    return drawn


@dataclass(frozen=True)
class Order:
    """Rows by falling score, and in it where each group of equal scores ends that holds a hot row."""

    rows: Rows
    hot: Rows  # places of hot rows
    ends: Rows  # the last place of each such group
    hot_until: Rows  # how many rows are hot up to there

    @classmethod
    def of(cls, hot: Bools, ranking: Floats) -> Self:
        """Sort rows, hot or not, by their scores."""
        return cls.sorted(np.argsort(-ranking, kind="stable"), hot, ranking)

    @classmethod
    def of_parts(cls, hot: Bools, ranking: Floats, parts: Iterable[Bools]) -> list[Self]:
        """Sort the rows of each part, of which some are hot."""
        rows = np.argsort(-ranking, kind="stable")
        return [cls.sorted(rows[part[rows]], hot, ranking) for part in parts]

    @classmethod
    def sorted(cls, rows: Rows, hot: Bools, ranking: Floats) -> Self:
        """Take rows that are sorted by their scores, all or some of them."""
        ordered = ranking[rows]
        all_ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
        places = np.flatnonzero(hot[rows])
        ends = np.unique(all_ends[np.searchsorted(all_ends, places)])
        return cls(rows, places, ends, np.searchsorted(places, ends, side="right"))

    def average_precision(self, weights: Weights) -> float:
        """Return Σ (Rᵢ − Rᵢ₋₁)·Pᵢ over the groups, where each row counts by its weight; NaN if no hot row does.

        It is what scikit-learn's `average_precision_score` gives for the rows repeated so many times.
        """
        drawn = np.take(weights, self.rows, mode="clip")  # checks no bounds, which `rows` keeps
        reached = np.cumsum(drawn, dtype=np.uint32)[self.ends]
        right = np.cumsum(drawn[self.hot], dtype=np.uint32)[self.hot_until - 1].astype(np.float64)
        if not right[-1]:
            return float("nan")
        gained = np.diff(right, prepend=0.0)
        return float((gained * right / np.maximum(reached, 1)).sum() / right[-1])


@dataclass(frozen=True)
class _Race:
    """The model and its rivals on the same rows, sorted for resampling."""

    model: Order
    rivals: tuple[Order, ...]
    losses: Floats  # (rows, 1 + rivals): the model's log loss, and that less each rival's

    @classmethod
    def of(cls, hot: Bools, model: Scores, rivals: Mapping[str, Scores]) -> Self:
        orders = tuple(Order.of(hot, rival.ranking) for rival in rivals.values())
        own = losses(hot, model.probability)
        less = np.column_stack([own, *(own - losses(hot, rival.probability) for rival in rivals.values())])
        return cls(Order.of(hot, model.ranking), orders, less)

    def measured(self, weights: Weights) -> Floats:
        """Return of each row of weights average precision and log loss of the model, and these less each rival's."""
        found = np.empty((len(weights), 2, 1 + len(self.rivals)))
        for number, drawn in enumerate(weights):
            own = self.model.average_precision(drawn)
            found[number, 0] = [own, *(own - rival.average_precision(drawn) for rival in self.rivals)]
        found[:, 1] = self._mean_losses(weights)
        return found

    def _mean_losses(self, weights: Weights) -> Floats:
        total = np.zeros((len(weights), self.losses.shape[1]))
        for start in range(0, len(self.losses), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            total += weights[:, chunk].astype(np.float64) @ self.losses[chunk]
        found: Floats = total / np.maximum(weights.sum(axis=1, dtype=np.int64), 1)[:, None]
        return found


def on_resamples(rows: int, measured: Callable[[Weights], Floats], resampling: Resampling) -> tuple[Floats, Floats]:
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


def _intervals(observed: Floats, drawn: Floats) -> dict[str, Interval]:
    """Return the interval of each metric: what was observed of it, and of each resample in a row."""
    names = (AVERAGE_PRECISION, LOG_LOSS)
    return {name: interval(observed[at], drawn[:, at]) for at, name in enumerate(names)}


def interval(observed: float, drawn: Floats) -> Interval:
    """Return what was observed, and between what lie 95 % of the numbers among what was drawn."""
    known = drawn[np.isfinite(drawn)]
    lower, upper = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(known) else (observed, observed)
    return Interval(float(observed), float(lower), float(upper))
