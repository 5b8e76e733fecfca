from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from hotarea_airflow.alerts import FailureAlert, Recovered, failure

from hotarea.domain.alert import Alert
from hotarea.domain.errors import RawDataError, ValidationError
from hotarea.domain.settings import Settings
from hotarea.stages import alert
from tests.servers import Webhook, webhook

LOG = "http://127.0.0.1:8080/dags/ingest_releases/runs/manual__1/tasks/plan"


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[Webhook]:
    """A webhook on loopback, set as the only channel."""
    with webhook() as server:
        monkeypatch.setenv("HOTAREA_ALERT_URLS", server.url)
        monkeypatch.setenv("HOTAREA_HOME", str(tmp_path))
        yield server


def context(error: BaseException | str | None = None, task_id: str = "plan") -> Any:
    task = SimpleNamespace(dag_id="ingest_releases", task_id=task_id, run_id="manual__1", log_url=LOG)
    return {"ti": task, "exception": error}


def test_a_failure_reaches_the_channel_once(hook: Webhook) -> None:
    FailureAlert().notify(context(RawDataError("part_0000.gz is truncated; fetch it again")))
    FailureAlert().notify(context(RawDataError("part_0000.gz is truncated; fetch it again")))
    assert hook.titles == ["hotarea: ingest_releases.plan failed"]
    lines = hook.bodies[0]["message"].splitlines()
    assert "Check: RawDataError (critical)" in lines
    assert "Observed: part_0000.gz is truncated; fetch it again" in lines
    assert f"Report: {LOG}" in lines
    assert "Run: manual__1" in lines


def test_a_task_that_fails_otherwise_is_told(hook: Webhook) -> None:
    FailureAlert().notify(context(RawDataError("part_0000.gz is truncated")))
    FailureAlert().notify(context(OSError("no space left on device")))
    assert hook.titles[1:] == ["hotarea: ingest_releases.plan failed (still open)"]


def test_what_an_error_says_is_told_already_is_not_told_again(hook: Webhook) -> None:
    told = Alert(problem="validation/citations", title="hotarea: citations failed", what="w", where="h")
    alert.tell(Settings.load(), told)
    FailureAlert().notify(context(ValidationError("citations failed", problem="validation/citations")))
    assert hook.titles == ["hotarea: citations failed"]


def test_an_error_that_nobody_was_told_of_is_told(hook: Webhook) -> None:
    FailureAlert().notify(context(ValidationError("predictions are not what was asked for")))
    assert hook.titles == ["hotarea: ingest_releases.plan failed"]


def test_a_task_that_succeeds_again_is_told_once(hook: Webhook) -> None:
    Recovered().notify(context())
    FailureAlert().notify(context(OSError("no space left on device")))
    Recovered().notify(context(task_id="publish"))
    Recovered().notify(context())
    Recovered().notify(context())
    assert hook.titles == ["hotarea: ingest_releases.plan failed", "hotarea: recovered: ingest_releases.plan failed"]
    assert "ingest_releases.plan succeeded." in hook.bodies[1]["message"]


@pytest.mark.parametrize(
    ("error", "check", "observed"),
    [
        (ValueError("12 is not a date"), "ValueError", "12 is not a date"),
        (ValueError(), "ValueError", "an error without a message"),
        ("Task did not emit heartbeat within time limit", "vanished", "Task did not emit heartbeat within time limit"),
        (None, "vanished", "no error: the task's process ended without a word"),
    ],
)
def test_what_is_observed_is_the_error_however_airflow_gives_it(
    error: BaseException | str, check: str, observed: str
) -> None:
    told = failure("train_model", "fit", "manual__1", error, LOG)
    (finding,) = told.findings
    assert (finding.check, finding.observed) == (check, observed)
    assert (told.problem, told.where, told.severity) == (
        "task/train_model.fit",
        "DAG train_model, task fit",
        "critical",
    )
