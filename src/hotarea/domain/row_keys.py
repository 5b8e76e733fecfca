"""Which rows a model learned from, as hashes that are kept with it: what proves that it never saw the evaluation."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pandas.util import hash_array

from hotarea.domain.columns import array

Keys = NDArray[np.uint64]

_MICROSECONDS_PER_DAY = 86_400_000_000

_STEP = np.uint64(0x9E3779B97F4A7C15)
"""Makes of pandas' hash of an integer, which is the finish of SplitMix64 (Steele, Lea and Flood, 2014), all of it."""


def keys(rows: pa.Table) -> Keys:
    """Return the hash of each row's document and cutoff, in ascending order.

    64 bits: of a million rows and five million others, two different ones share a hash with probability 3 · 10⁻⁷, and
    then a row is told as seen that was not.
    """
    document = array(rows, "document_id", np.int64).astype(np.uint64)
    cutoff = array(rows, "event_timestamp", np.int64) // _MICROSECONDS_PER_DAY
    found = hash_array(hash_array(document + _STEP) + cutoff.astype(np.uint64) + _STEP)
    found.sort()
    return found


def overlap(one: Keys, other: Keys) -> int:
    """Return how many of the distinct keys of the one are among those of the other."""
    return len(np.intersect1d(one, other))
