"""What `hotarea train`, `monitor` and `triggers` do: trainings that are asked for, and what was answered."""

from dataclasses import asdict
from typing import Any

from hotarea.commands.calls import OUT, print_json
from hotarea.domain.settings import Settings
from hotarea.stages.arbiter import Wanted


def train(settings: Settings, run_id: str, wanted: Wanted) -> dict[str, Any]:
    """Ask the arbiter for a training and carry it out if it accepts; return what it answered and what was trained."""
    from hotarea.stages import arbiter
    from hotarea.stages import train as stage

    answer, planned = arbiter.plan(settings, run_id, wanted)
    training_id = stage.carry_out(settings, planned, run_id) if planned else None
    return {"training_id": training_id, "outcome": answer.outcome, "why": answer.why}


def monitor(settings: Settings, run_id: str, *, look: bool) -> dict[str, Any]:
    """Check drift and live performance, ask for what follows, and train if that is accepted; return what was found."""
    from hotarea.stages import drift, live_performance, train
    from hotarea.stages import monitor as stage

    checked, live = drift.run(settings, run_id), live_performance.run(settings, run_id)
    answers = [] if look else stage.ask(settings, run_id)
    accepted = stage.accepted(answers)
    planned = train.plan(settings, run_id) if accepted else None
    return {
        "drift": asdict(checked) if checked else None,
        "live": [asdict(measured) for measured in live],
        "requests": [asdict(answer) for answer in answers],
        "training_id": train.carry_out(settings, planned, run_id) if planned else None,
    }


def show(settings: Settings, recent: int, *, as_json: bool) -> None:
    """Print the newest requests."""
    from hotarea.console import triggers as tables
    from hotarea.stages import arbiter

    found = arbiter.requests(settings, recent)
    if as_json:
        print_json(found)
    else:
        tables.show(OUT, found)
