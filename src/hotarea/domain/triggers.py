"""When a training may start: pure rules over what was asked, what was started before, and the policy."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from hotarea.domain.records import TrainingStart, TriggerRequest
from hotarea.domain.training_plan import gives_the_same_model

ON_DEMAND, SCHEDULE, NEW_DATA = "on_demand", "schedule", "new_data"
PERFORMANCE, DRIFT = "performance_drop", "drift"

REASONS = (ON_DEMAND, PERFORMANCE, DRIFT, NEW_DATA, SCHEDULE)
"""Why a training can be asked for; of several that ask at once the first one here is answered first."""

ACCEPTED, SKIPPED, DEFERRED = "accepted", "skipped", "deferred"

_WEEK = timedelta(days=7)


class Cooldown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Hours since the last training before a reason may start the next."""

    on_demand: float
    new_data: float
    schedule: float
    performance_drop: float
    drift: float


class TriggerPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`policy/triggers.toml`, where each number has its reason."""

    budget_per_week: int
    joined_minutes: float
    schedule_days: float
    cooldown_hours: Cooldown

    def __post_init__(self) -> None:
        if self.budget_per_week < 1:
            raise ValueError(f"budget_per_week is {self.budget_per_week}; expected at least 1, or nothing would train")


@dataclass(frozen=True)
class Ask:
    """A wish for a training: for one of `REASONS`, about something, by a run or a command."""

    reason: str
    subject: str  # what it is about, in words: a cutoff and a champion, what a person wrote
    asked_by: str  # the run's id: asked again by the same run, the answer is the same
    force: bool = False  # passes cooldown, budget and a training that was begun
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
    """All trainings that were started, and the ids of those that came to an evaluation."""

    starts: Sequence[TrainingStart] = ()
    evaluated: Collection[str] = ()


@dataclass(frozen=True)
class Answer:
    """What becomes of a request, and why; `until` is when one that was deferred may be asked again."""

    outcome: str
    why: str
    until: datetime | None = None


def answer(ask: Ask, data: Data, past: Past, policy: TriggerPolicy, moment: datetime) -> Answer:
    """Decide on a request at a moment."""
    refused = _without_data(ask, data)
    if refused is None and not ask.force:
        refused = (
            _joined(data, past, policy, moment)
            or _cooling(ask, past.starts, policy, moment)
            or _spent(past.starts, policy, moment)
        )
    if refused is not None:
        return refused
    return Answer(ACCEPTED, f"{data.training_id} is trained{', by force' if ask.force else ''}")


def is_scheduled(
    requests: Sequence[TriggerRequest], starts: Sequence[TrainingStart], days: float, now: datetime
) -> bool:
    """Whether the schedule asks at a moment: so long after the last training, and after it asked itself last."""
    moments = [s.started_at for s in starts] + [r.asked_at for r in requests if r.reason == SCHEDULE]
    return bool(moments) and now - max(moments) >= timedelta(days=days)


def is_news(
    ask: Ask, requests: Sequence[TriggerRequest], evaluated: Collection[str], policy: TriggerPolicy, now: datetime
) -> bool:
    """Whether a reason asks about something that it was not told for good.

    So is what was deferred until now, and what was accepted but came to no evaluation, whoever ran it being dead.
    """
    same = [r for r in requests if (r.reason, r.subject) == (ask.reason, ask.subject)]
    if not same:
        return True
    last = max(same, key=lambda r: r.asked_at)
    if last.outcome == ACCEPTED:
        return last.training_id not in evaluated and now - last.asked_at >= timedelta(minutes=policy.joined_minutes)
    return last.outcome == DEFERRED and (last.until is None or last.until <= now)


def _without_data(ask: Ask, data: Data) -> Answer | None:
    if data.training_id is None:
        return Answer(SKIPPED, f"too little data: {data.young}")
    if data.settled and not ask.same_data:
        return Answer(SKIPPED, f"same data as last time: {data.settled}")
    return None


def _joined(data: Data, past: Past, policy: TriggerPolicy, moment: datetime) -> Answer | None:
    begun = moment - timedelta(minutes=policy.joined_minutes)
    for start in past.starts:
        same = gives_the_same_model(start.training_id, data.training_id or "")
        if same and start.started_at > begun and start.training_id not in past.evaluated:
            told = f"{start.training_id} was started for {start.reason} at {_moment(start.started_at)}"
            return Answer(SKIPPED, f"it is being trained: {told}")
    return None


def _cooling(ask: Ask, starts: Sequence[TrainingStart], policy: TriggerPolicy, moment: datetime) -> Answer | None:
    hours: float = getattr(policy.cooldown_hours, ask.reason)
    last = max((s.started_at for s in starts), default=None)
    if last is None or moment - last >= timedelta(hours=hours):
        return None
    until = last + timedelta(hours=hours)
    return Answer(DEFERRED, f"cooldown of {hours:g} hours after the training of {_moment(last)}", until)


def _spent(starts: Sequence[TrainingStart], policy: TriggerPolicy, moment: datetime) -> Answer | None:
    recent = sorted(s.started_at for s in starts if moment - s.started_at < _WEEK)
    if len(recent) < policy.budget_per_week:
        return None
    until = recent[-policy.budget_per_week] + _WEEK
    return Answer(DEFERRED, f"the week's budget of {policy.budget_per_week} trainings is spent", until)


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"
