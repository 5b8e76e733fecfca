"""What the DAGs share: the assets that link them, how their tasks behave, and the chains of tasks of several DAGs."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import Asset, ExceptionRetryPolicy, Param, RetryAction, RetryRule, task

from hotarea.domain import errors
from hotarea_airflow.alerts import FailureAlert, Recovered
from hotarea_airflow.beam import BeamJobOperator
from hotarea_airflow.validation import validation

if TYPE_CHECKING:
    from hotarea.domain.settings import Settings

WORKS = Asset("works", uri="hotarea://lake/works")
DOCUMENT_FEATURES = Asset("document_features", uri="hotarea://features/document_features")
TRAINING_REQUEST = Asset("training_request", uri="hotarea://ledger/training_request")
CHAMPION = Asset("champion", uri="hotarea://registry/champion")

# What no second attempt can mend: the data, the history, the definitions or the decision must change first.
_FINAL = [
    errors.DefinitionError,
    errors.GateError,
    errors.NotReadyError,
    errors.PublishError,
    errors.RawDataError,
    errors.ValidationError,
]

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "hotarea",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_policy": ExceptionRetryPolicy(
        [RetryRule(kind, RetryAction.FAIL, reason="the same data would fail again") for kind in _FINAL]
    ),
    "execution_timeout": timedelta(hours=2),
    "on_failure_callback": FailureAlert(),
    "on_success_callback": Recovered(),
}

# Of every DAG: its runs follow each other, as the second would plan what the first is about to publish.
ONE_AT_A_TIME: dict[str, Any] = {"catchup": False, "max_active_runs": 1, "default_args": DEFAULT_ARGS}

# A Beam job ends itself after HOTAREA_JOB_TIMEOUT_S, with a better message; this is for when it can't.
_BEAM_TIMEOUT = timedelta(days=1)

# What a person says who starts a training; the arbiter is asked with it.
TRAINING_PARAMS = {
    "reason": Param(
        "by hand",
        type="string",
        minLength=3,
        title="Reason",
        description="Why a training is asked for; kept with the request, for those who ask later.",
    ),
    "force": Param(
        False,
        type="boolean",
        title="Force",
        description="Pass the cooldown and the week's budget, and do not wait for a training that was begun.",
    ),
    "same_data": Param(
        False,
        type="boolean",
        title="Same data",
        description="Evaluate and decide again although the same data was trained on: the champion may be another.",
    ),
}

T = TypeVar("T")


def settings() -> "Settings":
    """Return the settings of the task's environment."""
    from hotarea.domain.settings import Settings

    return Settings.load()


def optional(kind: Callable[[Any], T], value: Any) -> T | None:
    """Return the value as a `kind`, and None as None: parameters that were left out, plans that do not exist."""
    return None if value is None else kind(value)


def requested(events: Any) -> str | None:
    """Return the newest training request that started a run, by its id; None if a person started it."""
    found = [event.extra.get("request_id") for event in events.get(TRAINING_REQUEST, ())]
    return found[-1] if found else None


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


def scored(planned: Any) -> Any:
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
