from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from rich.console import Console

from hotarea.console import progress
from hotarea.console.airflow_api import DagRun, TaskRun
from hotarea.console.progress import Progress

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Airflow:
    """What Airflow's API would say: a run, and the states of its tasks at each look, the last for ever; and others."""

    looks: list[dict[str, str]]
    queued: tuple[DagRun, ...] = ()

    def dag_runs(self) -> list[DagRun]:
        state = "running" if "success" not in self.looks[0].values() else "success"
        return [DagRun("train_model", "r", state, NOW), *self.queued]

    def task_runs(self, run: DagRun) -> list[TaskRun]:
        if run in self.queued:
            return []
        states = self.looks[0] if len(self.looks) == 1 else self.looks.pop(0)
        return [TaskRun(run.dag_id, run.run_id, name, state, 1, 2.0) for name, state in states.items()]


@pytest.fixture(autouse=True)
def _no_rest(monkeypatch):
    monkeypatch.setattr(progress, "_REST_S", 1.0)


def watched(*looks: dict[str, str]) -> str:
    console = Console(record=True, width=120)
    Progress(Airflow([*looks]), console, NOW).watch(lambda: None, poll_s=0.005)
    return console.export_text()


@pytest.mark.parametrize("state", ["awaiting_input", "deferred"])
def test_a_run_that_waits_for_a_person_is_not_waited_for_and_told_once(state):
    shown = watched({"gate": "running"}, {"gate": "running"}, {"ask": state})

    assert shown.count("waits for a person, under Required Actions") == 1


def test_what_is_queued_behind_such_a_run_is_not_waited_for_either():
    behind = DagRun("train_model", "next", "queued", NOW)
    console = Console(record=True, width=120)

    Progress(Airflow([{"ask": "deferred"}], (behind,)), console, NOW).watch(lambda: None, poll_s=0.005)

    assert "waits for a person" in console.export_text()


def test_a_run_that_works_is_waited_for_to_its_end():
    shown = watched({"gate": "running"}, {"gate": "running"}, {"gate": "success"})

    assert "✓ train_model" in shown
