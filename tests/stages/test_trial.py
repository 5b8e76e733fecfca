"""Trying raw folders: what is told of good and broken ones, on the command line as well, and that nothing is kept."""

import json
import logging
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from hotarea.domain.errors import ValidationError
from hotarea.domain.records import Problem, Release, Validation
from hotarea.domain.settings import Settings
from hotarea.stages import ingest, status, trial
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests import faults, wrong
from tests.conftest import PROJECT
from tests.templates import copied


def kept(settings: Settings, kind: type) -> list:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(kind)


def test_a_good_folder_passes_and_nothing_is_published(settings, tmp_path):
    raw = faults.tiny_delivery(tmp_path / "raw")
    found = trial.run(settings, "r", raw)
    assert found.error is None
    subjects = [f"raw {year}-12-31" for year in (2010, 2011, 2012)]
    assert [(v.dataset, v.subject) for v in found.outcomes] == [
        *(("releases", subject) for subject in subjects),
        ("raw_works", "raw 2012-12-31"),
        *((dataset, subject) for dataset in ("documents", "citations") for subject in subjects),
    ]
    assert all(v.success and Path(v.report).is_file() for v in found.outcomes)
    assert kept(settings, Release) == []
    assert not Layout(settings.home).lake.exists()
    assert not any((settings.home / "staging").iterdir())
    assert {v.validation_id for v in kept(settings, Validation)} == {v.validation_id for v in found.outcomes}


def test_a_folder_that_ingest_refuses_is_named(settings, tmp_path):
    faults.tiny_delivery(tmp_path / "good")
    broken = faults.missing_partition(tmp_path / "good", tmp_path / "raw")
    found = trial.run(settings, "r", broken.folder)
    assert found.outcomes == []
    assert "is missing" in str(found.error)


def test_records_of_another_kind_are_told_before_anything_is_published(settings, tmp_path):
    """Topic ids that are numbers came before 2024: they are a warning in the current layout."""
    lines = [
        json.dumps(faults.work(n, date(2010, 1, 1 + n), primary_topic={"id": 10102})).encode() for n in range(1, 13)
    ]
    raw = faults.deliver(tmp_path / "raw", {"2010-12-31": lines})
    found = trial.run(settings, "r", raw)
    (failure,) = next(v.failures for v in found.outcomes if v.dataset == "raw_works")
    assert (failure["column"], failure["severity"]) == ("primary_topic_id", "warning")
    assert failure["observed"] == "12 of 12 rows (100 %) differ"
    assert found.error is None


