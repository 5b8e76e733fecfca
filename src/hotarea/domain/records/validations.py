"""What expectations said of data."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hotarea.domain.records.moment import now

TRIAL = "trial-"
"""What the id of a validation begins with that was none of this home's data, but of a raw folder that was tried."""


@dataclass(frozen=True, kw_only=True)
class Validation:
    """The outcome of one suite on one dataset."""

    validation_id: str
    dataset: str  # a table's name, or `releases` for a release compared with those before it
    subject: str  # a release's id, a cutoff (of predictions with the model's version), or a training's id
    success: bool
    failures: list[dict[str, Any]]  # check, severity, column, expected, observed
    report: str  # path of the Data Docs page
    run_id: str
    checks: int = 0  # how many were run
    validated_at: datetime = field(default_factory=now)

    @property
    def is_trial(self) -> bool:
        """Whether a raw folder was tried: it says nothing of the data of this home."""
        return self.validation_id.startswith(TRIAL)
