"""The registered file in a fresh process, and the audits of what is served."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from hotarea.domain import training
from hotarea.domain.errors import JobError
from hotarea.domain.evidence import Evidence
from hotarea.domain.settings import Settings
from hotarea.stages import audit, fresh_process, materialize, rehearsal, train
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder
from tests.histories import History
from tests.templates import copied as filled


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


def test_what_nobody_brought_online_stays_missing(trained, caplog):
    found = rehearsed(trained)

    assert found.online_views == ("document_citations",)  # document_dynamics is for the model alone
    assert found.disagreement == {}
    assert "cannot be audited: nothing was written to the online store" in caplog.text


def test_a_home_that_serves_nothing_needs_no_audit(trained):
    folder = folder_of(trained)

    found = rehearsal.complete(trained, folder, folder.read_evidence(), "test", serves=False)

    assert (found.online_views, found.disagreement) == ((), {})


def test_what_was_audited_since_it_was_written_counts(trained, tmp_path):
    settings = copied(trained, tmp_path)
    materialize.run(settings, "online")
    [first] = audit.run(settings, "audit", ["document_citations"])
    spoiled = replace(first, share=0.25, audited_at=first.audited_at.replace(year=2100))
    with Ledger(settings.ledger) as ledger:
        ledger.add(spoiled)

    assert rehearsed(settings).disagreement == {"document_citations": 0.25}


def test_what_was_written_and_not_audited_is_audited_now(trained, tmp_path):
    settings = copied(trained, tmp_path)
    materialize.run(settings, "online")

    assert rehearsed(settings).disagreement == {"document_citations": 0.0}


def copied(trained: Settings, tmp_path: Path) -> Settings:
    """Copy the home; the registry's artifacts stay where they are."""
    home = tmp_path / "home"
    shutil.copytree(trained.home, home)
    return Settings.load(home=home, horizon_years=1, training_cutoffs=3)
