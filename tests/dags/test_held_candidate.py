"""A candidate that the gate holds, in the real DAG: approved in Airflow, refused by a command, or left unanswered."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hotarea.console.airflow import environment
from hotarea.domain.model_card import ModelCard
from hotarea.domain.records import Approval, Champion, Decision
from hotarea.domain.settings import Settings
from hotarea.stores import registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import read
from tests.conftest import PROJECT
from tests.histories import SHORT
from tests.projects import that_holds
from tests.templates import moved

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, six_years_trained: Path) -> dict[str, Settings]:
    """Homes with a candidate that is trained already, one for each answer; the last waits for twenty seconds."""
    folder = tmp_path_factory.mktemp("held")
    patient, hasty = that_holds(folder / "patient"), that_holds(folder / "hasty", wait_hours="0.0055")
    projects = {"Approve": patient, "Reject": patient, "none": hasty}
    return {
        answer: moved(six_years_trained, Settings.load(home=folder / answer, project=project, **SHORT))
        for answer, project in projects.items()
    }


@pytest.fixture(scope="module")
def runs(
    homes: dict[str, Settings],
    tmp_path_factory: pytest.TempPathFactory,
    airflow_database: Callable[[Mapping[str, str]], None],
) -> dict[str, dict[str, Any]]:
    """What Airflow made of each answer."""
    folder = tmp_path_factory.mktemp("runs")
    variables = environment(homes["Approve"]) | {"HOTAREA_HORIZON_YEARS": "1", "HOTAREA_TRAINING_CUTOFFS": "3"}
    airflow_database(variables)
    wanted = json.dumps([(answer, str(s.home), str(s.project)) for answer, s in homes.items()])
    program = [sys.executable, Path(__file__).with_name("run_held.py"), PROJECT / "dags", wanted, folder / "runs.json"]
    ended = subprocess.run(program, env=variables, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    return dict(zip(homes, json.loads((folder / "runs.json").read_text()), strict=True))


def answer_of(settings: Settings) -> Approval:
    (decision,), (found,) = read(settings.ledger, Decision), read(settings.ledger, Approval)
    assert decision.verdict == "hold"
    assert (found.training_id, found.decided_at) == (decision.training_id, decision.decided_at)
    return found


@pytest.mark.parametrize(
    ("answer", "ends_in", "other"),
    [("Approve", "promote", "rejected"), ("Reject", "rejected", "promote"), ("none", "rejected", "promote")],
)
def test_the_run_waits_and_ends_where_the_answer_leads(runs, answer, ends_in, other):
    run = runs[answer]

    assert run["state"] == "success"
    states = run["tasks"]
    assert (states["gate"], states["ask"], states[ends_in], states[other]) == ("success",) * 3 + ("skipped",)


def test_an_approval_puts_the_candidate_in_service_in_the_name_of_who_gave_it(runs, homes):
    (champion,) = read(homes["Approve"].ledger, Champion)
    found = answer_of(homes["Approve"])

    assert (found.approved, found.by, found.reason) == (True, "ada", "seen by the test")
    assert (champion.model_version, champion.approved_by) == (1, "ada")
    assert champion.reason.endswith("approved by ada: seen by the test")
    assert registry.champion(homes["Approve"]) == 1


@pytest.mark.parametrize(
    ("answer", "by", "reason"),
    [("Reject", "ada", "seen by the test"), ("none", "nobody", "no person has answered within 0.0055 hours")],
)
def test_a_refusal_and_silence_leave_all_as_it_was_and_are_remembered(runs, homes, answer, by, reason):
    found = answer_of(homes[answer])

    assert (found.approved, found.by, found.reason) == (False, by, reason)
    assert read(homes[answer].ledger, Champion) == []
    assert registry.champion(homes[answer]) is None


def test_the_person_sees_what_it_is_held_for_and_a_link_to_the_report(runs, homes):
    shown = runs["Approve"]["shown"]
    (decision,) = read(homes["Approve"].ledger, Decision)

    assert shown["subject"] == "May version 1 serve?"
    assert "rehearsal: latency" in shown["body"]
    assert f"/hotarea/reports/decisions/{decision.training_id}/" in shown["body"]
    assert (shown["options"], shown["defaults"]) == (["Approve", "Reject"], ["Reject"])
    assert [*shown["params"]] == ["why"]
    assert Path(decision.report).is_file()


def test_who_does_not_answer_was_asked_and_waited_for(runs):
    assert runs["none"]["shown"] == {"still_open": True}


def test_no_question_stays_open_however_it_was_answered(runs):
    assert {answer: run["open"] for answer, run in runs.items()} == dict.fromkeys(runs, False)


def test_a_card_says_what_became_of_each_candidate(homes):
    found = {answer: model_card_of(settings) for answer, settings in homes.items()}

    assert found == {"Approve": "in service", "Reject": "refused by ada", "none": "refused by nobody"}


def model_card_of(settings: Settings) -> str:
    (card,) = Layout(settings.home).runs.glob("*/card.json")
    return msgspec.json.decode(card.read_bytes(), type=ModelCard).state


def test_the_gates_task_links_to_the_report(runs, homes):
    (decision,) = read(homes["Approve"].ledger, Decision)

    assert runs["Approve"]["links"]["gate"].endswith(f"{decision.training_id}/{Path(decision.report).name}")
