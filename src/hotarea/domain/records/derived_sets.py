"""What was derived from what is known: features, labels and predictions."""

from dataclasses import dataclass, field
from datetime import date, datetime

from hotarea.domain.records.moment import now


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
    hot_quantile: float = 0.9  # what sets were made by before it was remembered
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
