"""The gate: decides on a candidate's evidence, and remembers the decision check by check."""

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hotarea.domain import records
from hotarea.domain.errors import GateError, NotReadyError
from hotarea.domain.settings import Settings
from hotarea.stages import approval, decision_pages, gate_alert, standing
from hotarea.stores import policies
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    from hotarea.domain.evidence import Evidence
    from hotarea.domain.gate import Judgement
    from hotarea.domain.gate_check import Check
    from hotarea.domain.gate_policy import Policy
    from hotarea.stores.training_folder import TrainingFolder

log = logging.getLogger(__name__)


def run(settings: Settings, training_id: str | None, run_id: str, *, serves: bool = True) -> records.Decision:
    """Decide on a candidate, the newest if none is named; return the decision, which may hold or reject it.

    Of a home that serves nothing, as a replay's, no agreement of online and offline features is asked for. Asked again,
    the gate answers as it did, where that stands; asked twice at once, it decides once. Decided on anew is a candidate
    that was not rejected, but not promoted before the champion changed; and one that was rejected for what the online
    store answered alone, by what it answers now. Raises `NotReadyError` if there is no such candidate or what is served
    cannot be audited, `GateError` if its evidence is about another champion than the one in service, `SettingsError` if
    the policy cannot be used.
    """
    from hotarea.stores.training_folder import TrainingFolder

    with Ledger(settings.ledger) as ledger:
        try:
            candidate = _candidate(ledger, training_id)
            folder = TrainingFolder.of(Layout(settings.home), candidate.training_id)
            with folder.alone():
                earlier = standing.decision(ledger, candidate.training_id)
                return earlier or _decide(settings, ledger, folder, run_id, serves=serves)
        except GateError as error:
            gate_alert.held(settings, candidate.training_id, error, run_id)
            raise


def judge(
    settings: Settings, folder: "TrainingFolder", run_id: str, *, serves: bool = True, anew: bool = False
) -> tuple["Evidence", "Judgement"]:
    """Complete a candidate's evidence by a rehearsal, unless that was done, and hold it against the policy.

    With `anew`, also one that was done is made again. Remembers nothing but the evidence.
    """
    from hotarea.domain.gate import decide
    from hotarea.stages import rehearsal
    from hotarea.stores.training_folder import write

    evidence = folder.read_evidence()
    if anew or evidence.rehearsal is None:
        evidence = rehearsal.complete(settings, folder, evidence, run_id, serves=serves)
        write(folder.evidence, evidence)
    return evidence, decide(evidence, policy(settings))


def policy(settings: Settings) -> "Policy":
    """Return what the gate holds evidence against; raise `SettingsError` if the file cannot be used."""
    from hotarea.domain.gate_policy import Policy

    return policies.read(settings, "gate", Policy)


def explain(settings: Settings, training_id: str) -> list[str]:
    """Log and return why a candidate may not serve: one sentence for each check against it, and a person's answer."""
    with Ledger(settings.ledger) as ledger:
        decision = ledger.newest(records.Decision, training_id=training_id)
        answers = ledger.all(records.Approval, training_id=training_id)
    if decision is None:
        raise NotReadyError(f"the gate has not decided on {training_id}; expected a decision. Run the gate first.")
    said = [f"{a.by} refused it: {a.reason}" for a in answers if a.decided_at == decision.decided_at and not a.approved]
    for reason in (found := [*decision.reasons, *said]):
        log.warning("version %d was refused: %s", decision.model_version, reason)
    return found


def _candidate(ledger: Ledger, training_id: str | None) -> records.TrainingRun:
    which = {} if training_id is None else {"training_id": training_id}
    found = ledger.newest(records.TrainingRun, **which)
    if found is None:
        named = f" {training_id}" if training_id else ""
        raise NotReadyError(f"there is no trained candidate{named}; expected one. Train first.")
    return found


def _decide(
    settings: Settings, ledger: Ledger, folder: "TrainingFolder", run_id: str, *, serves: bool
) -> records.Decision:
    from hotarea.domain.gate_policy import in_force
    from hotarea.stores.training_folder import write

    training_id = folder.path.name
    _check_rival(folder.read_evidence().champion_version, approval.in_service(ledger), training_id)
    earlier = ledger.newest(records.Decision, training_id=training_id)
    anew = earlier is not None and earlier.is_for_serving
    evidence, decision = judge(settings, folder, run_id, serves=serves, anew=anew)
    moment = records.now()
    record = records.Decision(
        training_id=training_id,
        model_version=evidence.model_version,
        champion_version=evidence.champion_version,
        accepted=decision.verdict == "promote",
        verdict=decision.verdict.value,
        checks=[_told(check) for check in decision.checks],
        reasons=decision.reasons,
        metrics=evidence.metrics,
        policy=in_force(policy(settings)),
        report=str(Layout(settings.home).decision_page(training_id, moment)),
        run_id=run_id,
        decided_at=moment,
    )
    write(folder.decision, record)
    decision_pages.write(settings, record)
    gate_alert.decided(settings, record)  # before it is remembered: a repeat would not decide again
    ledger.add(record)
    decision_pages.index(settings)
    _tell(record)
    return record


def _check_rival(compared: int | None, in_service: int | None, training_id: str) -> None:
    if compared != in_service:
        raise GateError(
            f"{training_id} was compared with champion version {compared}, but version {in_service} is in service; "
            "expected the same. Evaluate the candidate again."
        )


def _told(check: "Check") -> dict[str, Any]:
    """Return a check as the ledger keeps it, its outcome in a word."""
    told = asdict(check)
    return {"name": told.pop("name"), "verdict": told.pop("outcome").value, **told}


def _tell(record: records.Decision) -> None:
    for check in record.checks:
        log.log(
            logging.INFO if check["verdict"] == "passed" else logging.WARNING,
            "%s %s: value %s, threshold %s. %s",
            *(check[key] for key in ("verdict", "name", "value", "threshold", "reason")),
        )
    outcome = {"promote": "accepted", "hold": "held until a person decides", "reject": "refused"}[record.verdict]
    log.info(
        "version %d of %s is %s; the report is %s", record.model_version, record.training_id, outcome, record.report
    )
