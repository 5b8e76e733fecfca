"""Chains of tasks that several DAGs have: Beam jobs, and the ways of a plan into the lake and into predictions."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import task

from hotarea_airflow.beam import BeamJobOperator
from hotarea_airflow.validation import validation
from hotarea_flow import WORKS, settings

# A Beam job ends itself after HOTAREA_JOB_TIMEOUT_S, with a better message; this is for when it can't.
_BEAM_TIMEOUT = timedelta(days=1)


def beam_job(task_id: str, doc_md: str, planned: Any, *, stage: str, job: str = "job") -> BeamJobOperator:
    """Return the task that runs a stage's Beam job on a plan, the output of a task."""
    return BeamJobOperator(
        task_id=task_id, doc_md=doc_md, stage=stage, job=job, plan=planned, execution_timeout=_BEAM_TIMEOUT
    )


def into_the_lake(planned: Any) -> None:
    """Chain the tasks that bring the releases of a plan into the lake."""
    parsed = beam_job(
        "ingest_works", "Parse raw records into columns; count what is rejected.", planned, stage="ingest"
    )
    parsed >> _validate_releases(planned) >> _publish_releases(planned)


def into_predictions(planned: Any) -> Any:
    """Chain the tasks that score documents by a plan and publish the predictions; return the last of them."""
    published = _publish_predictions(planned)
    job = beam_job("score", "Predict every document with the plan's champion.", planned, stage="score")
    job >> _validate_predictions(planned) >> published
    return published


@task(task_id="audit", trigger_rule="none_failed")
def audit_predictions(*, run_id: str) -> None:
    """Compare the predictions that are served now with the offline store; fail if they differ."""
    from hotarea.stages import audit, score

    audit.run(settings(), run_id, [score.VIEW])


@validation("releases", "raw_works", "documents", "citations", task_id="validate")
def _validate_releases(plan: str, *, run_id: str) -> None:
    """Compare the new releases with those before them, and judge their documents and citations."""
    from hotarea.stages import staged_releases

    staged_releases.validate(settings(), Path(plan), run_id)


@task(task_id="publish", outlets=[WORKS])
def _publish_releases(plan: str, *, run_id: str, outlet_events: Any) -> None:
    """Make the releases visible, oldest first."""
    from hotarea.stages import staged_releases

    outlet_events[WORKS].extra = {"releases": staged_releases.publish(settings(), Path(plan), run_id)}


@validation("predictions", task_id="validate")
def _validate_predictions(plan: str, *, run_id: str) -> None:
    """Judge the predictions."""
    from hotarea.stages import score

    score.validate(settings(), Path(plan), run_id)


@task(task_id="publish")
def _publish_predictions(plan: str, *, run_id: str) -> Any:
    """Make the predictions and the hot areas visible."""
    from hotarea.stages import score

    return score.publish(settings(), Path(plan), run_id)
