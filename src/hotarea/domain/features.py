"""The features of documents at a cutoff, from what was counted."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hotarea.domain.citation_counts import Snapshot
from hotarea.domain.columns import Floats
from hotarea.domain.cutoff_axis import days_since_epoch, past
from hotarea.domain.tables import COUNTS, FEATURES, RANKED, STAMP
from hotarea.domain.windows import Cutoff

WINDOWS = (past(5), past(2), past(1))
"""The windows in which citations are counted, in the order of `Snapshot.counts` and `Snapshot.sizes`."""

_YEAR = 365.25  # days


def values(tallies: Snapshot, day: date) -> dict[str, NDArray[Any]]:
    """Return the features of one cutoff's documents, as the design defines them, by name; NaN is null."""
    counted = _counts(tallies)
    return counted | _ratios(tallies, counted, days_since_epoch(day))


def _counts(tallies: Snapshot) -> dict[str, NDArray[Any]]:
    names = [f"{what}_{window.name}" for what in ("cite_count", "size") for window in WINDOWS]
    found = dict(zip(names, [*tallies.counts, *tallies.sizes], strict=True))
    found |= {"cite_count": tallies.cite_count, "references_inside": tallies.references_inside}
    return {name: found[name] for name in COUNTS}


def _ratios(tallies: Snapshot, counted: Mapping[str, NDArray[Any]], day: int) -> dict[str, NDArray[Any]]:
    cited = np.where(counted["cite_count"] > 0, counted["cite_count"], np.nan)
    members = counted["cite_count"] + 1
    one, two = counted["size_1y"], counted["size_2y"]
    return {
        "rate": counted["size_5y"] / cited,
        "rate_1y": one / members,
        "rate_2y": two / members,
        "age_years": (day - tallies.published) / _YEAR,
        "citing_age_mean": (counted["cite_count"] * day - tallies.citing_days) / (_YEAR * cited),
        "citing_share_1y": counted["cite_count_1y"] / cited,
        "citing_rate_1y": (one - counted["cite_count_1y"]) / cited,
        "acceleration": (2 * one - two) / members,
        "top_citing_1y": tallies.top,
    }


def table(
    tallies: Snapshot, cutoff: Cutoff, found: Mapping[str, NDArray[Any]], percentiles: Mapping[str, Floats]
) -> pa.Table:
    """Return the rows of `tables.FEATURES` of one cutoff's documents, given their `values` and percentiles by name."""
    ranks = {f"{name}_pct": percentiles[name] for name in RANKED}
    return stamped(tallies, cutoff, {**found, **ranks}, FEATURES)


def stamped(tallies: Snapshot, cutoff: Cutoff, found: Mapping[str, NDArray[Any]], schema: pa.Schema) -> pa.Table:
    """Put the key columns before others: the document, the cutoff, and the date from which the row was known."""
    keys = {
        "document_id": pa.array(tallies.document_id),
        "event_timestamp": _moment(cutoff.day, len(tallies)),
        "created_timestamp": _moment(cutoff.known, len(tallies)),
    }
    columns = keys | {name: pa.array(column, from_pandas=True) for name, column in found.items()}
    return pa.table([columns[f.name].cast(f.type) for f in schema], schema=schema)


def _moment(day: date, rows: int) -> pa.Array:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return pa.repeat(pa.scalar(midnight, STAMP), rows)
