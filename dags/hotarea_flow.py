"""What the DAGs share: the assets that link them, how their tasks behave, and what a person may say who starts one."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import Asset, ExceptionRetryPolicy, Param, RetryAction, RetryRule

from hotarea.domain import errors
from hotarea_airflow.alerts import FailureAlert, Recovered

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
    errors.SettingsError,
    errors.ValidationError,
]

DEFAULT_ARGS: dict[str, Any] = {
    "owner": "hotarea",
    "retries": 2,
    "retry_delay": timedelta(seconds=20),
    "retry_policy": ExceptionRetryPolicy(
        [
            RetryRule(errors.UnreachableError, RetryAction.RETRY, reason="the server may answer again"),
            *(RetryRule(kind, RetryAction.FAIL, reason="the same data would fail again") for kind in _FINAL),
        ]
    ),
    "execution_timeout": timedelta(hours=2),
    "on_failure_callback": FailureAlert(),
    "on_success_callback": Recovered(),
}

# Of every DAG. Its runs follow each other, as the second would plan what the first is about to publish.
DAG_DEFAULTS: dict[str, Any] = {"catchup": False, "max_active_runs": 1, "default_args": DEFAULT_ARGS}

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
        description="Pass the cooldown, the week's budget and whatever the arbiter would wait for. The run still waits "
        "for the one before it, also while that asks a person: `hotarea train --force` does not.",
    ),
    "same_data": Param(
        False,
        type="boolean",
        title="Same data",
        description="Plan again what was decided on already. What stands of that stays; a candidate that was refused "
        "for what the online store answered alone is decided on anew, by what it answers now.",
    ),
}

T = TypeVar("T")


def may_be_empty(kind: str, title: str, description: str, **schema: Any) -> Param:
    """Return a parameter of a JSON type that may be left empty, which is None; `schema` says more of its values."""
    return Param(None, type=["null", kind], title=title, description=description, **schema)


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
