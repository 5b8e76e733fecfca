"""The registered file in a fresh process, and the audits of what is served."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hotarea.domain import training
from hotarea.domain.errors import JobError, NotReadyError
from hotarea.domain.evidence import Evidence
from hotarea.domain.records import Decision, Materialization, now
from hotarea.domain.settings import Settings
from hotarea.stages import audit, fresh_process, gate, materialize, rehearsal, train
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger, read
from hotarea.stores.training_folder import TrainingFolder
from tests.evidence import POLICY
from tests.histories import History, end
from tests.templates import copied as filled

VIEW = "document_citations"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Settings:
    """A home with one trained candidate; a copy of it is made for each test that changes it."""
    settings = Settings.load(home=tmp_path_factory.mktemp("trained") / "home", horizon_years=1, training_cutoffs=3)
    History(filled(empty_registry, settings)).publish(range(2010, 2016))
    assert train.run(settings, "train")
    return settings


def folder_of(settings: Settings) -> TrainingFolder:
    (path,) = (p for p in Layout(settings.home).runs.iterdir() if p.is_dir())
    return TrainingFolder(path)


def registered_file(settings: Settings) -> Path:
    (file,) = Layout(settings.home).models.rglob("artifacts/**/model.ubj")
    return file


def rehearsed(settings: Settings) -> Evidence:
    folder = folder_of(settings)
    return rehearsal.complete(settings, folder, folder.read_evidence(), "test")


@pytest.fixture
def registered(trained: Settings) -> Path:
    """The model's file in the registry, put back after the test."""
    file = registered_file(trained)
    kept = file.read_bytes()
    yield file
    file.write_bytes(kept)


def test_a_fresh_process_scores_every_request_as_the_evaluation_did(trained):
    found = rehearsal.rehearsed(trained, folder_of(trained), 1)

    assert (found.error, found.requests, found.differing) == ("", rehearsal.REQUESTS, 0)
    assert 0 < found.p50_ms <= found.p99_ms
    assert found.loading_s > 0


def test_every_answer_is_timed_but_the_one_that_warms_up(trained, tmp_path):
    rows = folder_of(trained).rows("evaluation").slice(0, 7)
    pq.write_table(rows, tmp_path / "requests.parquet")

    found = fresh_process.answer(folder_of(trained).model, tmp_path / "requests.parquet")

    assert (len(found.scores), len(found.milliseconds)) == (7, 7 * fresh_process.TIMES)
    assert len(set(found.milliseconds)) > 7  # and not the fastest of each request


def test_a_registered_file_that_is_no_model_is_told(trained, registered):
    registered.write_bytes(b"no model at all")

    found = rehearsal.rehearsed(trained, folder_of(trained), 1)

    assert "is no XGBoost model" in found.error
    assert found.requests == 0


def other_model(trained: Settings, features: tuple[str, ...]) -> bytes:
    """Train on the first columns under other names."""
    rows = folder_of(trained).rows("training")
    values = training.matrix(rows, folder_of(trained).read_plan().features[: len(features)])
    model = training.fit(values, training.labels(rows), features, training.Recipe(rounds=5), seed=1)
    return training.save(model, trained.home / "other.ubj").read_bytes()


def test_a_model_of_features_that_are_not_there_is_told_with_their_names(trained, registered):
    registered.write_bytes(other_model(trained, ("rate_pct", "colour_of_the_cover")))

    found = rehearsal.rehearsed(trained, folder_of(trained), 1)

    assert "features colour_of_the_cover of the model are not among the columns" in found.error


def test_another_model_of_the_same_features_scores_otherwise(trained, registered):
    registered.write_bytes(other_model(trained, folder_of(trained).read_plan().features))

    found = rehearsal.rehearsed(trained, folder_of(trained), 1)

    assert found.error == ""
    assert found.differing > rehearsal.REQUESTS / 2


