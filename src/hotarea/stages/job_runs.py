"""What the Beam jobs measured of themselves, kept in the ledger."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from hotarea.domain.records import DANGLING, JobRun
from hotarea.stores.ledger import Ledger


def remember(ledger: Ledger, job: str, result: Mapping[str, Any], run_id: str) -> None:
    """Remember, once, how a job ran of which the result is published; a job that had nothing to do did not run."""
    if "started_at" not in result:
        return
    if not ledger.all(JobRun, job=job, started_at=datetime.fromisoformat(result["started_at"])):
        ledger.add(msgspec.convert({**result, "job": job, "run_id": run_id}, JobRun))


def newest(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """Return of each job's newest run how much and how fast it read, and what it could not use."""
    last = {run.job: run for run in ledger.all(JobRun)}  # they come in the order of their start
    return {
        job: {
            "run_id": run.run_id,
            "started_at": run.started_at.isoformat(timespec="seconds"),
            "seconds": run.seconds,
            "works": run.works,
            "works_per_second": run.works_per_second,
            "quarantined": run.quarantined,
            "dangling_references": run.records.get(DANGLING, 0),
        }
        for job, run in last.items()
    }
