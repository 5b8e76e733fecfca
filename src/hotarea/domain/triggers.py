"""When a training may start: pure rules over what was asked, what was started before, and the policy."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from hotarea.domain.ranges import Count, Days, Hours, Minutes
from hotarea.domain.records import TrainingPickup, TrainingStart, TriggerRequest

ON_DEMAND, SCHEDULE, NEW_DATA = "on_demand", "schedule", "new_data"
PERFORMANCE, DRIFT = "performance_drop", "drift"

REASONS = (ON_DEMAND, PERFORMANCE, DRIFT, NEW_DATA, SCHEDULE)
"""Why a training can be asked for; of several that ask at once the first one here is answered first."""

ACCEPTED, JOINED, SKIPPED, DEFERRED = "accepted", "joined", "skipped", "deferred"
"""What becomes of a wish. One that joined a training that is under way shares its fate."""

_WEEK = timedelta(days=7)


class Cooldown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours since the last training before a reason may start the next."""

    on_demand: Hours
    new_data: Hours
    schedule: Hours
    performance_drop: Hours
    drift: Hours


class TriggerPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`policy/triggers.toml`, where each number has its reason."""

    budget_per_week: Count
    joined_minutes: Minutes
    waiting_days: Days
    schedule_days: Days
    cooldown_hours: Cooldown


@dataclass(frozen=True)
class Ask:
    """A wish for a training: for one of `REASONS`, about something, by a run or a command."""

    reason: str
    subject: str  # what it is about, in words: a cutoff and a champion, what a person wrote
    asked_by: str  # the run's id: asked again by the same run, the answer is the same
    force: bool = False  # passes cooldown, budget, a training that is under way and a candidate that waits
    same_data: bool = False  # passes that the same data was trained on and decided on

    def __post_init__(self) -> None:
        if self.reason not in REASONS:
            raise ValueError(f"reason {self.reason!r}; expected one of {', '.join(REASONS)}")

    @property
    def request_id(self) -> str:
        """The key of the request in the ledger."""
        return f"{self.asked_by}/{self.reason}"


@dataclass(frozen=True)
class Data:
    """What a training would learn from now: its id, or why there is nothing."""

    training_id: str | None
    young: str = ""  # why the history is too short
    settled: str = ""  # why the same data needs no training


@dataclass(frozen=True)
class Past:
    """All trainings that were accepted, and what is known of them."""

    starts: Sequence[TrainingStart] = ()
    pickups: Sequence[TrainingPickup] = ()
    ended: Collection[str] = ()  # the ids of those that need nothing more: refused, held, or promoted
    is_held: bool = False  # a candidate waits for a person, and no other is trained meanwhile

    @property
    def begun(self) -> list[datetime]:
        """The moments at which trainings were really begun, in order; one that several wishes came to counts once."""
        return sorted(
            at for at, *_ in {(p.picked_up_at, p.run_id, p.training_id) for p in self.pickups if p.training_id}
        )

    def was_begun(self, training_id: str) -> bool:
        """Whether a training was taken up by a run and has not ended, whether anybody is at it or not."""
        return training_id not in self.ended and any(p.training_id == training_id for p in self.pickups)

    def taken_up(self, number: int) -> TrainingPickup | None:
        """Return who took a training up; None as long as nobody has."""
        return next((p for p in self.pickups if p.number == number), None)

    def came_to_an_end(self, number: int) -> bool:
        """Whether a training was decided on, or there was nothing left to train when it was taken up."""
        taken = self.taken_up(number)
        return taken is not None and self._has_ended(taken)

    def is_under_way(self, start: TrainingStart, policy: TriggerPolicy, moment: datetime) -> bool:
        """Whether a training that has not ended is waited for: it will be taken up, or is being carried out."""
        taken = self.taken_up(start.number)
        if taken is None:
            return self.is_held or moment - start.started_at < timedelta(days=policy.waiting_days)
        return self.is_being_trained(taken, policy, moment)

    def is_being_trained(self, taken: TrainingPickup, policy: TriggerPolicy, moment: datetime) -> bool:
        """Whether a training that was taken up is being carried out: it was lately, and has not ended."""
        lately = moment - taken.picked_up_at < timedelta(minutes=policy.joined_minutes)
        return lately and not self._has_ended(taken)

    def at_work_on(self, training_id: str | None, policy: TriggerPolicy, moment: datetime) -> TrainingPickup | None:
        """Return who is carrying out a training; None if nobody is."""
        found = (p for p in self.pickups if training_id and p.training_id == training_id)
        return next((p for p in found if self.is_being_trained(p, policy, moment)), None)

    def _has_ended(self, taken: TrainingPickup) -> bool:
        return taken.training_id is None or taken.training_id in self.ended


@dataclass(frozen=True)
class Answer:
    """What becomes of a request, and why."""

    outcome: str
    why: str
    until: datetime | None = None  # when one that was deferred may be asked again; None: once no candidate waits
    start: int | None = None  # the number of the training that it joins


def answer(ask: Ask, data: Data, past: Past, policy: TriggerPolicy, moment: datetime) -> Answer:
    """Decide on a request at a moment."""
    refused = _without_data(ask, data)
    if refused is None and not ask.force:
        refused = (
            _joined(ask, data, past, policy, moment)
            or _held(past)
            or _cooling(ask, past.begun, policy, moment)
            or _spent(past.begun, policy, moment)
        )
    if refused is not None:
        return refused
    return Answer(ACCEPTED, f"{data.training_id} is trained{', by force' if ask.force else ''}")


def is_scheduled(requests: Sequence[TriggerRequest], past: Past, policy: TriggerPolicy, now: datetime) -> bool:
    """Whether the schedule asks at a moment: so long after the last training, and after it asked itself last.

    A training that came to nothing does not count, nor does what the schedule asked for if it came to that.
    """
    begun = [
        p.picked_up_at for p in past.pickups if p.training_id and not _came_to_nothing(p.number, past, policy, now)
    ]
    asked = [r.asked_at for r in requests if r.reason == SCHEDULE and _is_settled(r, past, policy, now)]
    moments = [*begun, *asked]
    return bool(moments) and now - max(moments) >= timedelta(days=policy.schedule_days)


def is_news(ask: Ask, requests: Sequence[TriggerRequest], past: Past, policy: TriggerPolicy, now: datetime) -> bool:
    """Whether a reason asks about something that it was not told for good.

    So is what was deferred until now, and what was accepted or joined a training that came to nothing, whoever ran it
    being dead.
    """
    same = [r for r in requests if (r.reason, r.subject) == (ask.reason, ask.subject)]
    last = max(same, key=lambda r: r.asked_at, default=None)
    return last is None or not _is_settled(last, past, policy, now)


def _is_settled(request: TriggerRequest, past: Past, policy: TriggerPolicy, now: datetime) -> bool:
    """Whether a request needs not be asked again at a moment: it was answered for good, or its time has not come."""
    if request.outcome in {ACCEPTED, JOINED}:
        return not _came_to_nothing(request.start, past, policy, now)
    if request.outcome != DEFERRED:
        return True
    return past.is_held if request.until is None else request.until > now


def _came_to_nothing(number: int | None, past: Past, policy: TriggerPolicy, now: datetime) -> bool:
    """Whether nobody is at a training any more that has not come to an end."""
    start = next((s for s in past.starts if s.number == number), None)
    return start is None or not (past.came_to_an_end(start.number) or past.is_under_way(start, policy, now))


def _without_data(ask: Ask, data: Data) -> Answer | None:
    if data.training_id is None:
        return Answer(SKIPPED, f"too little data: {data.young}")
    if data.settled and not ask.same_data:
        return Answer(SKIPPED, f"same data as last time: {data.settled}")
    return None


def _joined(ask: Ask, data: Data, past: Past, policy: TriggerPolicy, moment: datetime) -> Answer | None:
    """Join a training that waits and will learn what is newest, or that is learning just that.

    One of the same model and an older newest cutoff does not do: it may be refused for the drift at that cutoff, which
    answers nothing about the newer one.
    """
    for start in past.starts:
        if not past.is_under_way(start, policy, moment):
            continue
        taken, told = past.taken_up(start.number), f"for {start.reason} at {_moment(start.started_at)}"
        if taken is None and ask.reason != ON_DEMAND:  # who asks on demand is there to train, and need not wait
            return Answer(
                JOINED,
                f"a training was accepted {told}, and learns what is newest once a run takes it up",
                start=start.number,
            )
        if taken and taken.training_id == data.training_id:
            return Answer(JOINED, f"it is being trained: {taken.training_id} was accepted {told}", start=start.number)
    return None


def _held(past: Past) -> Answer | None:
    """Let nobody begin while a person is asked: what is trained then is compared with a champion on its way out."""
    if not past.is_held:
        return None
    return Answer(
        DEFERRED,
        "a candidate waits for a person, and until then no other is trained: `hotarea approve` or `hotarea reject` "
        "answers, `hotarea train --force` does not wait",
    )


def _cooling(ask: Ask, begun: Sequence[datetime], policy: TriggerPolicy, moment: datetime) -> Answer | None:
    hours: float = getattr(policy.cooldown_hours, ask.reason)
    last = max(begun, default=None)
    if last is None or moment - last >= timedelta(hours=hours):
        return None
    until = last + timedelta(hours=hours)
    return Answer(DEFERRED, f"cooldown of {hours:g} hours after the training of {_moment(last)}", until)


def _spent(begun: Sequence[datetime], policy: TriggerPolicy, moment: datetime) -> Answer | None:
    recent = [at for at in begun if moment - at < _WEEK]
    if len(recent) < policy.budget_per_week:
        return None
    until = recent[-policy.budget_per_week] + _WEEK
    return Answer(DEFERRED, f"the week's budget of {policy.budget_per_week} trainings is spent", until)


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
