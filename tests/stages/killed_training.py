"""Kills each task of `train_model` before each kind of effect that it has, and repeats it; a program, as it forks.

    python -m tests.stages.killed_training HOME

In HOME lie two equal homes, `undisturbed` and `killed`. Settings come from the environment. Prints how often each task
was killed, and what each home remembers at the end.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlflow.xgboost  # noqa: F401 - imported before the forks, as all that takes long
import sklearn.linear_model  # noqa: F401
import xgboost  # noqa: F401
from mlflow import MlflowClient

import expectations.runner  # noqa: F401
from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.stages import audit, evidence, gate, hindsight, promote, rehearsal, train  # noqa: F401
from hotarea.stores import feature_store, registry  # noqa: F401
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger, read

EFFECTS: list[tuple[Any, str]] = [
    (Ledger, "add"),
    (Ledger, "replace"),
    (Path, "rename"),
    (Path, "replace"),
    *((MlflowClient, name) for name in dir(MlflowClient) if name.startswith(("create_", "log_artifact", "set_"))),
]
"""What leaves traces outside of the process. A kill between two of them is a kill before the second."""


def plan_of(settings: Settings) -> Path:
    (found,) = Layout(settings.home).runs.glob("*/plan.json")
    return found


TASKS: dict[str, Callable[[Settings, str], object]] = {
    "plan": train.plan,
    "dataset": lambda s, run_id: train.dataset(s, plan_of(s), run_id),
    "validate": lambda s, run_id: train.validate(s, plan_of(s), run_id),
    "fit": lambda s, run_id: train.fit(s, plan_of(s), run_id),
    "evaluate": lambda s, run_id: train.evaluate(s, plan_of(s), run_id),
    "gate": lambda s, run_id: gate.run(s, plan_of(s).parent.name, run_id),
    "promote": lambda s, run_id: promote.run(s, plan_of(s).parent.name, run_id),
}


def main(folder: Path) -> None:
    """Run all tasks in both homes, and once more where they were killed; tell what is remembered."""
    undisturbed, killed = (Settings.load(home=folder / name) for name in ("undisturbed", "killed"))
    for task in TASKS:
        assert not attempt(undisturbed, task, None)
    kills = {task: kill_before_each_effect(killed, task) for task in TASKS}
    for task in ("fit", "evaluate", "gate", "promote"):  # as if the run were cleared as a whole
        assert not attempt(killed, task, None)
    found = {"kills": kills, "undisturbed": remembered(undisturbed), "killed": remembered(killed)}
    sys.stdout.write(json.dumps(found) + "\n")


def kill_before_each_effect(settings: Settings, task: str) -> list[str]:
    """Repeat a task, each time killed before the first effect of a kind that was not tried yet, until it ends."""
    tried: list[str] = []
    while effect := attempt(settings, task, tried):
        tried.append(effect)
    return tried


def attempt(settings: Settings, task: str, tried: list[str] | None) -> str:
    """Run a task in a process that kills itself before an effect that is not in `tried`; return which, if it did."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if tried is not None:
            for owner, name in EFFECTS:
                fatal(owner, name, tried, writer)
        TASKS[task](settings, f"{task}-{os.getpid()}")
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        effect = said.read()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if effect else 0), (task, effect, status)
    return effect


def fatal(owner: Any, name: str, tried: list[str], writer: int) -> None:
    """Let a function end its process when it is called for the first time, if that was not tried before."""
    act, effect = getattr(owner, name), f"{owner.__name__}.{name}"

    def killed(*args: Any, **kwargs: Any) -> Any:
        if effect not in tried:
            os.write(writer, effect.encode())
            os.kill(os.getpid(), signal.SIGKILL)
        return act(*args, **kwargs)

    setattr(owner, name, killed)


def remembered(settings: Settings) -> dict[str, Any]:
    """Return what the ledger and the registry hold, without moments, run ids, and how fast the machine was."""
    kinds = (records.TrainingRun, records.Decision, records.Approval, records.Champion, records.Validation)
    found: dict[str, Any] = {kind.__name__: [plain(r, settings) for r in read(settings.ledger, kind)] for kind in kinds}
    # a validation that was repeated is remembered again, as it is after every repetition
    found["Validation"] = sorted({json.dumps(v, sort_keys=True) for v in found["Validation"]})
    model = registry.fetch(settings, 1, settings.home / "fetched.ubj")
    found["registry"] = {"champion": registry.champion(settings), "model": model.read_bytes().hex()}
    found["versions"] = [
        v.version for v in MlflowClient(settings.mlflow).search_model_versions("name='hot_area_model'")
    ]
    return found


def plain(record: records.Record, settings: Settings) -> dict[str, Any]:
    left = {"run_id", "validation_id", "report", "seconds"}
    values = {k: v for k, v in asdict(record).items() if k not in left and not k.endswith("_at")}
    if "checks" in values and isinstance(values["checks"], list):
        timed = {"rehearsal: loading", "rehearsal: latency"}
        values["checks"] = [check for check in values["checks"] if check["name"] not in timed]
    plain: dict[str, Any] = json.loads(json.dumps(values, default=str).replace(str(settings.home), ""))
    return plain


if __name__ == "__main__":
    main(Path(sys.argv[1]))
