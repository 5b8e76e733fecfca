"""A person's answer to a candidate that the gate holds: remembered once, with who gave it and why."""

import logging
from datetime import datetime, timedelta

from hotarea.domain import records
from hotarea.domain.errors import GateError, NotReadyError, PublishError
from hotarea.domain.records import Approval, Decision
from hotarea.domain.settings import Settings
from hotarea.stages import decision_pages, gate_alert
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

ANEW = (
    "Run the training again (`hotarea train --force` and `hotarea gate`, or train_model with force): the candidate is "
    "compared with the champion in service, and decided on anew."
)
"""What to do about a decision that was made against another champion; without force, the cooldown may defer it."""

_NEXT = {
    "promote": "`hotarea promote {}` puts it in service.",
    "hold": "Answer that one: `hotarea approve {0}`, then `hotarea promote {0}`; or `hotarea reject {0}`.",
    "reject": "There is nothing left to answer.",
}
"""What to do about a question that the gate has overtaken, by what it says now."""

_NO_PERSON = {records.NOBODY, records.GATE}


def answer(  # noqa: PLR0913 - each a different thing
    settings: Settings, training_id: str | None, *, approved: bool, by: str, reason: str, run_id: str
) -> Approval:
    """Remember that `by` lets a held candidate pass or not, as `remember` does.

    Raises `GateError` if another answer came first, or an approval after the time is up: that nobody has answered in it
    is remembered then, where no question was waiting for that.
    """
    if approved:
        _check_time(settings, training_id, run_id)
    found = remember(settings, training_id, approved=approved, by=by, reason=reason, run_id=run_id)
    if found.approved != approved:
        raise GateError(
            f"{found.by} {_word(found)} version {found.model_version} already, at {found.answered_at:%Y-%m-%d %H:%M}: "
            f"{found.reason}. The first answer counts; train again for another decision."
        )
    return found


def remember(  # noqa: PLR0913 - each a different thing
    settings: Settings,
    training_id: str | None,
    *,
    approved: bool,
    by: str,
    reason: str,
    run_id: str,
    decided_at: datetime | None = None,
) -> Approval:
    """Remember a person's answer, to the newest candidate that waits if none is named; return the one that came first.

    `decided_at` says which decision the person was shown; without it the last one is meant. Raises `GateError` if the
    gate does not hold the candidate, or has decided anew since, it is approved though the champion has changed since,
    no reason is given, or the name is no person's.
    """
    name = person(by)
    if not reason.strip():
        raise GateError("an answer needs a reason; expected a few words for who asks later.")
    with Ledger(settings.ledger) as ledger:
        decision = held(ledger, training_id) if decided_at is None else asked(ledger, training_id or "", decided_at)
    return _remember(settings, decision, approved=approved, by=name, reason=reason.strip(), run_id=run_id)


def person(name: str) -> str:
    """Return a person's name without blanks around; raise `GateError` if it is empty, or stands for no person."""
    found = name.strip()
    if not found or found.lower() in _NO_PERSON:
        raise GateError(
            f"{found!r} is no person's name: {' and '.join(sorted(_NO_PERSON))} say in the ledger that no person has "
            "answered; expected who decides. Say it by --as, or log in under another name."
        )
    return found


def timed_out(settings: Settings, training_id: str, decided_at: datetime, run_id: str) -> Approval:
    """Remember that nobody has answered in time, which refuses; an answer that came another way counts.

    Raises `GateError`, and remembers nothing, if nobody could have approved it: the gate has decided anew since it held
    the candidate at `decided_at`, or the champion has changed. A refusal would keep the candidate from being compared
    with the new one.
    """
    with Ledger(settings.ledger) as ledger:
        decision = asked(ledger, training_id, decided_at)
    reason = f"no person has answered within {waits(decision).total_seconds() / 3600:g} hours"
    return _remember(settings, decision, approved=False, by=records.NOBODY, reason=reason, run_id=run_id)


def look(settings: Settings, training_id: str) -> tuple[Decision, Approval | None]:
    """Return the decision that holds a candidate, and the answer to it if there is one."""
    with Ledger(settings.ledger) as ledger:
        decision = held(ledger, training_id)
        return decision, of(ledger, decision)


def to_question(settings: Settings, training_id: str, decided_at: datetime) -> Approval | None:
    """Return the answer to the decision of a moment; None as long as it is waited for.

    Raises `GateError` if that is in vain: the gate has decided anew, or the champion has changed.
    """
    with Ledger(settings.ledger) as ledger:
        decision = asked(ledger, training_id, decided_at)
        found = of(ledger, decision)
        if found is None:
            _check_rival(ledger, decision)
    return found


def in_vain(settings: Settings, training_id: str, error: GateError, run_id: str) -> GateError:
    """Tell of a question that can have no answer any more, unless people know of it already; return its error."""
    if not error.problem:
        gate_alert.held(settings, training_id, error, run_id)
    return error


def waits(decision: Decision) -> timedelta:
    """Return how long a decision waits for a person, by the policy that was in force."""
    return timedelta(hours=decision.policy["approval"]["wait_hours"])


def deadline(decision: Decision) -> datetime:
    """Return until when a decision waits, which does not move when the question is asked again."""
    return decision.decided_at + waits(decision)


def in_service(ledger: Ledger) -> int | None:
    """Return the champion's version; None as long as there is no champion."""
    champion = ledger.newest(records.Champion)
    return champion.model_version if champion else None


def is_open(ledger: Ledger, decision: Decision) -> bool:
    """Whether a person is asked about a decision: no answer came, there is time left, and an approval would count."""
    if not decision.is_held or of(ledger, decision) or records.now() >= deadline(decision):
        return False
    return decision.champion_version == in_service(ledger)


