"""Kill -9 any task of `train_model` before what it leaves behind, and clear it: the same champion, the same ledger."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ACCEPTED, NEW_DATA, Ask
from hotarea.stages import arbiter
from tests.conftest import PROJECT
from tests.dags.test_dags import EDGES
from tests.histories import SHORT
from tests.projects import that_holds
from tests.stages import programs
from tests.templates import copied

SETTINGS = {f"HOTAREA_{name.upper()}": str(value) for name, value in SHORT.items()}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, six_years_online: Path) -> dict[str, Any]:
    """What the program tells of a home whose tasks were killed, and of one that was left alone."""
    folder = tmp_path_factory.mktemp("killed")
    first = copied(six_years_online, Settings.load(home=folder / "undisturbed", project=PROJECT, **SHORT))
    request = arbiter.ask(first, Ask(NEW_DATA, "cutoff 2015-12-31", "monitor"))
    assert request.outcome == ACCEPTED
    shutil.copytree(first.home, folder / "killed")
    that_holds(folder / "strict")
    (folder / "usual").symlink_to(PROJECT)

    done = programs.ended("tests.stages.killed_training", folder, request.request_id, **SETTINGS)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_each_task_was_killed_before_each_of_its_effects(told: dict[str, Any]) -> None:
    kills = {f"{way}: {task}": set(found) for way, tasks in told["kills"].items() for task, found in tasks.items()}

    assert {task for task, found in kills.items() if not found} == {"unanswered: rejected"}  # which leaves nothing
    card = {"Path.replace:card.json", "MlflowClient.log_artifact:card.html", "MlflowClient.update_model_version"}
    decided = {"Path.replace:decision.json", "Ledger.add:Decision"} | card
    served = {"Ledger.add:Champion", "MlflowClient.set_registered_model_alias"}
    answered = {"Ledger.add:Approval", "Ledger.replace:Problem"}
    expected = {
        "training: plan": {"Ledger.add:TrainingPickup", "Path.replace:plan.json"},
        "training: dataset": {"Path.rename:dataset"},
        "training: validate": {"Ledger.add:Validation", "Path.replace:hindsight.json"},
        "training: fit": {"Path.rename:model.ubj", "MlflowClient.create_run", "MlflowClient.create_model_version"},
        "training: evaluate": {
            "Path.replace:evaluation.json",
            "MlflowClient.log_metric",
            "MlflowClient.set_model_version_tag:decision_threshold",
            "Ledger.add:TrainingRun",
        },
        "training: rehearsal": {"Ledger.add:Audit", "Path.replace:evaluation.json"},
        "accepted: gate": decided,
        "approved: gate": decided | {"Ledger.add:Problem", "Ledger.replace:Problem"},
        "accepted: promote": served,
        "approved: promote": served,
        "approved: ask": answered,
        "unanswered: ask": answered,
        "approved: model_card": card,
    }
    assert {task: found - kills[task] for task, found in expected.items() if found - kills[task]} == {}


def test_no_task_of_the_dag_was_left_out(told: dict[str, Any]) -> None:
    tasks = {task for way in told["kills"].values() for task in way}

    assert tasks - {"rehearsal"} == set(EDGES["train_model"])  # that one is half of the gate


@pytest.mark.parametrize(
    ("way", "verdict", "champions"),
    [("accepted", "promote", [1]), ("approved", "hold", [1]), ("unanswered", "hold", [])],
)
def test_a_killed_and_repeated_training_ends_as_an_undisturbed_one(
    told: dict[str, Any], way: str, verdict: str, champions: list[int]
) -> None:
    undisturbed, killed = (told["found"][way][name] for name in ("undisturbed", "killed"))

    for kind, records in undisturbed.items():
        assert killed[kind] == records, kind
    assert [d["verdict"] for d in killed["Decision"]] == [verdict]
    assert [c["model_version"] for c in killed["Champion"]] == champions
    assert killed["registry"]["champion"] == (champions or [None])[0]
    assert [p["number"] for p in killed["TrainingPickup"]] == [1]
    assert [r["outcome"] for r in killed["TriggerRequest"]] == ["accepted"]
    waited = [("gate/waiting", False)] if verdict == "hold" else []
    assert [(p["problem"], p["is_open"]) for p in killed["Problem"]] == waited
    assert len(killed["Audit"]) == len(killed["Validation"]) == 1
