"""What is served, from when on, and what the ledger remembers of it."""

import subprocess
import sys
from datetime import date

import pytest

from beam_jobs import online_rows
from hotarea.domain.errors import NotReadyError
from hotarea.domain.records import Materialization
from hotarea.stages import materialize
from hotarea.stores import feature_store
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

FEATURE_VIEWS = ["size_5y_cite_count", "document_citations"]


def answers(settings, column: str, *ids: int) -> list[object]:
    return feature_store.online(settings, "document_area_v1", ids)[column]


def remembered(settings) -> list[Materialization]:
    return Ledger(settings.ledger).all(Materialization)


@pytest.fixture
def two_cutoffs(settings, published):
    """Document 2 exists in 2012 only, document 3 from 2013 on."""
    published.features("2012-12-31", row(1, 10.0), row(2, 2.0))
    published.features("2013-12-31", row(1, 20.0), row(3, None))
    return settings


def row(document: int, rate: float | None, **columns: object) -> dict[str, object]:
    return {"document_id": document, "rate": rate, **columns}


def test_the_newest_cutoff_is_served_without_predictions_while_there_are_none(two_cutoffs):
    written = materialize.run(two_cutoffs, "run-1")

    assert [(m.view, m.cutoff, m.rows, m.run_id) for m in written] == [
        (view, date(2013, 12, 31), 2, "run-1") for view in FEATURE_VIEWS
    ]
    assert all(m.seconds > 0 for m in written)
    assert answers(two_cutoffs, "rate", 1, 2, 3, 99) == [20.0, None, None, None]
    assert answers(two_cutoffs, "cite_count", 1, 2, 3, 99) == [0, None, 0, None]
    assert answers(two_cutoffs, "hot_area", 1) == [None]
    assert remembered(two_cutoffs) == sorted(written, key=lambda m: (m.view, m.materialized_at))


def test_what_is_served_already_is_left_alone(two_cutoffs):
    first = materialize.run(two_cutoffs, "run-1")

    assert materialize.run(two_cutoffs, "run-2") == []
    assert len(remembered(two_cutoffs)) == len(first)


def test_a_new_cutoff_replaces_the_old_and_ends_what_vanished(settings, published):
    published.features("2012-12-31", row(1, 10.0), row(2, 2.0))
    materialize.run(settings, "run-1")
    assert answers(settings, "rate", 1, 2, 3) == [10.0, 2.0, None]

    published.features("2013-12-31", row(1, 20.0), row(3, 3.0))
    materialize.run(settings, "run-2")

    assert answers(settings, "rate", 1, 2, 3) == [20.0, None, 3.0]
    assert answers(settings, "cite_count", 1, 2, 3) == [0, None, 0]


def test_an_older_cutoff_is_served_where_it_is_asked_for(two_cutoffs):
    materialize.run(two_cutoffs, "run-1")

    written = materialize.run(two_cutoffs, "run-2", cutoff=date(2012, 12, 31))
    assert {m.cutoff for m in written} == {date(2012, 12, 31)}
    assert answers(two_cutoffs, "rate", 1, 2, 3) == [10.0, 2.0, None]

    materialize.run(two_cutoffs, "run-3")
    assert answers(two_cutoffs, "rate", 1, 2, 3) == [20.0, None, None]


def test_a_correction_of_the_served_cutoff_is_served(two_cutoffs, published):
    materialize.run(two_cutoffs, "run-1")
    published.features("2013-12-31@2014-06-30", row(1, 99.0), row(3, None))

    assert len(materialize.run(two_cutoffs, "run-2")) == 2
    assert answers(two_cutoffs, "rate", 1) == [99.0]


def test_one_view_can_be_written_alone(two_cutoffs, published):
    published.predictions("2013-12-31", 1, {1: 0.9, 3: 0.2})

    written = materialize.run(two_cutoffs, "run-1", views=["document_predictions"])

    assert [(m.view, m.rows) for m in written] == [("document_predictions", 2)]
    assert answers(two_cutoffs, "hot_area", 1, 2, 3) == [True, None, False]
    assert answers(two_cutoffs, "hot_area_score", 1, 2, 3) == [0.9, None, 0.2]
    assert answers(two_cutoffs, "model_version", 1, 2, 3) == [1, None, 1]
    assert answers(two_cutoffs, "rate", 1) == [None]


