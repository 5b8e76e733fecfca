"""The arbiter: all wishes for a training come here, and are answered by the rules of `policy/triggers.toml`.

Each request is remembered with its outcome. A training that is accepted is remembered with the request, in one
transaction, under the next number: of two that are to start at once the ledger takes one, and the other is answered
anew, knowing of the first. It waits until a run takes it up, which is remembered too; who asks on demand does that at
once.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from hotarea.domain import records, triggers
from hotarea.domain.errors import NotReadyError, PublishError
from hotarea.domain.records import TrainingPickup, TrainingStart, TriggerRequest, now
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ACCEPTED, JOINED, ON_DEMAND, Ask, Data, Past, TriggerPolicy
from hotarea.stages import approval, standing
from hotarea.stores import policies
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

_TRIES = 20
"""How often a request is answered anew because another training was started meanwhile."""


@dataclass(frozen=True)
class Wanted:
    """What a person wants of a training."""

    reason: str = "by hand"
    force: bool = False  # passes cooldown, budget, a training that is under way and a candidate that waits
    same_data: bool = False  # evaluates and decides again on what was decided on already


def plan(
    settings: Settings, run_id: str, wanted: Wanted, request_id: str | None = None
) -> tuple[TriggerRequest, Path | None]:
    """Read the answer to a request, or else ask on demand; return the answer and, if it accepts, the training's plan.

    The training counts as begun from here on. Without a plan, the same was trained and decided on meanwhile, or another
    run is at it: then the answer is that this one has joined it. Done again by the same run, the answer is the same; or
    the plan, once the other run is taken for dead.
    """
    from hotarea.stages import train

    answer = _of(settings, request_id) if request_id else None
    if answer is None:
        answer = ask(settings, Ask(ON_DEMAND, wanted.reason, run_id, force=wanted.force, same_data=wanted.same_data))
    if answer.outcome == ACCEPTED and answer.start is not None:  # unless it was accepted by an earlier version
        _take_up(settings, answer.start, run_id, same_data=wanted.same_data)
        answer = _left_to_another(settings, answer, answer.start, run_id)
    if answer.outcome != ACCEPTED:
        log.warning("no training for %s: %s, %s", answer.reason, answer.outcome, answer.why)
        return answer, None
    return answer, train.plan(settings, run_id, same_data=wanted.same_data)


def ask(settings: Settings, wish: Ask) -> TriggerRequest:
    """Answer a wish for a training, and remember it; asked again by the same run, the answer is the same."""
    rules, data = policies.read(settings, "triggers", TriggerPolicy), _data(settings)
    with Ledger(settings.ledger) as ledger:
        for _ in range(_TRIES):
            known = ledger.all(TriggerRequest, request_id=wish.request_id)
            if known:
                return known[0]
            request, begun = _answered(ledger, wish, data, rules, now())
            with suppress(PublishError):  # another was started meanwhile, or this very one was answered
                ledger.add(request, *begun)
                log.info("training for %s (%s): %s, %s", wish.reason, wish.subject, request.outcome, request.why)
                return request
    raise PublishError(f"the ledger did not take request {wish.request_id}, in {_TRIES} tries; ask again.")


def news(settings: Settings, wish: Ask) -> TriggerRequest | None:
    """Answer a wish unless it was answered before and for good; None if so."""
    rules = policies.read(settings, "triggers", TriggerPolicy)
    with Ledger(settings.ledger) as ledger:
        known, past = ledger.all(TriggerRequest), _past(ledger)
    return ask(settings, wish) if triggers.is_news(wish, known, past, rules, now()) else None


def is_scheduled(settings: Settings) -> bool:
    """Whether the schedule asks for a training now."""
    rules = policies.read(settings, "triggers", TriggerPolicy)
    with Ledger(settings.ledger) as ledger:
        known, past = ledger.all(TriggerRequest), _past(ledger)
    return triggers.is_scheduled(known, past, rules, now())


def situation(settings: Settings) -> tuple[Data, Past]:
    """Return what there is to train on, and what is known of the trainings before."""
    with Ledger(settings.ledger) as ledger:
        return _data(settings), _past(ledger)


def would_accept(settings: Settings, wish: Ask) -> bool:
    """Whether a wish would be accepted now; nothing is asked."""
    rules, (data, past) = policies.read(settings, "triggers", TriggerPolicy), situation(settings)
    return triggers.answer(wish, data, past, rules, now()).outcome == ACCEPTED


def asked_by(settings: Settings, run_id: str) -> list[TriggerRequest]:
    """Return what a run has asked already; a task that is tried again goes on from there."""
    with Ledger(settings.ledger) as ledger:
        return ledger.all(TriggerRequest, asked_by=run_id)


def requests(settings: Settings, recent: int | None = None) -> list[TriggerRequest]:
    """Return the requests, the newest first."""
    with Ledger(settings.ledger) as ledger:
        found = sorted(ledger.all(TriggerRequest), key=lambda r: r.asked_at, reverse=True)
    return found[:recent]


def _of(settings: Settings, request_id: str) -> TriggerRequest | None:
    with Ledger(settings.ledger) as ledger:
        found = ledger.all(TriggerRequest, request_id=request_id)
    return found[0] if found else None


def _data(settings: Settings) -> Data:
    """Return what there is to train on, or why there is nothing."""
    from hotarea.stages import train

    try:
        training_id, settled = train.due(settings)
    except NotReadyError as error:
        return Data(None, young=str(error))
    return Data(training_id, settled=settled or "")


def _past(ledger: Ledger) -> Past:
    """Return what is known of the trainings that were accepted."""
    last = records.last_by_training(ledger.all(records.Decision))
    ended = {training_id for training_id in last if standing.settled(ledger, training_id)}
    is_held = any(approval.is_open(ledger, decision) for decision in last.values())
    return Past(ledger.all(TrainingStart), ledger.all(TrainingPickup), ended, is_held)


def _take_up(settings: Settings, number: int, run_id: str, *, same_data: bool) -> None:
    """Remember that a run takes an accepted training up, and what it will learn; the first run counts.

    Where another run is at just that already, it is remembered as the one that takes this up too: who waits for the one
    shares the fate of the other, and a training that is carried out once is begun once.
    """
    rules, data = policies.read(settings, "triggers", TriggerPolicy), _data(settings)
    learned = None if data.settled and not same_data else data.training_id
    taken = TrainingPickup(number=number, training_id=learned, run_id=run_id)
    with Ledger(settings.ledger) as ledger, suppress(PublishError):  # it was taken up, by who asked or an earlier try
        at_it = _past(ledger).at_work_on(learned, rules, now())
        ledger.add(replace(at_it, number=number) if at_it else taken)


def _left_to_another(settings: Settings, answer: TriggerRequest, number: int, run_id: str) -> TriggerRequest:
    """Return the answer to a run: the one it had, or that it has joined a run which has taken its training up."""
    rules = policies.read(settings, "triggers", TriggerPolicy)
    with Ledger(settings.ledger) as ledger:
        past = _past(ledger)
    taken = past.taken_up(number)
    if taken is None or taken.run_id == run_id or not past.is_being_trained(taken, rules, now()):
        return answer
    why = f"run {taken.run_id} trains {taken.training_id} since {taken.picked_up_at:%Y-%m-%d %H:%M} UTC"
    return replace(answer, outcome=JOINED, why=why)


def _answered(
    ledger: Ledger, wish: Ask, data: Data, rules: TriggerPolicy, moment: datetime
) -> tuple[TriggerRequest, list[TrainingStart | TrainingPickup]]:
    """Return the record of an answer, and those of the training that it starts."""
    past = _past(ledger)
    answer = triggers.answer(wish, data, past, rules, moment)
    number = 1 + max((s.number for s in past.starts), default=0)
    request = TriggerRequest(
        request_id=wish.request_id,
        reason=wish.reason,
        subject=wish.subject,
        asked_by=wish.asked_by,
        outcome=answer.outcome,
        why=answer.why,
        training_id=data.training_id,
        start=number if answer.outcome == ACCEPTED else answer.start,
        until=answer.until,
        asked_at=moment,
    )
    if answer.outcome != ACCEPTED:
        return request, []
    learned = data.training_id or ""
    start = TrainingStart(
        number=number, training_id=learned, request_id=wish.request_id, reason=wish.reason, started_at=moment
    )
    if wish.reason != ON_DEMAND:
        return request, [start]
    taken = TrainingPickup(number=number, training_id=learned, run_id=wish.asked_by, picked_up_at=moment)
    return request, [start, taken]
