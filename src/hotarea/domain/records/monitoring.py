"""What the watch over champion and home found."""

from dataclasses import dataclass, field
from datetime import date, datetime

from hotarea.domain.records.moment import now


@dataclass(frozen=True, kw_only=True)
class DriftCheck:
    """How far the newest cutoff is from what the champion learned from, and what follows from that."""

    cutoff: date
    known: date
    model_version: int  # of the champion; 0 while there is none
    reference: str  # the champion's training, or the cutoffs that stand in for it
    features: dict[str, float]  # PSI, of the data as it is known now
    world: dict[str, float]  # the same, had nothing been told otherwise that the reference knew
    limits: dict[str, float]
    importance: dict[str, float]  # each feature's share of the champion's gain
    predictions: float | None  # PSI of the champion's scores since its evaluation
    new_documents: dict[str, float]  # Kolmogorov-Smirnov distance of the last year's documents from those before
    label_share: float | None  # of hot areas at the newest matured cutoff, less what the label's quantile gives
    over: list[str]  # aspects over their limits: features, predictions, new_documents, labels
    alarms: list[str]  # those of them that are an alarm
    reasons: list[str]  # one sentence for each aspect that is over
    recurated: list[str]  # aspects that were over before corrections of known documents were taken out
    report: str  # path of its page
    run_id: str
    checked_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class LivePerformance:
    """How predictions that were published did, once their labels had matured."""

    cutoff: date
    known: date
    model_version: int
    rows: int
    hot: int
    metrics: dict[str, dict[str, float]]  # contender (model, and the baseline to beat) -> metric -> value
    expected: float  # the model's average precision at its evaluation
    dropped: bool  # by more than the policy tolerates, beyond what the baseline lost
    expected_rival: float | None = None  # the baseline's, at the same evaluation
    run_id: str
    measured_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """The first time that this home was watched for silence: before, nothing can have been missed."""

    watch: int  # 1
    since: datetime = field(default_factory=now)
