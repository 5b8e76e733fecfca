"""The tasks of the gate: where their button leads, and how long a question stays open."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk.exceptions import TaskDeferred
from hotarea_airflow import answers
from hotarea_airflow.decision import ApprovalOperator, DecisionLink, decision

from hotarea.domain.records import Decision
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from tests.conftest import Published

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home that tasks read."""
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    return settings


def hold(settings: Settings, training_id: str = "t1", **changes: Any) -> Decision:
    """Let the gate hold a candidate."""
    given = {"decided_at": NOON, "policy": {"approval": {"wait_hours": 96.0}}} | changes
    page = str(Layout(settings.home).decision_page(training_id, given["decided_at"]))
    found = Decision(
        training_id=training_id, model_version=1, champion_version=None, accepted=False, verdict="hold", checks=[],
        reasons=[], metrics={}, run_id="gate", report=page, **given,
    )  # fmt: skip
    Published(settings).remember(found)
    return found


def ask() -> ApprovalOperator:
    return ApprovalOperator(task_id="ask", training_id="t1", approved="promote", rejected="rejected")


def link(operator: Any) -> str:
    return DecisionLink().get_link(operator, ti_key=SimpleNamespace(run_id="gate"))


def test_the_button_opens_the_page_of_the_tasks_candidate_and_of_no_other(home):
    first = hold(home)
    hold(home, "t2", decided_at=NOON + timedelta(hours=1))

    @decision
    def gate(training_id: str) -> str:
        return training_id

    assert link(ask()).endswith(f"/t1/{Path(first.report).name}")
    assert link(gate("t1").operator) == link(ask())
    assert link(gate("t3").operator) == ""


def asked(monkeypatch: pytest.MonkeyPatch) -> TaskDeferred:
    """Let the task ask, without an Airflow that would show the question; return how it waits."""
    monkeypatch.setattr(HITLOperator, "execute", lambda *_: None)
    with pytest.raises(TaskDeferred) as waits:
        ask().execute({"task_instance": SimpleNamespace(id=uuid4())})  # type: ignore[typeddict-item]
    return waits.value


def test_the_waiting_time_counts_from_the_decision_however_often_it_is_asked_about(home, monkeypatch):
    decided_at = datetime.now(UTC) - timedelta(hours=95)
    hold(home, decided_at=decided_at)

    for _ in range(2):
        trigger = asked(monkeypatch).trigger
        assert isinstance(trigger, answers.AnswerTrigger)
        assert trigger.timeout_datetime == decided_at + timedelta(hours=96)
