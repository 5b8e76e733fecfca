"""How far a distribution has moved: the population stability index (PSI), and the distance of two histograms."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hotarea.domain.columns import Floats

BINS = 5
FLOOR = 0.005
"""Share that an empty bin counts as; it bounds what one bin can add to the index."""

SCORE_QUANTILES = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 0.99, 1.0)
"""Where the bins of scores begin and end: what is called hot is the last tenth, so that most of them are there."""

FIRM_FROM = 0.8
"""The quantile from which scores count for one bin alone: one that passes the threshold by little is called hot as
well. Shared by two bins, a tenth of all that does so gives a PSI of 0.03 instead of 0.4."""


def psi(reference: Floats, current: Floats, edges: Floats) -> float:
    """Return the population stability index Σ (c − r)·ln(c / r) over the bins' shares r and c, nulls being one bin.

    Shares are those of `shares`, at least `FLOOR`. Below 0.1 is usually called stable and above 0.25 shifted, for a
    population that is scored again (Siddiqi, Credit Risk Scorecards, 2006); a growing corpus moves more (see
    `hotarea.domain.gate`). NaN if either side has no rows.
    """
    if not (len(reference) and len(current)):
        return float("nan")
    return index(shares(reference, edges), shares(current, edges))


def index(reference: Floats, current: Floats) -> float:
    """Return the PSI of the shares of the same bins."""
    r, c = np.maximum(reference, FLOOR), np.maximum(current, FLOOR)
    return float(((c - r) * np.log(c / r)).sum())


def shares(values: Floats, edges: Floats, firm: int = 0) -> Floats:
    """Return what share of `values` each bin between ascending `edges` holds, and last the share of nulls.

    A value counts for the two bins whose centres it lies between, in proportion. Percentiles of counts are atoms (a
    third of all cited documents have one citation) that move by hundredths from year to year: with hard edges, one
    atom that steps over an edge makes a PSI of 5 where nothing has happened. In the last `firm` bins a value counts for
    its own alone, which is the one whose lower edge it is above.
    """
    known = values[~np.isnan(values)]
    bins = len(edges) - 1
    at, soft = np.interp(known, edges, np.arange(bins + 1)), bins - firm
    place = np.where(at > soft, np.ceil(at) - 1, np.clip(at - 0.5, 0, soft - 1))
    lower = np.minimum(place.astype(np.intp), bins - 2)
    upper_share = place - lower
    counts = np.bincount(lower, 1 - upper_share, bins) + np.bincount(lower + 1, upper_share, bins)
    return np.append(counts, len(values) - len(known)) / len(values)


def edges_of(name: str, reference: Floats) -> Floats:
    """Return the edges of a feature's bins: equal parts of 0 … 1 for a percentile, else quantiles of the reference."""
    if name.endswith("_pct"):
        return np.linspace(0.0, 1.0, BINS + 1)
    return quantile_edges(reference, np.linspace(0, 1, BINS + 1))


def firm_bins(scores: Floats, edges: Floats) -> int:
    """Return how many of the last bins of scores are beyond `FIRM_FROM`; two at least are left that share."""
    beyond = int((edges > np.quantile(scores, FIRM_FROM)).sum())
    return min(beyond, len(edges) - 3)


def quantile_edges(reference: Floats, quantiles: Sequence[float] | Floats) -> Floats:
    """Return the quantiles of a reference as edges, each once, at least three.

    A reference without any value, or with only one, gets edges around zero or around that value.
    """
    known = reference[~np.isnan(reference)]
    found = np.unique(np.quantile(known, quantiles)) if len(known) else np.zeros(1)
    if len(found) > 2:
        return found
    return np.array([found[0] - 1, found.mean(), found[-1] + 1])


@dataclass(frozen=True)
class Histogram:
    """Ascending values, and how often each occurs."""

    values: Floats
    counts: Floats

    @classmethod
    def of(cls, values: Floats) -> "Histogram":
        """Return the histogram of values, none of them null."""
        found, counts = np.unique(values, return_counts=True)
        return cls(found, counts.astype(np.float64))


@dataclass(frozen=True)
class Distance:
    """Where two distributions differ most: which share of each is at most `value`, and how far the shares are apart."""

    value: float
    here: float
    there: float

    @property
    def distance(self) -> float:
        """Return the Kolmogorov-Smirnov distance, in 0 … 1."""
        return abs(self.here - self.there)


def distance(here: Histogram, there: Histogram) -> Distance:
    """Return where two distributions, neither of them empty, differ most.

    Unlike the PSI it needs no bins, and values that many rows share move it only by the share of the rows that moved.
    """
    values = np.union1d(here.values, there.values)
    one, other = (_cumulated(side, values) for side in (here, there))
    at = int(np.abs(one - other).argmax())
    return Distance(float(values[at]), float(one[at]), float(other[at]))


def _cumulated(side: Histogram, values: Floats) -> Floats:
    """Return which share of a distribution is at most each of the values."""
    shares = np.append(0.0, side.counts.cumsum() / side.counts.sum())
    return shares[np.searchsorted(side.values, values, side="right")]
