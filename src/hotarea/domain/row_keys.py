"""Which rows a model learned from, as hashes that are kept with it: what proves that it never saw the evaluation."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hotarea.domain.columns import array

Keys = NDArray[np.uint64]

_MICROSECONDS_PER_DAY = 86_400_000_000


def keys(rows: pa.Table) -> Keys:
    """Return the hash of each row's document and cutoff, in ascending order.

    64 bits: of a million rows and five million others, two different ones share a hash with probability 3 · 10⁻⁷, and
    then a row is told as seen that was not.
    """
    document = array(rows, "document_id", np.int64).astype(np.uint64)
    cutoff = array(rows, "event_timestamp", np.int64) // _MICROSECONDS_PER_DAY
    found = _mixed(_mixed(document) + cutoff.astype(np.uint64))
    found.sort()
    return found


def overlap(one: Keys, other: Keys) -> int:
    """Return how many of the distinct keys of the one are among those of the other."""
    return len(np.intersect1d(one, other))


def _mixed(values: Keys) -> Keys:
    """Return the values scattered over 64 bits: the one-to-one finish of SplitMix64 (Steele, Lea and Flood, 2014)."""
    with np.errstate(over="ignore"):
        mixed = values + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        found: Keys = mixed ^ (mixed >> np.uint64(31))
    return found
