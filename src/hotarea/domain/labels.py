"""The labels of documents at a matured cutoff: whose area was cited most in the years that followed."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa

from hotarea.domain.citation_counts import Snapshot
from hotarea.domain.columns import Bools, Floats
from hotarea.domain.cutoff_axis import Window, ahead
from hotarea.domain.features import stamped
from hotarea.domain.percentiles import Distribution, quantile
from hotarea.domain.tables import LABELS
from hotarea.domain.windows import Cutoff

UNREACHED = 0.0
"""The threshold where no document is eligible, so that none is above it."""


@dataclass(frozen=True)
class LabelRule:
    """How far ahead a label looks, and above which quantile of `future_rate` an area is hot."""

    horizon_years: int
    hot_quantile: float

    @property
    def windows(self) -> tuple[Window, ...]:
        """The windows in which citations are counted."""
        return (ahead(self.horizon_years),)

    def threshold(self, rates: Distribution) -> float:
        """Return the rate that hot areas exceed, given the eligible documents' rates."""
        return quantile(rates, self.hot_quantile) if len(rates) else UNREACHED


@dataclass(frozen=True)
class FutureRates:
    """What became of documents at a cutoff."""

    eligible: Bools
    future_rate: Floats

    @classmethod
    def of(cls, tallies: Snapshot) -> Self:
        """Return eligibility and the future rate: future citations of the area per member of the area."""
        eligible = (tallies.cite_count > 0) & ~tallies.is_retracted
        return cls(eligible, tallies.sizes[0] / (tallies.cite_count + 1))


def table(tallies: Snapshot, cutoff: Cutoff, threshold: float) -> pa.Table:
    """Return the rows of `tables.LABELS` of one cutoff's documents."""
    outcome = FutureRates.of(tallies)
    hot = pa.array(outcome.future_rate > threshold, mask=~outcome.eligible)
    found = {
        "eligible": outcome.eligible,
        "future_size": tallies.sizes[0],
        "future_rate": outcome.future_rate,
        "hot_area": hot,
        "threshold": np.full(len(tallies), threshold),
    }
    return stamped(tallies, cutoff, found, LABELS)
