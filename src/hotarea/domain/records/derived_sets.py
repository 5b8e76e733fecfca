"""What was derived from what is known: features, labels, predictions, and the jobs that made them."""

from dataclasses import dataclass, field
from datetime import date, datetime

from hotarea.domain.records.moment import now

QUARANTINED = "quarantined: "
"""What the name of a job's counter of rejected records begins with; the reason follows."""

DANGLING = "dangling references"
"""A job's counter of references to works that the lake does not hold."""


@dataclass(frozen=True, kw_only=True)
class FeatureSet:
    """The published features of one cutoff as known on one date."""

    cutoff: date
    known: date
    rows: int
    seconds: float
    run_id: str
    published_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class LabelSet:
    """The published labels of one matured cutoff."""

    cutoff: date
    known: date
    horizon_years: int
    rows: int
    eligible: int
    hot: int
    threshold: float
    run_id: str
    published_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class PredictionSet:
    """The published predictions of one model version at one cutoff, made from its features as known on one date."""

    cutoff: date
    known: date
    model_name: str
    model_version: int
    rows: int
    hot: int
    run_id: str
    published_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One run of a Beam job: what it counted, and how long it took."""

    job: str  # its module in beam_jobs
    started_at: datetime
    seconds: float
    works: int  # records that it read
    works_per_second: float
    records: dict[str, int]  # by name
    bytes: dict[str, int]  # by what was done: read, exchanged between steps, written
    steps: dict[str, float]  # seconds of each step in all processes
    run_id: str

    @property
    def quarantined(self) -> dict[str, int]:
        """Rejected records by reason."""
        return {n.removeprefix(QUARANTINED): count for n, count in self.records.items() if n.startswith(QUARANTINED)}
