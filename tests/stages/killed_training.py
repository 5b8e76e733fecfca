"""Kills each task of `train_model` before each effect that it has, and repeats it; a program, as it forks.

    python -m tests.stages.killed_training HOME REQUEST

In HOME lie two equal homes, `undisturbed` and `killed`, in which REQUEST was accepted, and the projects `strict`, whose
policy holds every candidate, and `usual`. Settings come from the environment. Prints before what each task was killed,
and what each home remembers at the end. Three ways lead through the DAG: a person approves, nobody answers, or nobody
is asked. They part where the gate has all its evidence.
"""

import importlib
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, get_args

import mlflow.store.model_registry.sqlalchemy_store
import mlflow.store.tracking.sqlalchemy_store
import mlflow.xgboost  # noqa: F401
import sklearn.linear_model  # noqa: F401
import xgboost  # noqa: F401
from mlflow import MlflowClient

import expectations.runner  # noqa: F401
from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.stages import approval, arbiter, audit, evidence, gate, model_card, promote, rehearsal, train  # noqa: F401
from hotarea.stores import feature_store, registry  # noqa: F401
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger, read
from hotarea.stores.training_folder import TrainingFolder

EFFECTS: list[tuple[Any, str]] = [
    (Ledger, "add"),
    (Ledger, "replace"),
    (Path, "rename"),
    (Path, "replace"),
    *((MlflowClient, name) for name in dir(MlflowClient) if name.startswith(("create_", "log_", "set_", "update_"))),
]
"""What leaves traces outside of the process. A kill between two of them is a kill before the second."""


def file_name(target: Path) -> str:
    """Return a file's name without what is drawn or measured in it, which a repetition gives another value."""
    return re.sub(r"[0-9a-f]*\d[0-9a-f]*", "#", target.name)


OBJECTS: dict[str, Callable[..., str]] = {
    "Ledger.add": lambda *added: "+".join(dict.fromkeys(type(record).__name__ for record in added)),
    "Ledger.replace": lambda old, *_: type(old).__name__,
    "Path.rename": file_name,
    "Path.replace": file_name,
    "MlflowClient.log_artifact": lambda _, file, *__: Path(file).name,
    "MlflowClient.set_model_version_tag": lambda *given: given[2],
}
"""What an effect is had on, by its name. Others are had once, or on values of one run that are written one by one."""

RUN = "asset_triggered__1"
"""A run that is cleared keeps its id."""

REQUEST = sys.argv[2]

Task = Callable[[Settings], object]


def plan_of(settings: Settings) -> Path:
    (found,) = Layout(settings.home).runs.glob("*/plan.json")
    return found


def id_of(settings: Settings) -> str:
    return plan_of(settings).parent.name


def decided_at(settings: Settings) -> datetime:
    (decision,) = read(settings.ledger, records.Decision)
    return decision.decided_at


def approve(settings: Settings) -> None:
    approval.remember(settings, id_of(settings), approved=True, by="ada", reason="seen by the test", run_id=RUN)


TRAINING: dict[str, Task] = {
    "plan": lambda s: arbiter.plan(s, RUN, arbiter.Wanted(), REQUEST),
    "dataset": lambda s: train.dataset(s, plan_of(s), RUN),
    "validate": lambda s: train.validate(s, plan_of(s), RUN),
    "fit": lambda s: train.fit(s, plan_of(s), RUN),
    "evaluate": lambda s: train.evaluate(s, plan_of(s), RUN),
}
REHEARSAL: dict[str, Task] = {  # the first half of `gate`, which takes longest
    "rehearsal": lambda s: gate.judge(s, TrainingFolder(plan_of(s).parent), RUN)
}
GATE: dict[str, Task] = {"gate": lambda s: (gate.run(s, id_of(s), RUN), model_card.of_training(s, id_of(s)))}
PROMOTION: dict[str, Task] = {"promote": lambda s: promote.run(s, id_of(s), RUN)}
CARD: dict[str, Task] = {"model_card": lambda s: model_card.of_outcome(s, id_of(s))}
WAYS: dict[str, dict[str, Task]] = {
    "approved": GATE | {"ask": approve} | PROMOTION | CARD,
    "unanswered": {
        **GATE,
        "ask": lambda s: approval.timed_out(s, id_of(s), decided_at(s), RUN),
        "rejected": lambda s: gate.explain(s, id_of(s)),
    },
    "accepted": GATE | PROMOTION,
}


