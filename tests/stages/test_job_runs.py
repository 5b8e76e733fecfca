"""How each job ran is remembered with what it published, and shown."""

import io
from datetime import date, datetime
from pathlib import Path

import pytest
from rich.console import Console

from hotarea.console import result
from hotarea.domain.records import JobRun
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import features, ingest, job_runs, jobs, staged_releases, status
from hotarea.stores.ledger import Ledger
from tests import faults

INGESTED = {
    "started_at": "2027-01-02T03:04:05.678901+00:00",
    "seconds": 24.4,
    "works": 1_000_000,
    "works_per_second": 40_983.6,
    "records": {"records read": 1_000_000, "quarantined: broken_json": 3, "quarantined: no_references": 1_200},
    "bytes": {"read": 2_147_483_648, "written": 1},
    "steps": {"read": 30.5, "write": 2.25},
    "releases": [],
}


@pytest.fixture
def ledger(settings: Settings) -> Ledger:
    return Ledger(settings.ledger)


def test_a_run_is_remembered_whole_and_once(ledger: Ledger) -> None:
    for _ in range(2):  # a publication that was interrupted is done again
        job_runs.remember(ledger, "ingest_works", INGESTED, "run")
    (run,) = ledger.all(JobRun)
    kept = {name: INGESTED[name] for name in INGESTED if name not in {"started_at", "releases"}}
    moment = datetime.fromisoformat("2027-01-02T03:04:05.678901+00:00")
    assert run == JobRun(job="ingest_works", started_at=moment, run_id="run", **kept)  # type: ignore[arg-type]
    assert run.quarantined == {"broken_json": 3, "no_references": 1_200}


def test_a_job_that_had_nothing_to_do_did_not_run(ledger: Ledger) -> None:
    job_runs.remember(ledger, "document_labels", {"cutoffs": {}, "seconds": 0.0}, "run")
    assert ledger.all(JobRun) == []


def test_the_newest_run_of_each_job_is_shown(ledger: Ledger) -> None:
    of_features = {**INGESTED, "records": {"documents read": 1_000_000, "dangling references": 7}}
    job_runs.remember(ledger, "ingest_works", {**INGESTED, "started_at": "2027-01-03T00:00:00+00:00"}, "newer")
    job_runs.remember(ledger, "ingest_works", INGESTED, "older")
    job_runs.remember(ledger, "document_features", of_features, "older")
    shown = job_runs.newest(ledger)
    assert {job: run["run_id"] for job, run in shown.items()} == {"document_features": "older", "ingest_works": "newer"}
    assert shown["document_features"] == {
        "run_id": "older",
        "started_at": "2027-01-02T03:04:05+00:00",
        "seconds": 24.4,
        "works": 1_000_000,
        "works_per_second": 40_983.6,
        "quarantined": {},
        "dangling_references": 7,
    }


def test_the_jobs_of_a_loop_are_in_the_ledger_and_in_the_status(settings: Settings, tmp_path: Path) -> None:
    source = faults.null_references(faults.tiny_delivery(tmp_path / "source"), tmp_path / "copy").folder
    plan = ingest.plan(settings, "ingest", source)
    assert plan
    jobs.run(ingest.job(settings, plan))
    staged_releases.publish(settings, plan, "ingest")
    staged_releases.publish(settings, plan, "ingest")

    plan = features.plan(settings, "features", [Cutoff(date(2012, 12, 31), date(2012, 12, 31))])
    assert plan
    jobs.run(features.feature_job(settings, plan))
    jobs.run(features.label_job(settings, plan))
    features.publish(settings, plan, "features")

    shown = status.collect(settings)["jobs"]
    assert {job: (run["run_id"], run["works"], run["quarantined"]) for job, run in shown.items()} == {
        "document_features": ("features", 35, {}),
        "ingest_works": ("ingest", 36, {"no_references": 1}),
    }
    text = io.StringIO()
    result.show(Console(file=text, width=200), status.collect(settings))
    told = [line for line in text.getvalue().splitlines() if " works/s" in line]
    assert told[0].startswith("Jobs      document_features: 35 works in ")
    assert told[1].startswith("          ingest_works: 36 works in ")
    assert told[1].endswith(" works/s, 1 quarantined")
