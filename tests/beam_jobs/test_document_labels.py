"""The label job on a runner: the worked example, an eventful corpus against SQL."""

import pyarrow.parquet as pq
import pytest

from hotarea.domain.tables import LABELS
from hotarea.stores.layout import Layout
from tests import oracle
from tests.beam_jobs.conftest import Built
from tests.corpora import EVENTFUL, WORKED_EXAMPLE, A, B, C, cutoff
from tests.differences import differences


def test_the_worked_example_of_the_design(built: Built) -> None:
    built.deliver(WORKED_EXAMPLE)
    at = cutoff(2016, known=2017)
    result = built.labels([at], years=1)
    rows = {row["document_id"]: row for row in built.label_table(at).to_pylist()}
    assert {i: (r["future_size"], r["future_rate"], r["eligible"]) for i, r in rows.items()} == {
        A: (2, (0 + 1 + 1) / (2 + 1), True),
        B: (2, (1 + 1) / (1 + 1), True),  # D cites B, and C, which is in the area of B
        C: (1, 1.0, False),
    }
    low, high = 2 / 3, 1.0
    assert {r["threshold"] for r in rows.values()} == {high - (high - low) * (1 - 0.9)}
    assert [rows[i]["hot_area"] for i in (A, B, C)] == [False, True, None]
    assert result["cutoffs"][str(at)] == {"rows": 3, "eligible": 2, "hot": 1, "threshold": rows[A]["threshold"]}


@pytest.mark.parametrize(("years", "quantile"), [(1, 0.9), (3, 0.25)])
def test_an_eventful_corpus_is_what_sql_counts(built: Built, years: int, quantile: float) -> None:
    built.deliver(EVENTFUL, parts=2)
    known = {1: {2010: 2011, 2011: 2012, 2012: 2014, 2014: 2015}, 3: {2010: 2014, 2011: 2014, 2012: 2015}}[years]
    cutoffs = [cutoff(day, at) for day, at in known.items()]
    built.labels(cutoffs, "--shards=3", years=years, quantile=quantile)
    for at in cutoffs:
        expected = oracle.labels(built.home / "lake", built.releases, at, years, quantile)
        assert differences(built.label_table(at), expected) == {}


def test_a_retraction_that_is_known_by_the_horizon_takes_the_label_away(built: Built) -> None:
    built.deliver(EVENTFUL)
    at = cutoff(2011, 2012)
    built.labels([at])
    rows = {row["document_id"]: row for row in built.label_table(at).to_pylist()}
    assert (rows[14]["eligible"], rows[14]["hot_area"]) == (False, None)
    assert rows[11]["eligible"]


def test_where_nothing_is_cited_nothing_is_eligible(built: Built) -> None:
    built.deliver(WORKED_EXAMPLE)
    result = built.labels([cutoff(2010, known=2014)])
    assert result["cutoffs"] == {
        "2010-12-31@2014-12-31": {"rows": 1, "eligible": 0, "hot": 0, "threshold": 0.0},
    }


def test_files_have_the_declared_schema(built: Built) -> None:
    built.deliver(WORKED_EXAMPLE)
    built.labels([cutoff(2016, known=2017)])
    parts = list(Layout(built.output).label_set(cutoff(2016, 2017)).iterdir())
    assert {pq.read_schema(part) == LABELS for part in parts} == {True}


def test_no_cutoff_is_no_work(built: Built) -> None:
    assert built.labels([]) == {"cutoffs": {}, "seconds": 0.0}
