"""Exact percentiles and quantiles of values that lie in several places."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.columns import Columns, Floats, Int32s, Ints

_TABLE = 1 << 16

MERGED = 4_000_000
"""About so many values are brought together at a time: they take 0.3 GiB."""

_SAMPLED = 256  # values of a part, for each of which a range is chosen


@dataclass(frozen=True)
class Distribution(Columns):
    """Distinct values in ascending order, and how often each occurs."""

    values: Floats
    counts: Ints


def distribution(values: Ints | Int32s | Floats) -> Distribution:
    """Return the distribution of the values that are not null (NaN)."""
    if _are_small(values):
        found = np.bincount(values)
        some = np.flatnonzero(found)
        return Distribution(some.astype(np.float64), found[some])
    numbers = values.astype(np.float64) + 0.0  # makes 0 of −0: they are equal, but have different hashes
    distinct, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    return Distribution(distinct, counts)


def merged(parts: Sequence[Distribution]) -> Distribution:
    """Return the distribution of all parts' values."""
    joined = Distribution.concatenate(parts)
    distinct, place = np.unique(joined.values, return_inverse=True)
    return Distribution(distinct, np.bincount(place, joined.counts, len(distinct)).astype(np.int64))


def mid_ranks(whole: Distribution, smaller: int = 0, everything: int | None = None) -> Floats:
    """Return the percentile of each distinct value: (2 · smaller + equal) / (2 · all), itself among the equal.

    Where `whole` is a range of values only, so many are `smaller` than all of it, and so many there are of everything.
    """
    equal = whole.counts
    below = smaller + np.cumsum(equal) - equal
    result: Floats = (2 * below + equal) / (2 * (equal.sum() if everything is None else everything))
    return result


def ladders(parts: Sequence[Distribution], at_most: int = MERGED) -> Iterator[tuple[int, Floats, Floats]]:
    """Yield (number of a part, some of its values, their percentiles among the values of all parts), piece by piece.

    Ranges of values are merged one after another, about `at_most` values at a time, so that parts that lie in files
    need never be in memory as a whole. The pieces of a part ascend.
    """
    everything = sum(int(part.counts.sum(dtype=np.int64)) for part in parts)
    smaller, begins = 0, [0] * len(parts)
    for bound in _bounds(parts, at_most):
        ends = [int(np.searchsorted(part.values, bound, side="right")) for part in parts]
        pieces = [part.take(slice(*span)) for part, span in zip(parts, zip(begins, ends, strict=True), strict=True)]
        whole = merged(pieces)
        steps = mid_ranks(whole, smaller, everything)
        for number, piece in enumerate(pieces):
            if len(piece):
                yield number, np.array(piece.values), steps[np.searchsorted(whole.values, piece.values)]
        smaller += int(whole.counts.sum())
        begins = ends


def _bounds(parts: Sequence[Distribution], at_most: int) -> list[float]:
    """Return the ends of ranges that hold about as many values each, and `at_most`; the last is endless."""
    ranges = -(-sum(map(len, parts)) // at_most)
    if ranges <= 1:
        return [np.inf]
    every = max(min(at_most // (_SAMPLED * len(parts)), at_most), 1)
    sample = np.sort(np.concatenate([part.values[::every] for part in parts]))
    inner = np.unique(sample[np.arange(1, ranges) * len(sample) // ranges])
    return [*inner.tolist(), np.inf]


def percentiles(values: Ints | Int32s | Floats, ladder: Floats, steps: Floats) -> Floats:
    """Return the percentile of each value; `ladder` holds distinct values, `steps` theirs. Null stays null."""
    if _are_small(values):
        table = np.full(int(values.max()) + 1, np.nan)
        table[ladder.astype(np.int64)] = steps
        return table[values]
    place = pc.index_in(pa.array(values + 0.0, from_pandas=True), value_set=pa.array(ladder))
    result: Floats = pc.take(pa.array(steps), place).to_numpy(zero_copy_only=False)
    return result


def _are_small(values: Ints | Int32s | Floats) -> TypeGuard[Ints | Int32s]:
    """Whether values are counts so small that a table of all possible ones is no longer than they are many."""
    if values.dtype.kind != "i" or not len(values):
        return False
    return int(values.min()) >= 0 and int(values.max()) <= max(len(values), _TABLE)


def quantile(whole: Distribution, share: float) -> float:
    """Return the quantile with linear interpolation, as `numpy.quantile` has it; raises ValueError if there are none.

    Definition 7 of R. J. Hyndman and Y. Fan, "Sample quantiles in statistical packages", The American Statistician 50
    (1996).
    """
    if not len(whole):
        raise ValueError("a quantile of no values was asked for; expected one value or more")
    reached = np.cumsum(whole.counts)
    place = (int(reached[-1]) - 1) * share
    below = int(place)
    neighbours = whole.values[np.searchsorted(reached, [below, min(below + 1, int(reached[-1]) - 1)], side="right")]
    return float(np.quantile(neighbours, place - below))
