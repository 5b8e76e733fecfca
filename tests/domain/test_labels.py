"""Eligibility, future rates, the threshold and what is hot."""

from datetime import date

import numpy as np
import pytest

from hotarea.domain import labels
from hotarea.domain.citation_counts import Snapshot
from hotarea.domain.labels import UNREACHED, FutureRates, LabelRule
from hotarea.domain.percentiles import distribution
from hotarea.domain.tables import LABELS
from hotarea.domain.windows import Cutoff

CUTOFF = Cutoff(date(2014, 12, 31), date(2017, 12, 31))
RULE = LabelRule(horizon_years=3, hot_quantile=0.5)


def tallies(*rows: tuple[int, int, bool]) -> Snapshot:
    """Make what was counted at one cutoff, of (cite_count, future size of the area, is_retracted)."""
    counts = np.array([r[0] for r in rows], np.int64)
    sizes = np.array([[r[1] for r in rows]], np.int64)
    none = np.zeros(len(rows), np.int64)
    return Snapshot(
        np.arange(len(rows), dtype=np.int64),
        none.astype(np.int32),
        np.array([r[2] for r in rows], np.bool_),
        counts,
        *(none, sizes, sizes, none, none),
    )


def test_who_is_eligible_and_the_future_rate() -> None:
    outcome = FutureRates.of(tallies((1, 4, False), (0, 3, False), (3, 8, True)))
    assert outcome.eligible.tolist() == [True, False, False]
    assert outcome.future_rate.tolist() == [4 / 2, 3 / 1, 8 / 4]


def test_ties_at_the_threshold_are_not_hot() -> None:
    rows = tallies((1, 2, False), (1, 2, False), (1, 2, False), (1, 8, False), (0, 99, False), (1, 99, True))
    outcome = FutureRates.of(rows)
    bar = RULE.threshold(distribution(outcome.future_rate[outcome.eligible]))
    table = labels.table(rows, CUTOFF, bar)
    assert bar == 1.0
    assert table["hot_area"].to_pylist() == [False, False, False, True, None, None]
    assert table["eligible"].to_pylist() == [True] * 4 + [False] * 2
    assert table["threshold"].to_pylist() == [1.0] * 6
    assert table.schema == LABELS


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_threshold_is_numpys_quantile(share: float) -> None:
    rates = np.random.default_rng(4).integers(0, 30, 101) / 7
    assert LabelRule(1, share).threshold(distribution(rates)) == np.quantile(rates, share)


def test_where_nothing_is_eligible_nothing_is_hot() -> None:
    rows = tallies((0, 5, False), (2, 5, True))
    table = labels.table(rows, CUTOFF, RULE.threshold(distribution(np.empty(0))))
    assert table["hot_area"].to_pylist() == [None, None]
    assert set(table["threshold"].to_pylist()) == {UNREACHED}


def test_the_window_follows_from_the_horizon() -> None:
    assert [(w.after, w.until) for w in RULE.windows] == [(0, 3)]
