"""The data DAGs, run for real on a delivery of 36 works; the whole loop is run elsewhere, by the code of `make run`.

Of one work the record lacks its references: it goes to quarantine, and is retried as a person corrected it.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from hotarea.console.airflow import environment
from hotarea.domain.records import Comparison, DriftCheck, FeatureSet, Release, Retry, TrainingRun, TriggerRequest
from hotarea.domain.settings import Settings
from hotarea.stores.ledger import Ledger
from tests.conftest import PROJECT
from tests.faults import Fault, lines_of, null_references, tiny_delivery, truncated_gzip
from tests.servers import Webhook, webhook

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Fault:
    folder = tmp_path_factory.mktemp("raw")
    return null_references(tiny_delivery(folder / "whole"), folder / "delivered")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, raw: Fault) -> Settings:
    return Settings.load(home=tmp_path_factory.mktemp("home"), project=PROJECT, raw=raw.folder)


def corrected(raw: Fault, file: Path) -> Path:
    """Write what `hotarea quarantine show --export` would of the one bad record, as a person corrects it."""
    assert raw.line
    record = json.loads(lines_of(raw.folder / raw.file)[raw.line - 1]) | {"referenced_works": ["W1"]}
    part = "/".join(Path(raw.file).parts[-2:])
    heading = {"release": "2012-12-31", "file": part, "line": raw.line, "reason": "no_references"}
    file.write_text(f"#: {json.dumps(heading)}\n{json.dumps(record)}\n")
    return file


@pytest.fixture(scope="module")
def alerts() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture(scope="module")
def runs(
    home: Settings,
    raw: Fault,
    alerts: Webhook,
    tmp_path_factory: pytest.TempPathFactory,
    airflow_database: Callable[[Mapping[str, str]], None],
) -> dict[str, dict[str, Any]]:
    """What Airflow made of a broken delivery; of the good one, features and a retry, each twice; and of a replay."""
    folder = tmp_path_factory.mktemp("runs")
    assert home.raw is not None
    broken = truncated_gzip(home.raw, folder / "broken").folder
    wanted = {
        "broken": ("ingest_releases", {"raw": str(broken)}),
        "first": ("ingest_releases", {}),
        "again": ("ingest_releases", {}),
        "features": ("build_features", {}),
        "features again": ("build_features", {}),
        "monitor": ("monitor_model", {}),
        "train": ("train_model", {"reason": "a person asks"}),
        "retry": ("retry_quarantine", {"file": str(corrected(raw, folder / "corrected.txt"))}),
        "retry again": ("retry_quarantine", {"file": str(folder / "corrected.txt")}),
        "replay": ("replay_releases", {"last": 2012}),
    }
    variables = {**environment(home), "HOTAREA_ALERT_URLS": alerts.url}
    airflow_database(variables)
    program = [sys.executable, Path(__file__).with_name("run_dag.py"), PROJECT / "dags"]
    subprocess.run(
        [*program, json.dumps(list(wanted.values())), folder / "runs.json"],
        env=variables,
        check=True,
        capture_output=True,
    )
    return dict(zip(wanted, json.loads((folder / "runs.json").read_text()), strict=True))


def test_broken_data_fails_at_once_and_is_told(runs: dict[str, dict[str, Any]], alerts: Webhook) -> None:
    broken = runs["broken"]
    failed = [name for name, state in broken["tasks"].items() if state == "failed"]
    assert (broken["state"], len(failed)) == ("failed", 1)
    assert broken["tries"][failed[0]] == 1
    assert alerts.titles[:1] == [f"hotarea: ingest_releases.{failed[0]} failed"]


def test_a_task_that_succeeds_again_is_told(runs: dict[str, dict[str, Any]], alerts: Webhook) -> None:
    assert runs["first"]["state"] == "success"
    assert alerts.titles[1:] == ["hotarea: recovered: ingest_releases.ingest_works failed"]


def test_good_data_is_published(runs: dict[str, dict[str, Any]], home: Settings) -> None:
    assert runs["first"]["state"] == "success"
    assert set(runs["first"]["tasks"].values()) == {"success"}
    released = Ledger(home.ledger).all(Release)
    assert [r.release_id for r in released][:3] == ["2010-12-31", "2011-12-31", "2012-12-31"]
    assert released[2].quarantined == {"no_references": 1}


def test_every_release_was_compared_before_it_was_published(home: Settings, runs: dict[str, dict[str, Any]]) -> None:
    ledger = Ledger(home.ledger)
    compared = {c.release_id: c for c in ledger.all(Comparison)}
    assert compared.keys() == {r.release_id for r in ledger.all(Release)}
    assert (compared["2012-12-31"].works["new"], compared["2012-12-31"].quarantined) == (11, {"no_references": 1})
    assert all(c.success and Path(c.report).is_file() for c in compared.values())


def test_a_corrected_record_is_ingested_once(home: Settings, runs: dict[str, dict[str, Any]]) -> None:
    assert runs["retry"]["state"] == "success"
    assert set(runs["retry"]["tasks"].values()) == {"success"}
    assert {task for task, state in runs["retry again"]["tasks"].items() if state != "skipped"} == {"plan"}
    ledger = Ledger(home.ledger)
    newest, (tried,) = ledger.all(Release)[-1], ledger.all(Retry)
    assert (newest.documents, newest.is_correction, tried.accepted_in) == (1, True, newest.release_id)


def test_a_replay_leaves_a_page_and_nothing_else(runs: dict[str, dict[str, Any]], home: Settings) -> None:
    assert runs["replay"]["tasks"] == {"replay": "success"}
    page = Path(runs["replay"]["results"]["replay"])
    steps = json.loads(page.with_suffix(".json").read_text())["steps"]
    assert [step["release"] for step in steps] == ["2010-12-31", "2011-12-31", "2012-12-31"]
    assert {step["outcome"].partition(":")[0] for step in steps} == {"too little data"}
    assert "too little data" in page.read_text()
    assert Ledger(home.ledger).all(TrainingRun) == []


def test_with_nothing_new_all_work_is_skipped(runs: dict[str, dict[str, Any]]) -> None:
    again = runs["again"]
    assert again["state"] == "success"
    assert again["tasks"] == {"plan": "success", "ingest_works": "skipped", "validate": "skipped", "publish": "skipped"}


def test_features_of_every_cutoff_are_published_and_served(runs: dict[str, dict[str, Any]], home: Settings) -> None:
    assert set(runs["features"]["tasks"].values()) == {"success"}
    assert {str(s.cutoff): s.rows for s in Ledger(home.ledger).all(FeatureSet)} == {
        "2010-12-31": 12,
        "2011-12-31": 24,
        "2012-12-31": 35,
    }


def test_with_all_features_there_all_but_the_audit_is_skipped(runs: dict[str, dict[str, Any]]) -> None:
    again = runs["features again"]
    assert again["state"] == "success"
    assert {name: state for name, state in again["tasks"].items() if state != "skipped"} == {
        "plan": "success",
        "audit": "success",
    }


def test_a_young_corpus_is_an_outcome_of_monitoring_and_no_failure(
    runs: dict[str, dict[str, Any]], home: Settings
) -> None:
    monitor = runs["monitor"]
    assert monitor["state"] == "success"
    done = {name for name, state in monitor["tasks"].items() if state == "success"}
    assert done == {"plan", "drift", "performance", "ask"}
    [checked] = Ledger(home.ledger).all(DriftCheck)
    assert (str(checked.cutoff), checked.model_version, checked.alarms) == ("2012-12-31", 0, [])
    assert monitor["links"]["drift"].endswith("/drift.html")


def test_a_training_that_is_not_accepted_is_skipped_and_says_why(
    runs: dict[str, dict[str, Any]], home: Settings
) -> None:
    assert {name for name, state in runs["train"]["tasks"].items() if state != "skipped"} == {"plan"}
    asked = {r.reason: r for r in Ledger(home.ledger).all(TriggerRequest)}
    assert asked.keys() == {"new_data", "on_demand"}
    assert asked["on_demand"].subject == "a person asks"
    assert {r.outcome for r in asked.values()} == {"skipped"}
    assert all(r.why.startswith("too little data: nothing to train on") for r in asked.values())


def test_a_beam_task_hands_on_the_jobs_result_and_a_plan_only_its_path(runs: dict[str, dict[str, Any]]) -> None:
    results = runs["first"]["results"]
    assert results["plan"].endswith("plan.json")
    assert sum(release["documents"] for release in results["ingest_works"]["releases"]) == 35
    assert set(results) == {"plan", "ingest_works"}