def question(settings: Settings, decision: Decision) -> str:
    """Return what a person is asked, as Markdown: what stands against the candidate, and where all of it is shown."""
    rival = "no champion" if decision.champion_version is None else f"champion version {decision.champion_version}"
    against = [check for check in decision.checks if check["verdict"] != "passed"]
    return "\n".join([
        f"The gate holds version {decision.model_version} of `{decision.training_id}` ({rival} is in service).",
        "",
        *(f"- **{check['name']}**: {check['reason']}" for check in against),
        "",
        f"{len(decision.checks) - len(against)} other checks passed. All checks, intervals and slices: "
        f"[the report]({decision_pages.of(settings, decision)}).",
        "",
        f"Without an answer until {deadline(decision):%Y-%m-%d %H:%M} UTC it is rejected.",
    ])  # fmt: skip


def held(ledger: Ledger, training_id: str | None) -> Decision:
    """Return the decision that holds a candidate; raise `GateError` if there is none to answer."""
    which = {} if training_id is None else {"training_id": training_id}
    last = records.last_by_training(ledger.all(Decision, **which)).values()
    found = [d for d in last if training_id or (d.is_held and of(ledger, d) is None)]
    decision = max(found, key=lambda d: d.decided_at, default=None)
    if decision is None:
        named = f" {training_id}" if training_id else ""
        raise GateError(f"no candidate{named} waits for an answer; expected one that the gate holds.")
    if not decision.is_held:
        raise GateError(
            f"the gate said {decision.verdict} of version {decision.model_version} of {decision.training_id}; expected "
            "hold, as only that leaves it to a person."
        )
    return decision


def asked(ledger: Ledger, training_id: str, decided_at: datetime) -> Decision:
    """Return the decision that a person was asked about; raise `GateError` if the gate has decided anew since."""
    found = ledger.newest(Decision, training_id=training_id)
    if found is None:
        raise NotReadyError(
            f"the ledger knows no decision on {training_id}, about which a person was asked; expected that of "
            f"{_moment(decided_at)}. Look whether HOTAREA_LEDGER_URL is that of the gate."
        )
    if found.decided_at != decided_at:
        raise GateError(
            f"a person was asked about the decision of {_moment(decided_at)} on {training_id}, but the gate has "
            f"decided anew: at {_moment(found.decided_at)} it said {found.verdict} of version {found.model_version}; "
            f"expected no other decision since. Nothing was remembered. {_NEXT[found.verdict].format(training_id)}",
            problem=gate_alert.WAITING,  # with the new decision people were told what became of it
        )
    return found


def of(ledger: Ledger, decision: Decision) -> Approval | None:
    """Return the answer to a decision; None as long as there is none."""
    found = ledger.all(Approval, training_id=decision.training_id, decided_at=decision.decided_at)
    return found[0] if found else None


def to(settings: Settings, decision: Decision) -> Approval | None:
    """Return the answer to a decision, from a ledger that is opened for that; None as long as there is none."""
    with Ledger(settings.ledger) as ledger:
        return of(ledger, decision)


def _remember(  # noqa: PLR0913 - each a different thing
    settings: Settings, decision: Decision, *, approved: bool, by: str, reason: str, run_id: str
) -> Approval:
    new = Approval(
        training_id=decision.training_id,
        decided_at=decision.decided_at,
        model_version=decision.model_version,
        approved=approved,
        by=by,
        reason=reason,
        run_id=run_id,
    )
    with Ledger(settings.ledger) as ledger:
        try:
            found = of(ledger, decision) or _remembered(ledger, decision, new)
        except GateError as error:
            gate_alert.held(settings, decision.training_id, error, run_id)
            raise
        others = any(is_open(ledger, d) for d in records.last_by_training(ledger.all(Decision)).values())
    decision_pages.write(settings, decision, found)
    gate_alert.answered(settings, decision, found, others_wait=others)
    log.info("%s %s version %d: %s", found.by, _word(found), found.model_version, found.reason)
    return found


def _remembered(ledger: Ledger, decision: Decision, new: Approval) -> Approval:
    """Add an answer, and return it, or the one that came first."""
    if new.approved or new.by == records.NOBODY:  # a person who refuses may do so whoever is in service
        _check_rival(ledger, decision)
    try:
        ledger.add(new)
    except PublishError:
        return ledger.all(Approval, training_id=new.training_id, decided_at=new.decided_at)[0]
    return new


def _check_time(settings: Settings, training_id: str | None, run_id: str) -> None:
    """Refuse a candidate that nobody answered in time; raise `GateError` if so."""
    with Ledger(settings.ledger) as ledger:
        decision = held(ledger, training_id)
        if of(ledger, decision) or records.now() < deadline(decision):
            return
    timed_out(settings, decision.training_id, decision.decided_at, run_id)
    raise GateError(
        f"version {decision.model_version} of {decision.training_id} waited for an answer until "
        f"{_moment(deadline(decision))} and is refused; expected one before. Train on newer data for another decision.",
        problem=gate_alert.WAITING,  # people are told of the refusal
    )


def _check_rival(ledger: Ledger, decision: Decision) -> None:
    serves = in_service(ledger)
    if decision.champion_version != serves:
        raise GateError(
            f"the champion changed: version {decision.model_version} was held against champion version "
            f"{decision.champion_version}, but version {serves} is in service by now; expected the same. {ANEW}"
        )


def _word(found: Approval) -> str:
    return "approved" if found.approved else "refused"


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC"
