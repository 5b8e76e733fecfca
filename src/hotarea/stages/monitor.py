"""Monitoring: looks at what is new, at drift, at matured predictions and at the clock, and asks for a training."""

from hotarea.domain import records, triggers
from hotarea.domain.errors import NotReadyError
from hotarea.domain.records import TriggerRequest
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ACCEPTED, Ask
from hotarea.stages import arbiter, drift, live_performance
from hotarea.stores.ledger import Ledger


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


def run(settings: Settings, run_id: str) -> list[TriggerRequest]:
    """Check drift and live performance, and ask for all that follows; return what was answered."""
    drift.run(settings, run_id)
    live_performance.run(settings, run_id)
    return ask(settings, run_id)


def _wishes(settings: Settings, run_id: str) -> list[Ask]:
    """Return what gives reason to train: new data, drift, dropped performance, time."""
    found = []
    if (checked := _alarm(settings)) is not None:
        subject = f"{', '.join(checked.alarms)} at {checked.cutoff}@{checked.known}, version {checked.model_version}"
        found.append(Ask(triggers.DRIFT, subject, run_id))
    if (live := live_performance.dropped(settings)) is not None:
        fell = f"average precision {live.metrics['model']['average_precision']:.3f} after {live.expected:.3f}"
        found.append(Ask(triggers.PERFORMANCE, f"version {live.model_version} at {live.cutoff}: {fell}", run_id))
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
