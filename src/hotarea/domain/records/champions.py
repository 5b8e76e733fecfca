"""How candidates were trained, judged and put in service."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hotarea.domain.records.moment import now

PROMOTED, ROLLED_BACK = "promoted", "rolled back"
"""How a champion came into service."""


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


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What the gate said of one candidate against one champion, check by check.

    `accepted` says that the gate itself lets the candidate pass; one that is held passes by an `Approval` only.
    """

    training_id: str
    model_version: int
    champion_version: int | None
    accepted: bool
    checks: list[dict[str, Any]]  # name, verdict (passed, held or failed), value, threshold, reason
    reasons: list[str]  # one sentence per check that did not pass; empty if accepted
    metrics: dict[str, dict[str, float]]  # what was decided on: contender -> metric -> value
    run_id: str
    verdict: str = ""  # promote, hold or reject
    policy: dict[str, Any] = field(default_factory=dict)  # the thresholds that were in force
    report: str = ""  # path of its page
    decided_at: datetime = field(default_factory=now)

    def __post_init__(self) -> None:
        if not self.verdict:  # of before there was more than yes and no
            object.__setattr__(self, "verdict", "promote" if self.accepted else "reject")

    @property
    def is_held(self) -> bool:
        """Whether it takes a person to promote the candidate."""
        return self.verdict == "hold"


@dataclass(frozen=True, kw_only=True)
class Approval:
    """A person's answer to a decision that holds a candidate, or that none came in time."""

    training_id: str  # these two say which decision: of two answers at once, the ledger takes one
    decided_at: datetime
    model_version: int
    approved: bool
    by: str
    reason: str
    run_id: str
    answered_at: datetime = field(default_factory=now)


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
