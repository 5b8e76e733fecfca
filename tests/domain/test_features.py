"""The formulas of the features, from tallies."""

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest

from hotarea.domain import features
from hotarea.domain.citation_counts import Snapshot
from hotarea.domain.cutoff_axis import days_since_epoch
from hotarea.domain.tables import COUNTS, FEATURES, RANKED, RATIOS
from hotarea.domain.windows import Cutoff

CUTOFF = Cutoff(date(2016, 12, 31), date(2017, 6, 30))
DAY = days_since_epoch(CUTOFF.day)

CITED = Snapshot(
    document_id=np.array([7], np.int64),
    published=np.array([DAY - 1461], np.int32),  # four years
    is_retracted=np.array([False]),
    cite_count=np.array([4], np.int64),
    citing_days=np.array([4 * DAY - 1461], np.int64),
    references_inside=np.array([9], np.int32),
    counts=np.array([[3], [2], [1]], np.int32),
    sizes=np.array([[13], [8], [5]], np.int64),
    top=np.array([3], np.int32),
)
UNCITED = replace(
    CITED,
    cite_count=np.zeros(1, np.int64),
    citing_days=np.zeros(1, np.int64),
    counts=np.zeros((3, 1), np.int32),
    sizes=np.zeros((3, 1), np.int64),
    top=np.zeros(1, np.int32),
)


def one(tallies: Snapshot) -> dict[str, float]:
    return {name: column.item() for name, column in features.values(tallies, CUTOFF.day).items()}


def test_the_features_of_a_cited_document() -> None:
    assert one(CITED) == {
        "cite_count": 4,
        "cite_count_5y": 3,
        "cite_count_2y": 2,
        "cite_count_1y": 1,
        "size_5y": 13,
        "size_2y": 8,
        "size_1y": 5,
        "references_inside": 9,
        "rate": 13 / 4,
        "rate_1y": 5 / 5,
        "rate_2y": 8 / 5,
        "age_years": 4.0,
        "citing_age_mean": 1.0,
        "citing_share_1y": 1 / 4,
        "citing_rate_1y": (5 - 1) / 4,
        "acceleration": (2 * 5 - 8) / 5,
        "top_citing_1y": 3.0,
    }


@pytest.mark.parametrize("name", ["rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y"])
def test_what_is_per_citing_document_is_null_where_none_cites(name: str) -> None:
    assert np.isnan(one(UNCITED)[name])


@pytest.mark.parametrize("name", ["rate_1y", "rate_2y", "acceleration", "top_citing_1y", "size_5y"])
def test_what_is_per_member_is_zero_where_none_cites(name: str) -> None:
    assert one(UNCITED)[name] == 0


def test_every_ranked_name_has_values() -> None:
    assert tuple(one(CITED)) == RANKED == (*COUNTS, *RATIOS)


def test_a_table_has_the_declared_schema_and_both_dates() -> None:
    found = features.values(UNCITED, CUTOFF.day)
    table = features.table(UNCITED, CUTOFF, found, {name: np.full(1, 0.5) for name in RANKED})
    row = table.to_pylist()[0]
    assert table.schema == FEATURES
    assert row["event_timestamp"] == datetime(2016, 12, 31, tzinfo=UTC)
    assert row["created_timestamp"] == datetime(2017, 6, 30, tzinfo=UTC)
    assert (row["document_id"], row["rate"], row["rate_1y"], row["rate_pct"]) == (7, None, 0.0, 0.5)
