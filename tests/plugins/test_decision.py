"""The tasks of the gate: where their button leads, how long a question stays open, and which decision is answered."""

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

from hotarea.domain.errors import GateError
from hotarea.domain.records import Approval, Decision, Problem
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import read
from hotarea.stores.training_folder import TrainingFolder, write
from tests.conftest import Published
from tests.evidence import FIRST

NOON = datetime(2024, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A home that tasks read."""
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    return settings


def hold(settings: Settings, training_id: str = "t1", **changes: Any) -> Decision:
    """Let the gate hold a candidate."""
    given = {"decided_at": NOON, "champion_version": None, "policy": {"approval": {"wait_hours": 96.0}}} | changes
    write(TrainingFolder.of(Layout(settings.home), training_id).evidence, FIRST)
    page = str(Layout(settings.home).decision_page(training_id, given["decided_at"]))
    found = Decision(
        training_id=training_id, model_version=1, accepted=False, verdict="hold", checks=[],
        reasons=[], metrics={}, run_id="gate", report=page, **given,
    )  # fmt: skip
    Published(settings).remember(found)
    return found


BY_ADA = {"chosen_options": ["Approve"], "params_input": {"why": "seen"}, "responded_by_user": {"name": "ada"}}
TIMED_OUT = {"chosen_options": ["Reject"], "params_input": {"why": None}, "responded_by_user": None, "timedout": True}


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


def go_on(asked: TaskDeferred, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Resume a task as Airflow does, with what it kept of the asking; return the task that follows."""
    monkeypatch.setattr(ApprovalOperator, "do_branch", lambda _, __, task_id: task_id)
    context: Any = {"ti": SimpleNamespace(run_id="run")}
    return getattr(ask(), asked.method_name)(context, event=event, **(asked.kwargs or {}))


@pytest.mark.parametrize(("event", "follows", "by"), [(BY_ADA, "promote", "ada"), (TIMED_OUT, "rejected", "nobody")])
def test_an_answer_is_remembered_for_the_decision_that_was_shown(home, monkeypatch, event, follows, by):
    decision = hold(home)

    assert go_on(asked(monkeypatch), event, monkeypatch) == follows

    (found,) = read(home.ledger, Approval)
    assert (found.decided_at, found.by, found.run_id) == (decision.decided_at, by, "run")


def test_what_resumes_with_the_event_alone_as_a_tried_dag_does_finds_the_decision_there(home, monkeypatch):
    decision = hold(home)
    event = BY_ADA | {"decided_at": decision.decided_at.isoformat()}
    bare = TaskDeferred(trigger=asked(monkeypatch).trigger, method_name="execute_complete")

    assert go_on(bare, event, monkeypatch) == "promote"
    assert [found.decided_at for found in read(home.ledger, Approval)] == [decision.decided_at]


@pytest.mark.parametrize("event", [BY_ADA, TIMED_OUT])
def test_no_answer_is_remembered_for_a_decision_that_nobody_was_shown(home, monkeypatch, event):
    hold(home)
    waiting = asked(monkeypatch)
    hold(home, decided_at=NOON + timedelta(days=2), champion_version=7)

    with pytest.raises(GateError, match=r"asked about .* 2024-01-01 12:00:00 UTC on t1, .* anew: at 2024-01-03 12:00"):
        go_on(waiting, event, monkeypatch)
    assert read(home.ledger, Approval) == []


@pytest.mark.parametrize(("known_as", "problems"), [("", ["gate/held"]), ("gate/waiting", [])])
def test_a_question_in_vain_fails_its_task_and_people_are_told_unless_they_know(home, monkeypatch, known_as, problems):
    hold(home)
    event = {"error": "the champion changed", "error_type": answers.IN_VAIN, "problem": known_as}

    with pytest.raises(GateError, match="the champion changed") as raised:
        go_on(asked(monkeypatch), event, monkeypatch)

    assert raised.value.problem  # so that the failure of the task is not told besides
    assert [found.problem for found in read(home.ledger, Problem)] == problems
    assert read(home.ledger, Approval) == []
