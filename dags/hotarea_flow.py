"""What the DAGs share: the assets that link them, and how their tasks behave."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import Asset, ExceptionRetryPolicy, RetryAction, RetryRule

from hotarea.domain import errors
from hotarea_airflow.alerts import FailureAlert, Recovered

if TYPE_CHECKING:
    from hotarea.domain.settings import Settings

WORKS = Asset("works", uri="hotarea://lake/works")
DOCUMENT_FEATURES = Asset("document_features", uri="hotarea://features/document_features")
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

# A Beam job ends itself after HOTAREA_JOB_TIMEOUT_S, with a better message; this is for when it can't.
BEAM_TIMEOUT = timedelta(days=1)

T = TypeVar("T")


def settings() -> "Settings":
    """Return the settings of the task's environment."""
    from hotarea.domain.settings import Settings

    return Settings.load()


def optional(kind: Callable[[Any], T], value: Any) -> T | None:
    """Return the value as a `kind`, and None as None: parameters that were left out, plans that do not exist."""
    return None if value is None else kind(value)