def main(folder: Path) -> None:
    """Go all ways in both homes, and each task once more where it was killed; tell what is remembered."""
    undisturbed, killed = (Settings.load(home=folder / name) for name in ("undisturbed", "killed"))
    kills = {"training": both(undisturbed, killed, TRAINING) | both(undisturbed, killed, REHEARSAL)}
    found = {}
    for way, tasks in WAYS.items():
        project = folder / ("usual" if way == "accepted" else "strict")
        pair = [gone(s, way, project) for s in (undisturbed, killed)]
        kills[way] = both(*pair, tasks)
        found[way] = {name: remembered(s) for name, s in zip(("undisturbed", "killed"), pair, strict=True)}
    sys.stdout.write(json.dumps({"kills": kills, "found": found}) + "\n")


def gone(settings: Settings, way: str, project: Path) -> Settings:
    """Return the settings of a copy of a home, for one way."""
    home = shutil.copytree(settings.home, settings.home.with_name(f"{settings.home.name}-{way}"))
    return Settings.load(home=home, project=project)


def both(undisturbed: Settings, killed: Settings, tasks: dict[str, Task]) -> dict[str, list[str]]:
    """Run tasks in both homes, in the second killed before each of their effects; return these, by task."""
    found = {}
    for name, task in tasks.items():
        effect, modules = attempt(undisturbed, task, None)
        assert not effect, (name, effect)
        load(modules)
        found[name] = kill_before_each_effect(killed, task)
    for task in tasks.values():  # as if the run were cleared as a whole
        assert not attempt(killed, task, None)[0]
    return found


def load(modules: Iterable[str]) -> None:
    """Import what a task has imported besides, so that no fork has to."""
    for name in modules:
        with suppress(ImportError):
            importlib.import_module(name)


def kill_before_each_effect(settings: Settings, task: Task) -> list[str]:
    """Repeat a task, each time killed before the first effect that was not tried yet, until it ends."""
    tried: list[str] = []
    while effect := attempt(settings, task, tried)[0]:
        tried.append(effect)
    return tried


def attempt(settings: Settings, task: Task, tried: list[str] | None) -> tuple[str, list[str]]:
    """Run a task in a process that kills itself before an effect that is not in `tried`.

    Return which, if it did, or else the modules that it had imported.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        if tried is not None:
            for owner, name in EFFECTS:
                fatal(owner, name, tried, writer)
        task(settings)
        os.write(writer, json.dumps(["", [*sys.modules]]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as said:
        effect, modules = json.loads(said.read())
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (-signal.SIGKILL if effect else 0), (task, effect, status)
    return effect, modules


def fatal(owner: Any, name: str, tried: list[str], writer: int) -> None:
    """Let a function end its process when it is first called for an object, if that was not tried before."""
    act, kind = getattr(owner, name), f"{owner.__name__}.{name}"

    def killed(self: Any, *args: Any, **kwargs: Any) -> Any:
        effect = f"{kind}:{OBJECTS[kind](*args)}" if kind in OBJECTS else kind
        if effect not in tried:
            os.write(writer, json.dumps([effect, []]).encode())
            os.kill(os.getpid(), signal.SIGKILL)
        return act(self, *args, **kwargs)

    setattr(owner, name, killed)


def remembered(settings: Settings) -> dict[str, Any]:
    """Return what the ledger and the registry hold, without moments, run ids, and how fast the machine was."""
    found: dict[str, Any] = {kind.__name__: told(settings, kind) for kind in get_args(records.Record)}
    model = registry.fetch(settings, 1, settings.home / "fetched.ubj")
    found["registry"] = {"champion": registry.champion(settings), "model": model.read_bytes().hex()}
    found["versions"] = [
        v.version for v in MlflowClient(settings.mlflow).search_model_versions("name='hot_area_model'")
    ]
    return found


REPEATED = (records.Audit, records.Validation)
"""What is looked at anew is remembered anew, in whatever run, so that a repetition leaves more of the same."""


def told(settings: Settings, kind: type[Any]) -> list[Any]:
    """Return the records of a kind, without what differs from run to run."""
    found = [plain(record, settings) for record in read(settings.ledger, kind)]
    return sorted({json.dumps(v, sort_keys=True) for v in found}) if kind in REPEATED else found


def plain(record: records.Record, settings: Settings) -> dict[str, Any]:
    left = {"run_id", "validation_id", "report", "seconds", "seen", "text"}  # a text has reports and figures in it
    values = {k: v for k, v in asdict(record).items() if k not in left and not k.endswith("_at")}
    if isinstance(record, records.Problem):
        values["is_open"] = record.closed_at is None
    if isinstance(record, records.Decision):
        timed = [check for check in record.checks if check["name"] in {"rehearsal: loading", "rehearsal: latency"}]
        values["checks"] = [check for check in record.checks if check not in timed]
        values["reasons"] = [reason for reason in record.reasons if reason not in [c["reason"] for c in timed]]
    plain: dict[str, Any] = json.loads(json.dumps(values, default=str).replace(str(settings.home), ""))
    return plain


if __name__ == "__main__":
    main(Path(sys.argv[1]))
