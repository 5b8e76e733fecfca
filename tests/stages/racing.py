"""Promotes several candidates at once, from processes that wait for each other; a program, as it forks.

    python -m tests.stages.racing HOME ROUNDS

Settings come from the environment. In HOME wait two candidates a round, r1-1, r1-2 and so on. Each round's are
accepted against the champion of then, and race. Prints what each promotion said, and who is champion at the end.
"""

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

import mlflow  # noqa: F401 - imported before the forks, as all that takes long

from hotarea.domain import records
from hotarea.domain.errors import GateError
from hotarea.domain.settings import Settings
from hotarea.stages import promote
from hotarea.stores import registry
from hotarea.stores.ledger import Ledger, read

fork = multiprocessing.get_context("fork")


def main(home: Path, rounds: int) -> None:
    """Let each round's candidates race, and tell who won."""
    settings = Settings.load(home=home)
    said = [race(settings, number) for number in range(1, rounds + 1)]
    timeline = [asdict_of(entry) for entry in read(settings.ledger, records.Champion)]
    alias = in_a_process(registry.champion, settings)
    sys.stdout.write(json.dumps({"said": said, "timeline": timeline, "alias": alias}) + "\n")


def race(settings: Settings, number: int) -> list[str]:
    """Promote this round's candidates at once, the first of them twice; return what each process said."""
    names = [f"r{number}-{place}" for place in (1, 1, 2)]
    accept(settings, names)
    start, said = fork.Barrier(len(names)), fork.Queue()
    racers = [fork.Process(target=promoted, args=(settings, name, start, said)) for name in names]
    for racer in racers:
        racer.start()
    found = [said.get(timeout=120) for _ in racers]
    for racer in racers:
        racer.join()
    return sorted(found)


def accept(settings: Settings, names: list[str]) -> None:
    """Let the gate accept candidates against who is champion now."""
    with Ledger(settings.ledger) as ledger:
        champion = ledger.newest(records.Champion)
        for training in (t for t in ledger.all(records.TrainingRun) if t.training_id in names):
            ledger.add(
                records.Decision(
                    training_id=training.training_id,
                    model_version=training.model_version,
                    champion_version=champion.model_version if champion else None,
                    accepted=True,
                    checks=[],
                    reasons=[],
                    metrics=training.metrics,
                    run_id="test",
                )
            )


def promoted(settings: Settings, training_id: str, start: Any, said: Any) -> None:
    start.wait()
    try:
        said.put(f"{training_id} is version {promote.run(settings, training_id, training_id).model_version}")
    except GateError as error:
        said.put(f"{training_id} refused: {error}")


def in_a_process(function: Any, settings: Settings) -> Any:
    with fork.Pool(1) as pool:
        return pool.apply(function, (settings,))


def asdict_of(entry: records.Champion) -> dict[str, Any]:
    return {"sequence": entry.sequence, "model_version": entry.model_version, "training_id": entry.training_id}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
