"""What `hotarea train` and `triggers` do: trainings that are asked for, and what was answered."""

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


def show(settings: Settings, recent: int, *, as_json: bool) -> None:
    """Print the newest requests."""
    from hotarea.console import triggers as tables
    from hotarea.stages import arbiter

    found = arbiter.requests(settings, recent)
    if as_json:
        print_json(found)
    else:
        tables.show(OUT, found)
