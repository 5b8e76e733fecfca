"""What people are told of the gate: a candidate that it refused or held, and the next that it accepts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hotarea.domain.alert import Alert, FailedCheck, Recovery
from hotarea.domain.errors import GateError
from hotarea.domain.records import Decision
from hotarea.domain.settings import Settings
from hotarea.stages import alert

REFUSED = "gate/refused"
HELD = "gate/held"
DRIFT = "drift/features"

_DRIFT_CHECK = "drift: "


def decided(settings: Settings, decision: Decision, file: Path) -> None:
    """Tell of a refusal, and of what is over with this decision.

    A candidate that only the drift of its features stands against is told as drift: the model is not at fault.
    """
    _settle(settings, HELD, decision, "The gate decided on version {}.")
    failed = [check for check in decision.checks if check["verdict"] == "failed"]
    if not any(_is_drift(check) for check in failed):
        _settle(settings, DRIFT, decision, "The features of version {} have not drifted.")
    if decision.accepted:
        _settle(settings, REFUSED, decision, "The gate accepted version {}.")
    else:
        alert.tell(settings, _refusal(decision, failed, file))


def held(settings: Settings, training_id: str, error: GateError, run_id: str) -> None:
    """Tell of a candidate that is neither accepted nor refused, and mark the error as told."""
    alert.tell(
        settings,
        Alert(
            problem=HELD,
            title="hotarea: the gate holds a candidate back",
            what=f"{training_id} is neither accepted nor refused: {error} The champion stays in service.",
            where=f"candidate {training_id}",
            run_id=run_id,
            command="hotarea status",
        ),
    )
    error.problem = HELD


def _settle(settings: Settings, problem: str, decision: Decision, what: str) -> None:
    said = what.format(decision.model_version)
    where = f"candidate {decision.training_id}"
    alert.settle(settings, Recovery(problem=problem, what=said, where=where, run_id=decision.run_id))


def _refusal(decision: Decision, failed: list[dict[str, Any]], file: Path) -> Alert:
    drifted = all(map(_is_drift, failed))
    stays = f"version {decision.champion_version} stays in service"
    cause = "because its features have drifted" if drifted else "by the gate"
    return Alert(
        problem=DRIFT if drifted else REFUSED,
        title=f"hotarea: version {decision.model_version} was refused {cause}",
        what=f"Version {decision.model_version} was refused {cause}; "
        f"{'no model is in service yet' if decision.champion_version is None else stays}.",
        where=f"candidate {decision.training_id}",
        findings=tuple(_finding(decision, check) for check in failed),
        file=str(file),
        run_id=decision.run_id,
        command=f"hotarea gate {decision.training_id} --json",
        severity="warning",
    )


def _finding(decision: Decision, check: Mapping[str, Any]) -> FailedCheck:
    observed, _, expected = check["reason"].rpartition(", expected ")
    name, _, part = check["name"].partition(": ")
    return FailedCheck(
        check=name,
        slice=part,
        subject=f"version {decision.model_version}",
        expected=expected if observed else "",
        observed=observed or check["reason"],
        severity="warning",
    )


def _is_drift(check: Mapping[str, Any]) -> bool:
    return str(check["name"]).startswith(_DRIFT_CHECK)
