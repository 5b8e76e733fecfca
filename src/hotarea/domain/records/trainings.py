"""Which trainings were asked for, begun and finished."""

from dataclasses import dataclass, field
from datetime import date, datetime

from hotarea.domain.records.moment import now


@dataclass(frozen=True, kw_only=True)
class TriggerRequest:
    """One wish for a training, and what became of it."""

    request_id: str  # who asked, and for what reason
    reason: str
    subject: str  # what it is about, in words
    asked_by: str  # the run
    outcome: str  # accepted, joined, skipped or deferred
    why: str
    training_id: str | None  # what would be trained
    start: int | None = None  # the number of the training that it starts or joins
    until: datetime | None = None  # when one that was deferred may be asked again; None: once no candidate waits
    asked_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class TrainingStart:
    """A training that the arbiter accepted; it waits until a run takes it up."""

    number: int  # 1, 2, 3, ...: of two that are to start at once, the ledger takes one
    training_id: str
    request_id: str
    reason: str
    started_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class TrainingPickup:
    """A run took an accepted training up: from here on it is begun, and counts for budget and cooldown."""

    number: int  # of the start; of two runs that take the same up, the ledger remembers the first
    training_id: str | None  # what it learns, which is newest by then; None if nothing was left to train
    run_id: str
    picked_up_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """One candidate: what it learned from and how it did on the evaluation cutoff."""

    training_id: str  # also the folder below runs/
    model_version: int
    feature_service: str
    training_cutoffs: list[str]
    evaluation_cutoff: date
    rows: int
    metrics: dict[str, dict[str, float]]  # contender (model, champion, each baseline) -> metric -> value
    run_id: str
    trained_at: datetime = field(default_factory=now)