def a_year_later(raw: Path) -> list[bytes]:
    """Return works of 2012 once more, dated 2013 and with new ids."""
    found = [json.loads(line) for line in faults.lines_of(raw / faults.partition("2012-12-31"))]
    return [json.dumps(faults.work(n, date(2013, 1 + n % 12, 15))).encode() for n in range(100, 100 + len(found))]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw folder, and beside it a home that knows all of it."""
    folder = tmp_path_factory.mktemp("delivered")
    settings = Settings.load(home=folder / "home", project=PROJECT)
    ingest.run(settings, "r", faults.tiny_delivery(folder / "raw"))
    return folder


@pytest.fixture
def known(settings: Settings, delivered: Path, tmp_path: Path) -> Path:
    """A raw folder of which the home knows all."""
    copied(delivered / "home", settings)
    return shutil.copytree(delivered / "raw", tmp_path / "raw")


def lake(settings: Settings) -> dict[str, tuple[int, bytes]]:
    files = sorted(file for file in Layout(settings.home).lake.rglob("*") if file.is_file())
    return {str(file): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def test_what_the_home_knows_is_compared_with_and_stays_as_it_was(settings, known):
    before = kept(settings, Release), lake(settings)
    wrong.add(known, "2013-12-31", a_year_later(known))
    found = trial.run(settings, "r", known)
    assert found.error is None
    assert [(v.dataset, v.subject) for v in found.outcomes] == [
        (dataset, "raw 2013-12-31") for dataset in ("releases", "raw_works", "documents", "citations")
    ]
    assert f"tried against what {settings.home} holds" in found.note
    assert (kept(settings, Release), lake(settings)) == before


def test_a_folder_of_which_all_is_known_is_tried_anew_and_that_is_said(settings, known):
    found = trial.run(settings, "r", known)
    assert {v.subject for v in found.outcomes} == {"raw 2010-12-31", "raw 2011-12-31", "raw 2012-12-31"}
    assert "is new to the 3 releases" in found.note
    assert "as if it were the first of a home" in found.note


def test_the_first_folder_of_a_home_needs_no_note(settings, tmp_path):
    assert not trial.run(settings, "r", faults.tiny_delivery(tmp_path / "raw")).note


def the_same_again(raw: Path) -> Path:
    """Deliver a release once more under a new date."""
    again = faults.lines_of(raw / faults.partition("2012-12-31"))
    return wrong.add(raw, "2013-12-31", again[::-1])


def test_the_error_names_the_report_that_is_kept(settings, known):
    found = trial.run(settings, "r", the_same_again(known))
    report = Path(str(found.error).split("Full report: ")[1])
    assert isinstance(found.error, ValidationError)
    assert report.is_relative_to(Layout(settings.home).reports)
    assert report.is_file()
    assert "staging" not in str(found.error)


def test_nobody_is_alerted_of_a_trial(settings, known, caplog):
    caplog.clear()
    found = trial.run(settings, "r", the_same_again(known))
    assert found.error
    assert not found.error.problem
    assert kept(settings, Problem) == []
    warned = [r for r in caplog.records if r.levelno >= logging.WARNING and r.name.startswith("hotarea")]
    assert [r.getMessage() for r in warned] == []


def test_the_ledger_may_be_elsewhere(tmp_path):
    away = Settings.load(home=tmp_path / "away", ledger_url=f"sqlite:///{tmp_path / 'elsewhere.db'}")
    raw = faults.tiny_delivery(tmp_path / "raw")
    ingest.run(away, "r", raw)
    assert "release_repeated: " in str(trial.run(away, "r", the_same_again(raw)).error)
    assert not Layout(away.home).state.exists()


def test_a_trial_is_no_state_of_the_home_but_in_the_index(settings, known):
    before = status.collect(settings)["validations"]
    found = trial.run(settings, "r", the_same_again(known))
    assert found.error
    assert status.collect(settings)["validations"] == before
    index = (Layout(settings.home).reports / "index.html").read_text()
    assert all(Path(v.report).name in index for v in found.outcomes)
    assert index.count("trial of raw 2013-12-31") >= 1


def hotarea(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hotarea.cli import main; main()", *arguments]
    environment = os.environ | {"HOTAREA_HOME": str(home)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_the_command_line_prints_a_table_and_exits_by_the_verdict(tmp_path):
    raw = faults.tiny_delivery(tmp_path / "raw")
    good = hotarea(tmp_path / "home", "validate", "--raw", str(raw))
    assert good.returncode == 0, good.stderr
    assert "all 10 may be used" in good.stdout

    bad = hotarea(tmp_path / "home", "validate", "--raw", str(faults.short_download(raw, tmp_path / "bad").folder))
    assert bad.returncode == 1
    assert "but the manifest promises" in bad.stderr


@pytest.mark.real_data
@pytest.mark.parametrize("corpus", ["arxiv_cs", "hepth", "openalex_works"])
def test_nothing_critical_fires_on_real_data(corpus, settings, shared_data, tmp_path):
    found = trial.run(settings, "r", shared_data / corpus)
    assert found.error is None
    assert {v.dataset for v in found.outcomes} == {"releases", "raw_works", "documents", "citations"}
    assert [f for v in found.outcomes for f in v.failures if f["severity"] == "critical"] == []
