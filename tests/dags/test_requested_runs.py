"""Drift, a drop of performance and the clock in the real DAGs: `monitor_model` asks, and Airflow starts `train_model`.

No candidate passes this project's gate, so that the champion stays. Its clock asks whenever a training is over. New
data starts a training elsewhere, by the code of `make run`.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hotarea.console.airflow import environment
from hotarea.domain.records import TrainingPickup, TrainingRun, TriggerRequest
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ACCEPTED, DRIFT, JOINED, NEW_DATA, PERFORMANCE, SCHEDULE, SKIPPED
from hotarea.stages import materialize
from hotarea.stores.ledger import read
from tests.conftest import PROJECT
from tests.histories import SHORT, History, end
from tests.projects import with_policies
from tests.stages.test_drift import tells_nothing_otherwise
from tests.stages.test_live_performance import guessed, predicted
from tests.templates import moved

pytestmark = pytest.mark.airflow

AGAIN = "same data"

LOOKS = {
    DRIFT: ("left", "20"),
    PERFORMANCE: ("guessed", "20"),
    SCHEDULE: ("left", "21"),
    AGAIN: ("guessed", "20"),
}
"""Each look by what it is for: at which home, and the seed of its models, which makes another training of old data."""


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, six_years_promoted: Path) -> dict[str, Settings]:
    """Homes with a champion: a world that has left what it learned from, and one in which it has only guessed."""
    folder = tmp_path_factory.mktemp("requested")
    clock = {"schedule_days": "0.00001", "schedule": "0"}
    project = with_policies(folder / "project", gate={"min_lift": "100.0"}, triggers=clock)
    found = {name: Settings.load(home=folder / name, project=project, **SHORT) for name in ("left", "guessed")}
    for name, settings in found.items():
        moved(six_years_promoted, settings)
        History(settings).publish([2016], shift=0.9 if name == "left" else 0.0)
        tells_nothing_otherwise(settings)
        materialize.run(settings, "online")
    predicted(found["guessed"], end(2015), 1, guessed(found["guessed"], 2015))
    return found


@pytest.fixture(scope="module")
def runs(
    homes: dict[str, Settings],
    tmp_path_factory: pytest.TempPathFactory,
    airflow_database: Callable[[Mapping[str, str]], None],
) -> dict[str, dict[str, Any]]:
    """What Airflow made of each look, and of what it has started."""
    result = tmp_path_factory.mktemp("runs") / "runs.json"
    variables = environment(homes["left"]) | {"HOTAREA_HORIZON_YEARS": "1", "HOTAREA_TRAINING_CUTOFFS": "3"}
    airflow_database(variables)
    looks = [{"HOTAREA_HOME": str(homes[home].home), "HOTAREA_SEED": seed} for home, seed in LOOKS.values()]
    program = [
        sys.executable,
        Path(__file__).with_name("run_requested.py"),
        PROJECT / "dags",
        json.dumps(looks),
        result,
    ]
    ended = subprocess.run(program, env=variables, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-4000:]
    return dict(zip(LOOKS, json.loads(result.read_text()), strict=True))


def asked(home: Settings, run_id: str) -> dict[str, TriggerRequest]:
    """What a look asked for, by its reason."""
    return {request.reason: request for request in read(home.ledger, TriggerRequest, asked_by=run_id)}


@pytest.mark.parametrize(
    ("reason", "subject", "joined"),
    [
        (DRIFT, "features, predictions at 2016-12-31@2016-12-31, version 1", [NEW_DATA]),
        (PERFORMANCE, "version 1 at 2015-12-31: average precision ", [NEW_DATA]),
        (SCHEDULE, "the clock, ", []),
    ],
)
def test_a_reason_starts_a_run_of_the_training_that_is_given_its_request(runs, homes, reason, subject, joined):
    look, home = runs[reason], homes[LOOKS[reason][0]]
    requests = asked(home, look["run_id"])
    (started,) = look["started"]

    assert (look["state"], look["tasks"]["request"]) == ("success", "success")
    assert {name: r.outcome for name, r in requests.items()} == {reason: ACCEPTED, **dict.fromkeys(joined, JOINED)}
    assert requests[reason].subject.startswith(subject)
    assert (started["dag_id"], started["state"]) == ("train_model", "success")
    assert started["given"] == [requests[reason].request_id]


@pytest.mark.parametrize("reason", [DRIFT, PERFORMANCE, SCHEDULE])
def test_that_run_takes_the_accepted_training_up_and_carries_it_out(runs, homes, reason):
    look, home = runs[reason], homes[LOOKS[reason][0]]
    request, (started,) = asked(home, look["run_id"])[reason], look["started"]
    (taken,) = read(home.ledger, TrainingPickup, number=request.start)
    (trained,) = read(home.ledger, TrainingRun, training_id=request.training_id)

    assert (taken.run_id, taken.training_id) == (started["run_id"], request.training_id)
    assert (trained.run_id, trained.evaluation_cutoff) == (started["run_id"], end(2015))
    assert {name for name, state in started["tasks"].items() if state == "skipped"} == {"ask", "promote"}


def test_what_was_learned_from_already_starts_no_run(runs, homes):
    look = runs[AGAIN]
    (request,) = asked(homes[LOOKS[AGAIN][0]], look["run_id"]).values()

    assert (look["state"], look["tasks"]["ask"], look["tasks"]["request"]) == ("success", "success", "skipped")
    assert (request.reason, request.outcome) == (SCHEDULE, SKIPPED)
    assert request.why.startswith("same data as last time: ")
    assert look["started"] == []
