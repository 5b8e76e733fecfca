"""Exact percentiles and quantiles of values that lie in several places."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.columns import Columns, Floats, Int32s, Ints

_TABLE = 1 << 16


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


def mid_ranks(whole: Distribution) -> Floats:
    """Return the percentile of each distinct value: (2 · smaller + equal) / (2 · all), itself among the equal."""
    equal = whole.counts
    smaller = np.cumsum(equal) - equal
    result: Floats = (2 * smaller + equal) / (2 * equal.sum())
    return result


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