def test_the_champions_predictions_are_served(two_cutoffs, published):
    published.predictions("2013-12-31", 1, {1: 0.9})
    published.champion(1)
    published.predictions("2013-12-31", 2, {1: 0.1})  # scored before its promotion

    materialize.run(two_cutoffs, "run-1")
    assert answers(two_cutoffs, "model_version", 1) == [1]

    published.champion(2)
    assert [m.view for m in materialize.run(two_cutoffs, "run-2")] == ["document_predictions"]
    assert answers(two_cutoffs, "model_version", 1) == [2]


def test_of_an_older_cutoff_too_only_the_champions_predictions_are_served(two_cutoffs, published):
    published.predictions("2012-12-31", 1, {1: 0.9})
    materialize.run(two_cutoffs, "run-1", cutoff=date(2012, 12, 31))
    assert answers(two_cutoffs, "model_version", 1) == [1]  # while there is no champion

    published.champion(2)
    published.predictions("2013-12-31", 2, {1: 0.1})
    written = materialize.run(two_cutoffs, "run-2", cutoff=date(2012, 12, 31))
    with pytest.raises(NotReadyError, match="nothing is published for document_predictions at 2012-12-31"):
        materialize.run(two_cutoffs, "run-2", cutoff=date(2012, 12, 31), views=["document_predictions"])

    assert written == []
    assert [m.model_version for m in materialize.run(two_cutoffs, "run-3", views=["document_predictions"])] == [2]


def test_a_rollback_serves_the_predictions_of_before_again(two_cutoffs, published):
    for version in (1, 2):
        published.champion(version)
        published.predictions("2013-12-31", version, {1: version / 10})
        materialize.run(two_cutoffs, f"run-{version}")
    assert answers(two_cutoffs, "hot_area_score", 1) == [0.2]

    published.champion(1)
    materialize.run(two_cutoffs, "run-3")

    assert answers(two_cutoffs, "hot_area_score", 1) == [0.1]
    assert materialize.run(two_cutoffs, "run-4") == []


def test_a_new_champion_without_predictions_leaves_the_old_ones_in_service(two_cutoffs, published):
    published.champion(1)
    published.predictions("2013-12-31", 1, {1: 0.9})
    materialize.run(two_cutoffs, "run-1")

    published.champion(2)

    assert materialize.run(two_cutoffs, "run-2") == []
    assert answers(two_cutoffs, "model_version", 1) == [1]


def test_what_is_published_during_a_write_is_due_afterwards(two_cutoffs, published, monkeypatch):
    write = online_rows.write

    def slow(*arguments):
        measures = write(*arguments)
        if not published_late:
            published_late.append(published.features("2013-12-31@2014-06-30", row(1, 99.0)))
        return measures

    published_late: list[object] = []
    monkeypatch.setattr(online_rows, "write", slow)
    materialize.run(two_cutoffs, "run-1")
    materialize.run(two_cutoffs, "run-2")

    assert answers(two_cutoffs, "rate", 1) == [99.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"cutoff": date(2011, 12, 31)}, r"size_5y_cite_count, document_citations at 2011-12-31.*Build the features"),
        ({"views": ["document_predictions"]}, r"document_predictions at any cutoff.*score the documents"),
        (
            {"views": ["document_dynamics"]},
            r"document_dynamics: not served online; expected some of size_5y_cite_count",
        ),
    ],
)
def test_what_cannot_be_served_is_named(two_cutoffs, arguments, message):
    with pytest.raises(NotReadyError, match=message):
        materialize.run(two_cutoffs, "run-1", **arguments)

    assert remembered(two_cutoffs) == []


def test_nothing_published_is_an_error(settings):
    with pytest.raises(NotReadyError, match="nothing is published for size_5y_cite_count"):
        materialize.run(settings, "run-1")


def test_a_published_set_that_is_gone_is_named_and_the_old_stays_served(settings, published):
    published.features("2012-12-31", row(1, 10.0))
    materialize.run(settings, "run-1")
    gone = Layout(settings.home).feature_set(published.features("2013-12-31", row(1, 20.0)))
    gone.rename(settings.home / "elsewhere")

    with pytest.raises(NotReadyError, match=r"cutoff=2013-12-31/known=2013-12-31 is in the ledger but not on disk"):
        materialize.run(settings, "run-2")

    assert answers(settings, "rate", 1) == [10.0]


def test_the_stage_imports_feast_only_when_it_runs():
    code = "import sys, hotarea.stages.materialize as m; sys.exit('feast' in sys.modules or 'pandas' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
