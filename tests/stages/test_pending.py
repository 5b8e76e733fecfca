"""A restart goes on at the first stage with work, and knows when there is none."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hotarea.domain.errors import RawDataError
from hotarea.domain.records import (
    Champion,
    Decision,
    Materialization,
    PredictionSet,
    TrainingPickup,
    TrainingRun,
    now,
)
from hotarea.domain.settings import Settings
from hotarea.stages import gate, materialize, pending, promote, sample, score, train
from hotarea.stores.ledger import Ledger
from tests.conftest import PROJECT
from tests.homes import built, ingested
from tests.templates import copied


@pytest.fixture(scope="module")
def follower(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Settings:
    """A home that follows a small sample corpus."""
    home = tmp_path_factory.mktemp("pending") / "home"
    settings = Settings.load(home=home, project=PROJECT, horizon_years=2, raw=home / "raw" / "sample")
    sample.run(settings, works=3000)
    return copied(empty_registry, settings)


def forget(settings: Settings, kind: type, **where: object) -> None:
    """Remove records, as if an interruption had come before they were written."""
    import sqlalchemy as sa

    clause = " AND ".join(f"{name} = :{name}" for name in where)
    engine = sa.create_engine(settings.ledger)
    with engine.begin() as connection:
        done = connection.execute(sa.text(f"DELETE FROM {kind.__name__.lower()} WHERE {clause}"), where)
        assert done.rowcount > 0
    engine.dispose()


def test_each_stage_follows_the_one_before(follower: Settings) -> None:
    def decide(run_id: str) -> None:
        assert gate.run(follower, train.run(follower, run_id), run_id).accepted
        promote.run(follower, None, run_id)

    steps: list[tuple[str, Callable[[str], object]]] = [
        ("ingest_releases", lambda _: ingested(follower, follower.raw)),
        ("build_features", lambda run_id: (built(follower), materialize.run(follower, run_id))),
        ("train_model", decide),
        ("score_documents", lambda run_id: (score.run(follower, run_id), materialize.run(follower, run_id))),
    ]
    for dag_id, step in steps:
        work = pending.first(follower)
        assert work is not None
        assert work.dag_id == dag_id
        step("test")
    assert pending.first(follower) is None


def test_a_view_that_was_not_served_is_work(follower: Settings) -> None:
    with Ledger(follower.ledger) as ledger:
        assert {m.cutoff for m in ledger.all(Materialization)} == {date(2024, 12, 31)}
    forget(follower, Materialization, view="document_citations")
    work = pending.first(follower)
    assert work is not None
    assert (work.dag_id, work.reason) == ("build_features", "document_citations must be brought online")
    materialize.run(follower, "test")
    assert pending.first(follower) is None


def test_predictions_that_were_not_published_are_work(follower: Settings) -> None:
    forget(follower, PredictionSet, model_version=1)
    work = pending.first(follower)
    assert work is not None
    assert work.dag_id == "score_documents"


def test_a_training_that_was_begun_and_not_decided_on_goes_on_by_force(follower: Settings) -> None:
    with Ledger(follower.ledger) as ledger:
        (trained,), (decided,) = ledger.all(TrainingRun), ledger.all(Decision)
        ledger.add(TrainingPickup(number=1, training_id=trained.training_id, run_id="killed"))
    forget(follower, Champion, model_version=1)
    forget(follower, Decision, training_id=trained.training_id)

    work = pending.first(follower)

    assert work is not None
    assert (work.dag_id, work.conf) == ("train_model", {"reason": "going on", "force": True})
    with Ledger(follower.ledger) as ledger:
        ledger.add(replace(decided, verdict="hold", accepted=False, decided_at=now(), champion_version=None))
    assert pending.first(follower) is None


def test_a_training_that_the_arbiter_would_not_accept_is_no_work(follower: Settings) -> None:
    """The newest cutoff is another, after so many trainings that the week's budget is spent."""
    other = follower.model_copy(update={"seed": 8})
    with Ledger(follower.ledger) as ledger:
        forget(follower, Decision, verdict="hold")
        due = pending.first(other)
        for number in range(2, 40):
            ledger.add(TrainingPickup(number=number, training_id=f"2020-12-31-{number}", run_id=str(number)))

    assert due is not None
    assert (due.dag_id, "force" in due.conf) == ("train_model", False)
    assert pending.first(other) is None


def test_a_home_keeps_to_its_corpus(follower: Settings, tmp_path: Path) -> None:
    assert pending.followed(follower.model_copy(update={"raw": None})) == follower.raw
    with pytest.raises(RawDataError, match="one home holds one corpus"):
        pending.followed(follower.model_copy(update={"raw": tmp_path}))


def test_a_new_home_follows_what_it_is_told(settings: Settings, tmp_path: Path) -> None:
    assert pending.followed(settings) is None
    assert pending.followed(settings.model_copy(update={"raw": tmp_path})) == tmp_path
