"""What was told to people."""

from dataclasses import dataclass, field
from datetime import datetime

from hotarea.domain.records.moment import now


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One time that something was wrong, from the first sight of it until the check passes again."""

    problem: str  # kind and place, as in `validation/citations`
    occurrence: int  # 1, 2, 3, ...: of two that see it first at once, the ledger takes one
    severity: str
    title: str
    text: str  # as seen last, every check of it
    told: list[str]  # identities of what was told
    subjects: list[str]  # releases or cutoffs that are to pass
    report: str
    run_id: str  # the run that saw it last
    seen: int = 1
    opened_at: datetime = field(default_factory=now)
    seen_at: datetime = field(default_factory=now)
    told_at: datetime = field(default_factory=now)
    closed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Notice:
    """One message to one channel; it is written before it is sent, so that nothing that fails loses it."""

    notice_id: str
    place: int  # the channel's place in HOTAREA_ALERT_URLS, from 1
    kind: str  # its kind, as in `mailto`; its address is not kept
    problem: str
    severity: str
    title: str
    text: str
    attempts: int = 0
    written_at: datetime = field(default_factory=now)
    claimed_until: datetime | None = None  # another process is sending it
    delivered_at: datetime | None = None
