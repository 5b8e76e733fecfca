"""Whether features know what only hindsight can: the present-day fields of a snapshot, or the label itself.

The statistic is the rank agreement (Spearman's, as an absolute value) of one column with what is known only now, among
the documents of one cutoff: ranks, because a leak stays one whatever is done to its scale. What is honest follows the
past and so agrees only in part with what came after; what was read from the present agrees almost fully.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from scipy.stats import rankdata

from hotarea.domain.columns import Bools, Floats

FUTURE = "future_rate"
GAINED = "citations gained since"
NORMALISED = "citations of today by those of its age"

COUNTS = ("cite_count", "cite_count_5y", "cite_count_2y", "cite_count_1y")
"""Columns that are compared with themselves as they are today."""

CEILINGS = {FUTURE: 0.90, GAINED: 0.78, NORMALISED: 0.95} | {f"{name} of today": 0.95 for name in COUNTS}
"""The agreement above which a column is refused.

Measured at every cutoff of `hepth` and `arxiv_cs`. With the label's `future_rate` the best honest feature agrees by
0.83 (`rate_1y`), the citations of the horizon by 0.94. With the citations gained since, the best honest ones agree by
0.69 (`cite_count_1y`), today's area by 0.84 and today's count by 0.89. With counts of today, those of the cutoff agree
by 0.89, copies by 1. Each ceiling lies halfway, on Fisher's scale.
"""

PRECISION = 0.98
"""The average precision above which a model is not believed: honest ones reach 0.86 (`hepth`), those that are given the
label's rate 0.99 and more."""

PRESENT_DAY = ("cited_by_count", "counts_by_year", "fwci", "citation_normalized_percentile", "cited_by_percentile_year")
"""OpenAlex's fields that describe the day of the snapshot."""

LEAST_ROWS = 200
"""Of fewer documents the agreement says too little, and none is told: its spread by chance is 0.07 of 200."""

LIMITS = {"max_average_precision": PRECISION, "min_documents": LEAST_ROWS} | {
    f"max agreement with {reference}": ceiling for reference, ceiling in CEILINGS.items()
}
"""All of them by name, as a decision keeps them beside the thresholds of its policy."""


@dataclass(frozen=True)
class Agreement:
    """How far one column agrees with something that only hindsight knows."""

    column: str
    reference: str
    agreement: float

    @property
    def is_implausible(self) -> bool:
        """Whether no honest feature agrees so far."""
        return self.agreement > CEILINGS[self.reference]


def references(then: Mapping[str, Floats], now: Mapping[str, Floats], future: Floats) -> dict[str, Floats]:
    """Return what hindsight knows of documents: from counts at the cutoff and today, ages, and the label's rate.

    A count of today says nothing of a document whose count is as it was: there it is NaN.
    """
    age = np.floor(then["age_years"])
    found = {FUTURE: future, GAINED: now["cite_count"] - then["cite_count"]}
    found[NORMALISED] = _by_age(now["cite_count"], age)
    for name in COUNTS:
        found[f"{name} of today"] = np.where(now[name] == then[name], np.nan, now[name])
    return found


def agreements(columns: Mapping[str, Floats], known: Mapping[str, Floats]) -> list[Agreement]:
    """Return the agreement of each column with each reference, the most implausible first; none where none is told."""
    found = [Agreement(c, r, agreement(v, known[r])) for c, v in columns.items() for r in known]
    told = [each for each in found if isfinite(each.agreement)]
    return sorted(told, key=lambda a: a.agreement - CEILINGS[a.reference], reverse=True)


def compared(columns: Mapping[str, Floats], known: Mapping[str, Floats]) -> dict[str, int]:
    """Return of how many documents each reference and some column are both known: of that column of which most are."""
    return {
        name: max((int(_both(values, reference).sum()) for values in columns.values()), default=0)
        for name, reference in known.items()
    }


def agreement(values: Floats, reference: Floats) -> float:
    """Return the rank agreement of two columns where both are known.

    NaN where that says nothing: both are known of too few documents, or one is the same of all. It is no agreement of
    0, which would be evidence that nothing has leaked.
    """
    known = _both(values, reference)
    if known.sum() < LEAST_ROWS:
        return float("nan")
    ranks = [rankdata(column[known]) for column in (values, reference)]
    if min(np.ptp(rank) for rank in ranks) == 0:
        return float("nan")
    return abs(float(np.corrcoef(*ranks)[0, 1]))


def of_the_present(names: Sequence[str]) -> list[str]:
    """Return the names that say themselves that they describe the present."""
    return [name for name in names if any(field in name.lower() for field in PRESENT_DAY)]


def _both(values: Floats, reference: Floats) -> Bools:
    """Return of which documents two columns are known."""
    found: Bools = np.isfinite(values) & np.isfinite(reference)
    return found


def _by_age(counts: Floats, age: Floats) -> Floats:
    """Return counts divided by the mean of the documents of the same age, as `fwci` does within a field."""
    _, group = np.unique(age, return_inverse=True)
    known = np.isfinite(counts)
    sums = np.bincount(group, np.where(known, counts, 0.0))
    means = sums / np.maximum(np.bincount(group, known), 1)
    return counts / np.where(means > 0, means, 1.0)[group]
