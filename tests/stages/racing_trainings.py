"""Carries out one plan in two processes at once; a program, as it forks.

    python -m tests.stages.racing_trainings HOME

Settings come from the environment. Prints what each process said: the training's id, or how it failed.
"""

import json
import logging
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import mlflow.xgboost  # noqa: F401 - imported before the forks, as all that takes long
import sklearn.linear_model  # noqa: F401

import expectations.runner  # noqa: F401
from hotarea.domain.settings import Settings
from hotarea.stages import evidence, hindsight, train, training_rows  # noqa: F401
from hotarea.stores import registry  # noqa: F401

RUNS = ("one", "two")

fork = multiprocessing.get_context("fork")


def main(home: Path) -> None:
    """Plan once, let both carry it out, and tell what they said."""
    settings = Settings.load(home=home)
    plan = in_a_process(train.plan, settings, "plan")
    start, said = fork.Barrier(len(RUNS)), fork.Queue()
    racers = [fork.Process(target=carried_out, args=(settings, plan, run_id, start, said)) for run_id in RUNS]
    for racer in racers:
        racer.start()
    found = [said.get(timeout=300) for _ in racers]
    for racer in racers:
        racer.join()
    sys.stdout.write(json.dumps(sorted(found)) + "\n")


def carried_out(settings: Settings, plan: Path, run_id: str, start: Any, said: Any) -> None:
    logging.basicConfig(level=logging.INFO)
    start.wait()
    try:
        said.put(train.carry_out(settings, plan, run_id))
    except Exception as error:  # noqa: BLE001 - whatever it is, the test shows it
        said.put(f"failed: {error!r}")


def in_a_process(function: Any, *given: Any) -> Any:
    with fork.Pool(1) as pool:
        return pool.apply(function, given)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
