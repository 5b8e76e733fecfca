"""What the gate said of candidates, and people of those that it held."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hotarea.domain.records.moment import now

SERVING = "serving"
"""What the names of the checks begin with that tell of the online store, and not of the model."""

NOBODY = "nobody"
"""Who has answered if no person did in time."""


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

    @property
    def is_for_serving(self) -> bool:
        """Whether it refuses for what the online store answered alone, which says nothing of the model."""
        failed = [str(check["name"]) for check in self.checks if check["verdict"] == "failed"]
        return self.verdict == "reject" and bool(failed) and all(n.partition(":")[0] == SERVING for n in failed)


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


def last_by_training(decisions: Iterable[Decision]) -> dict[str, Decision]:
    """Return the last decision on each training: of a candidate that was decided on anew, that one counts."""
    return {d.training_id: d for d in sorted(decisions, key=lambda d: d.decided_at)}
