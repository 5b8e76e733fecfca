"""What people are told of the gate: who was refused, who waits for them, and who could not be decided on."""

from collections.abc import Mapping
from typing import Any, Literal

from hotarea.domain.alert import Alert, FailedCheck, Recovery
from hotarea.domain.errors import GateError
from hotarea.domain.records import Approval, Decision
from hotarea.domain.settings import Settings
from hotarea.stages import alert, decision_pages

REFUSED = "gate/refused"
WAITING = "gate/waiting"
HELD = "gate/held"
DRIFT = "drift/features"

_DRIFT_CHECK = "drift: "


def decided(settings: Settings, decision: Decision) -> None:
    """Tell of a refusal or of a candidate that waits for a person, and of what is over with this decision.

    A candidate that only drift stands against is told as drift: the model is not at fault.
    """
    _settle(settings, HELD, decision, "The gate decided on version {}.")
    against = [check for check in decision.checks if check["verdict"] != "passed"]
    if not any(map(_is_drift, against)):
        _settle(settings, DRIFT, decision, "The features of version {} have not drifted.")
    if not decision.is_held:
        _settle(settings, WAITING, decision, "The gate decided on version {}, which no person must.")
    if decision.accepted:
        _settle(settings, REFUSED, decision, "The gate accepted version {}.")
    elif decision.is_held:
        alert.tell(settings, _waiting(settings, decision, against))
    else:
        alert.tell(settings, _refusal(settings, decision, against))


def answered(settings: Settings, decision: Decision, answer: Approval, *, others_wait: bool) -> None:
    """Tell that a person has decided on a candidate that waited, or that nobody has in time.

    What it was held for is over with that, and so is drift: there is no more to decide on this candidate. Unless other
    candidates wait, for which that may be as true.
    """
    said = f"{answer.by} {'approved' if answer.approved else 'refused'} version {{}}: {answer.reason}"
    for problem in () if others_wait else (WAITING, DRIFT, HELD):
        _settle(settings, problem, decision, said)
    if answer.approved:
        _settle(settings, REFUSED, decision, said)


def held(settings: Settings, training_id: str, error: GateError, run_id: str) -> None:
    """Tell of a candidate that could not be decided on or promoted, and mark the error as told."""
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
    said = what.replace("{}", str(decision.model_version))
    where = f"candidate {decision.training_id}"
    alert.settle(settings, Recovery(problem=problem, what=said, where=where, run_id=decision.run_id))


def _waiting(settings: Settings, decision: Decision, held: list[dict[str, Any]]) -> Alert:
    drifted = all(map(_is_drift, held))
    why = "its features have drifted" if drifted else "the evidence cannot decide"
    hours = decision.policy["approval"]["wait_hours"]
    return Alert(
        problem=DRIFT if drifted else WAITING,
        title=f"hotarea: version {decision.model_version} waits for a person, as {why}",
        what=f"Version {decision.model_version} is held, as {why}; {_in_service(decision)}. Answer under Required "
        f"Actions in Airflow, or by `hotarea approve {decision.training_id}` or `hotarea reject …`. Without an answer "
        f"within {hours:g} hours it is refused.",
        # each version waits for an answer of its own, so each is told
        findings=tuple(_finding(decision, check, "critical") for check in held),
        **_about(settings, decision),
    )


def _refusal(settings: Settings, decision: Decision, against: list[dict[str, Any]]) -> Alert:
    return Alert(
        problem=REFUSED,
        title=f"hotarea: version {decision.model_version} was refused by the gate",
        what=f"Version {decision.model_version} was refused by the gate; {_in_service(decision)}.",
        findings=tuple(_finding(decision, check, "warning") for check in against),
        **_about(settings, decision),
    )


def _about(settings: Settings, decision: Decision) -> dict[str, Any]:
    return {
        "where": f"candidate {decision.training_id}",
        "report": decision_pages.of(settings, decision),
        "file": decision.report,
        "run_id": decision.run_id,
        "command": f"hotarea gate {decision.training_id}",
        "severity": "warning",
    }


def _in_service(decision: Decision) -> str:
    if decision.champion_version is None:
        return "no model is in service yet"
    return f"version {decision.champion_version} stays in service"


def _finding(decision: Decision, check: Mapping[str, Any], severity: Literal["critical", "warning"]) -> FailedCheck:
    observed, _, expected = check["reason"].rpartition(", expected ")
    name, _, part = check["name"].partition(": ")
    return FailedCheck(
        check=name,
        slice=part,
        subject=f"version {decision.model_version}",
        expected=expected if observed else "",
        observed=observed or check["reason"],
        severity=severity,
    )


def _is_drift(check: Mapping[str, Any]) -> bool:
    return str(check["name"]).startswith(_DRIFT_CHECK)
