"""Monitoring: looks at what is new, at drift, at matured predictions and at the clock, and asks for a training."""

from dataclasses import dataclass
from pathlib import Path

from hotarea.domain import records, triggers
from hotarea.domain.errors import NotReadyError
from hotarea.domain.live_performance import told
from hotarea.domain.records import TriggerRequest
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ACCEPTED, Ask
from hotarea.stages import arbiter, drift, live_performance
from hotarea.stages.arbiter import Wanted
from hotarea.stores.ledger import Ledger


@dataclass(frozen=True)
class Candidate:
    """A model that was trained because the arbiter accepted it, what the gate said, and what is left to do."""

    training_id: str
    model_version: int
    verdict: str
    reasons: list[str]
    report: str  # of the decision
    left: str  # a command, and what for; empty if nothing is


@dataclass(frozen=True)
class Outcome:
    """What a look at everything found, what was asked for, and what came of it."""

    drift: records.DriftCheck | None
    live: list[records.LivePerformance]
    requests: list[TriggerRequest]
    candidate: Candidate | None


def ask(settings: Settings, run_id: str) -> list[TriggerRequest]:
    """Ask the arbiter for all that gives reason to train now; return what was answered.

    What was answered before is not asked again, unless it was deferred until now or came to nothing. Done again by the
    same run, the answers are the same.
    """
    done = arbiter.asked_by(settings, run_id)
    reasons = {request.reason for request in done}
    wishes = sorted(_wishes(settings, run_id), key=lambda wish: triggers.REASONS.index(wish.reason))
    new = [arbiter.news(settings, wish) for wish in wishes if wish.reason not in reasons]
    return [*done, *(answer for answer in new if answer is not None)]


def accepted(answers: list[TriggerRequest]) -> TriggerRequest | None:
    """Return the request by which a training starts; None if none was accepted."""
    return next((answer for answer in answers if answer.outcome == ACCEPTED), None)


def run(settings: Settings, run_id: str, *, look: bool = False) -> Outcome:
    """Check drift and live performance, ask for all that follows, and train in this process if that is accepted.

    As `train_model` does, the candidate is decided on and, if the gate lets it, put in service. With `look` nothing is
    asked for. Raises what these stages raise.
    """
    checked, live = drift.run(settings, run_id), live_performance.run(settings, run_id)
    answers = [] if look else ask(settings, run_id)
    request, candidate = accepted(answers), None
    if request is not None:
        _, planned = arbiter.plan(settings, run_id, Wanted(), request.request_id)
        candidate = _decided(settings, planned, run_id) if planned else None
    return Outcome(checked, live, answers, candidate)


def _decided(settings: Settings, planned: Path, run_id: str) -> Candidate:
    """Train what was planned, let the gate decide, and promote what it accepts."""
    from hotarea.stages import gate, model_card, promote, train

    training_id = train.carry_out(settings, planned, run_id)
    found = gate.run(settings, training_id, run_id)
    if found.accepted:
        promote.run(settings, training_id, run_id)
    model_card.of_outcome(settings, training_id)
    return Candidate(training_id, found.model_version, found.verdict, found.reasons, found.report, left(found))


def left(decision: records.Decision) -> str:
    """Return what a person still has to do, by which command."""
    if decision.accepted:
        return "`hotarea score` lets the new champion score the newest documents"
    if decision.is_held:
        answers = " or ".join(f"`hotarea {word} {decision.training_id} --reason …`" for word in ("approve", "reject"))
        return f"a person decides, after a look at the report: {answers}, then `hotarea promote` and `hotarea score`"
    return ""


def _wishes(settings: Settings, run_id: str) -> list[Ask]:
    """Return what gives reason to train: new data, drift, dropped performance, time."""
    found = []
    if (checked := _alarm(settings)) is not None:
        subject = f"{', '.join(checked.alarms)} at {checked.cutoff}@{checked.known}, version {checked.model_version}"
        found.append(Ask(triggers.DRIFT, subject, run_id))
    if (live := live_performance.dropped(settings)) is not None:
        fell = f"version {live.model_version} at {live.cutoff}: {told(live)}"
        found.append(Ask(triggers.PERFORMANCE, fell, run_id))
    if new := _new_data(settings):
        found.append(Ask(triggers.NEW_DATA, new, run_id))
    if arbiter.is_scheduled(settings):
        found.append(Ask(triggers.SCHEDULE, f"the clock, {records.now():%Y-%m-%d}", run_id))
    return found


def _alarm(settings: Settings) -> records.DriftCheck | None:
    """Return the check of the newest cutoff against the champion in service, if it is an alarm."""
    with Ledger(settings.ledger) as ledger:
        champion, newest = ledger.newest(records.Champion), ledger.newest(records.DriftCheck)
    version = champion.model_version if champion else 0
    return newest if newest and newest.alarms and newest.model_version == version else None


def _new_data(settings: Settings) -> str:
    """Return the cutoff that came last, as long as nothing was learned from it; empty if all is known."""
    from hotarea.stages import train

    with Ledger(settings.ledger) as ledger:
        newest = max(((s.cutoff, s.known) for s in ledger.all(records.FeatureSet)), default=None)
    try:
        due = train.is_due(settings)
    except NotReadyError:
        due = True  # too little data is the arbiter's to say, once for each release
    return f"cutoff {newest[0]}@{newest[1]}" if newest and due else ""
