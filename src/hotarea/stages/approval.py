"""A person's answer to a candidate that the gate holds: remembered once, with who gave it and why."""

import logging
from datetime import timedelta

from hotarea.domain import records
from hotarea.domain.errors import GateError, PublishError
from hotarea.domain.records import Approval, Decision
from hotarea.domain.settings import Settings
from hotarea.stages import decision_pages, gate_alert
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

NOBODY = "nobody"
"""Who has answered if no person did in time."""


def answer(  # noqa: PLR0913 - each a different thing
    settings: Settings, training_id: str | None, *, approved: bool, by: str, reason: str, run_id: str
) -> Approval:
    """Remember that `by` lets a held candidate pass or not, the newest that waits if none is named.

    The first answer counts. Given again it is returned; raises `GateError` if it was another, the gate does not hold
    the candidate, the champion has changed since, or nobody or nothing is named.
    """
    if not by.strip() or not reason.strip():
        raise GateError("an answer needs who gives it and why; expected a name and a few words for who asks later.")
    ledger = Ledger(settings.ledger)
    try:
        decision = held(ledger, training_id)
        found = of(ledger, decision) or _remembered(
            ledger, _new(decision, approved, by.strip(), reason.strip(), run_id)
        )
    finally:
        ledger.close()
    _check_same(found, approved=approved)
    decision_pages.write(settings, decision, found)
    gate_alert.answered(settings, decision, found)
    log.info("%s %s version %d: %s", found.by, _word(found), found.model_version, found.reason)
    return found


def timed_out(settings: Settings, training_id: str, waited: timedelta, run_id: str) -> Approval:
    """Remember that nobody has answered in time, which refuses; an answer that came another way counts."""
    ledger = Ledger(settings.ledger)
    earlier = of(ledger, held(ledger, training_id))
    ledger.close()
    if earlier:
        return earlier
    reason = f"no person has answered within {waited.total_seconds() / 3600:g} hours"
    return answer(settings, training_id, approved=False, by=NOBODY, reason=reason, run_id=run_id)


def held(ledger: Ledger, training_id: str | None) -> Decision:
    """Return the decision that holds a candidate; raise `GateError` if there is none to answer."""
    which = {} if training_id is None else {"training_id": training_id}
    decisions = ledger.all(Decision, **which)
    if training_id is None:
        decisions = [d for d in decisions if d.is_held and of(ledger, d) is None]
    decision = max(decisions, key=lambda d: d.decided_at, default=None)
    if decision is None:
        raise GateError(f"no candidate {training_id or ''} waits for an answer; expected one that the gate holds.")
    if not decision.is_held:
        raise GateError(
            f"the gate said {decision.verdict} of version {decision.model_version} of {decision.training_id}; expected "
            "hold, as only that leaves it to a person."
        )
    return decision


def of(ledger: Ledger, decision: Decision) -> Approval | None:
    """Return the answer to a decision; None as long as there is none."""
    found = ledger.all(Approval, training_id=decision.training_id, decided_at=decision.decided_at)
    return found[0] if found else None


def to(settings: Settings, decision: Decision) -> Approval | None:
    """Return the answer to a decision, from a ledger that is opened for that; None as long as there is none."""
    ledger = Ledger(settings.ledger)
    try:
        return of(ledger, decision)
    finally:
        ledger.close()


def _new(decision: Decision, approved: bool, by: str, reason: str, run_id: str) -> Approval:
    return Approval(
        training_id=decision.training_id,
        decided_at=decision.decided_at,
        model_version=decision.model_version,
        approved=approved,
        by=by,
        reason=reason,
        run_id=run_id,
    )


def _remembered(ledger: Ledger, new: Approval) -> Approval:
    """Remember an answer, and return it, or the one that came first."""
    if new.approved:
        _check_rival(ledger, new)
    try:
        ledger.add(new)
    except PublishError:
        return ledger.all(Approval, training_id=new.training_id, decided_at=new.decided_at)[0]
    return new


def _check_rival(ledger: Ledger, new: Approval) -> None:
    decision = ledger.all(Decision, training_id=new.training_id, decided_at=new.decided_at)[0]
    champion = ledger.newest(records.Champion)
    in_service = champion.model_version if champion else None
    if decision.champion_version != in_service:
        raise GateError(
            f"version {new.model_version} was held against champion version {decision.champion_version}, but version "
            f"{in_service} is in service by now; expected the same. Run the training again: the gate decides anew."
        )


def _check_same(found: Approval, *, approved: bool) -> None:
    if found.approved != approved:
        raise GateError(
            f"{found.by} {_word(found)} version {found.model_version} already, at {found.answered_at:%Y-%m-%d %H:%M}: "
            f"{found.reason}. The first answer counts; train again for another decision."
        )


def _word(found: Approval) -> str:
    return "approved" if found.approved else "refused"