def test_that_no_answer_comes_in_time_says_nothing_of_the_model(trained, monkeypatch):
    monkeypatch.setattr(rehearsal, "_TIMEOUT_S", 0.05)

    with pytest.raises(JobError, match=r"gave no answer within 0\.05 s; expected 300 scores"):
        rehearsal.rehearsed(trained, folder_of(trained), 1)


def test_that_the_process_is_ended_says_nothing_of_the_model(trained, monkeypatch):
    monkeypatch.setattr(sys, "executable", shutil.which("false"))

    with pytest.raises(JobError, match="ended with status 1 and said: nothing"):
        rehearsal.rehearsed(trained, folder_of(trained), 1)


def test_the_process_ends_with_a_line_and_no_traceback(trained, tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "hotarea.stages.fresh_process", os.devnull, os.devnull, str(tmp_path / "answers")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == fresh_process.UNUSABLE
    assert "Traceback" not in ended.stderr
    assert "is no XGBoost model" in ended.stderr.splitlines()[-1]


# ---- online and offline


def test_what_nobody_brought_online_stops_the_gate_which_decides_nothing(trained):
    with pytest.raises(NotReadyError, match=r"document_citations, .* serves nothing .*expected cutoff 2015-12-31"):
        gate.run(trained, folder_of(trained).path.name, "gate")

    assert read(trained.ledger, Decision) == []
    assert folder_of(trained).read_evidence().rehearsal is None  # so that the next try finds out


def test_a_home_that_serves_nothing_needs_no_audit(trained):
    folder = folder_of(trained)

    found = rehearsal.complete(trained, folder, folder.read_evidence(), "test", serves=False)

    assert (found.serves, found.online_views, found.online_features, found.agreement) == (False, (), (), {})


@pytest.fixture(scope="module")
def online(trained: Settings, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A copy in which what the model reads is served."""
    settings = copied(trained, tmp_path_factory.mktemp("online"))
    materialize.run(settings, "online", views=[VIEW])
    return settings


def failed(settings: Settings, moment: datetime) -> None:
    """Remember an audit of one document, which differed."""
    [own] = audit.compare(settings, "another", [VIEW])
    with Ledger(settings.ledger) as ledger:
        ledger.add(replace(own, documents=1, wrong=1, share=1.0, success=False, audited_at=moment))


def test_the_gate_audits_what_is_served_and_what_failed_before_it_was_written_is_over(online):
    failed(online, read(online.ledger, Materialization)[-1].materialized_at)

    found = rehearsed(online)

    assert (found.serves, found.online_views) == (True, (VIEW,))  # document_dynamics is for the model alone
    assert found.online_features == ("age_years",)
    assert found.agreement[VIEW].documents >= POLICY.serving.min_documents
    assert (found.agreement[VIEW].share, found.agreement[VIEW].cutoff) == (0.0, "2015-12-31")


def test_a_refusal_for_what_was_answered_online_is_mended_by_writing_that_anew(online):
    """One document that differed counts, however many agree in a later audit, until all rows are written."""
    training_id = folder_of(online).path.name
    failed(online, now())

    first = gate.run(online, training_id, "first")
    assert (first.verdict, first.is_for_serving) == ("reject", True)
    assert f"share of audited documents that {VIEW} answers otherwise online than offline: 1" in first.reasons[0]
    assert "refused its version 1" in (train.due(online)[1] or "")

    materialize.run(online, "mended", views=[VIEW])

    assert train.is_due(online)
    assert gate.run(online, train.run(online, "train"), "mended").accepted


def test_a_store_that_serves_an_older_cutoff_is_behind_and_the_model_not_to_blame(online):
    materialize.run(online, "older", end(2014), views=[VIEW])

    with pytest.raises(NotReadyError, match=r"serves cutoff 2014-12-31 .*expected cutoff 2015-12-31 or later"):
        rehearsed(online)


def copied(trained: Settings, tmp_path: Path) -> Settings:
    """Copy the home; the registry's artifacts stay where they are."""
    home = tmp_path / "home"
    shutil.copytree(trained.home, home)
    return Settings.load(home=home, horizon_years=1, training_cutoffs=3)
