"""Who is in service."""

from dataclasses import dataclass, field
from datetime import datetime

from hotarea.domain.records.moment import now

PROMOTED, ROLLED_BACK = "promoted", "rolled back"
"""How a champion came into service."""

GATE = "gate"
"""Who has approved a champion that no person had to."""


@dataclass(frozen=True, kw_only=True)
class Champion:
    """One entry of the champion's timeline; the one with the highest sequence is in service."""

    sequence: int  # 1, 2, 3, ...: of two that follow the same champion, the ledger takes one
    model_name: str
    model_version: int
    feature_service: str
    metrics: dict[str, float]
    reason: str  # why it was promoted or rolled back to
    run_id: str
    kind: str = ""  # promoted or rolled back
    approved_by: str = ""  # who let it in service: `gate`, or a person; empty if nobody remembers
    training_id: str = ""  # with the moment of the decision that it was first promoted on
    decided_at: datetime | None = None
    dataset_sha256: str = ""  # of the rows that it learned from and was evaluated on
    code_version: str = ""  # the commit by which it was trained, or else the package's version
    promoted_at: datetime = field(default_factory=now)

    def __post_init__(self) -> None:
        if not self.kind:  # of before it was remembered
            object.__setattr__(self, "kind", ROLLED_BACK if self.reason.startswith(ROLLED_BACK) else PROMOTED)
