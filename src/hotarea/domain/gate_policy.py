"""The gate's thresholds, as `policy/gate.toml` sets them; the reason of each stands there."""

from typing import Any

import msgspec

from hotarea.domain import hindsight
from hotarea.domain.baselines import LOGISTIC_REGRESSION
from hotarea.domain.model_features import BASELINE_FEATURES
from hotarea.domain.ranges import Amount, Count, Positive, Share

BASELINES = (*BASELINE_FEATURES, LOGISTIC_REGRESSION)
"""Every baseline that an evaluation knows."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A table of the file, in which every key is needed and no other is known."""


class Evaluation(_Table, frozen=True):
    """What any evaluation must show, whoever the rivals are."""

    min_hot: Count
    min_roc_auc: Share
    min_lift: Positive
    max_calibration_error: Share


class Baselines(_Table, frozen=True):
    """Which baselines must have been compared, and by how much every one must be beaten."""

    required: tuple[str, ...]
    margin: Amount
    log_loss_tolerance: Amount

    def __post_init__(self) -> None:
        unknown = [name for name in self.required if name not in BASELINES]
        if unknown or not self.required:
            named = f"names {', '.join(unknown)}, which no baseline is called" if unknown else "is empty"
            raise ValueError(f"required {named}; expected one or more of {', '.join(BASELINES)}")


class Champion(_Table, frozen=True):
    """How much worse than the champion the candidate may be on the same rows."""

    tolerance: Amount
    log_loss_tolerance: Amount


class Slices(_Table, frozen=True):
    """Which slices are judged, and how much worse than the champion the candidate may be in one."""

    min_rows: Count
    min_hot: Count
    tolerance: Amount


class Drift(_Table, frozen=True):
    """How far what the model reads and says may have moved since."""

    max_psi: Positive
    growth: Positive
    ceiling: Positive
    min_importance: Share
    max_weighted_psi: Positive
    max_predictions_psi: Positive

    def limit(self, before: float) -> float:
        """Return what the PSI of a feature may be that had moved by `before` at the evaluation cutoff."""
        return max(self.max_psi, min(self.growth * before, self.ceiling))


class Rehearsal(_Table, frozen=True):
    """What a fresh process must do with the model's file, and how fast."""

    min_requests: Count
    max_loading_s: Positive
    max_p99_ms: Positive


class Serving(_Table, frozen=True):
    """How far what is served may differ from the offline store, and how much of it must have been compared."""

    min_documents: Count
    max_disagreement: Share


class Approval(_Table, frozen=True):
    """How long a candidate that is held waits for a person."""

    wait_hours: Positive


class Policy(_Table, frozen=True):
    """All that the gate holds evidence against."""

    evaluation: Evaluation
    baselines: Baselines
    champion: Champion
    slices: Slices
    drift: Drift
    rehearsal: Rehearsal
    serving: Serving
    approval: Approval


def in_force(policy: Policy) -> dict[str, Any]:
    """Return all limits by what they are of, as a decision keeps them: the file's, and the leakage guard's."""
    return {**msgspec.json.decode(msgspec.json.encode(policy)), "leakage": hindsight.LIMITS}
