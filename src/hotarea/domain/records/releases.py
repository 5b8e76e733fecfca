"""What became known, and how the records that were rejected fared."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hotarea.domain.records.moment import now

RETRIED = "retried/"
"""What the name of a file of quarantined records that are retried begins with."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """What became known on one date: a delivery of raw data, corrections of earlier ones, or both.

    A delivery is ingested once; what is delivered again with other content, or late, is part of a later release that
    names it in `corrects`.
    """

    release_id: str
    release_date: date
    source: str  # the raw folder
    files: list[dict[str, Any]]  # name, bytes, mtime_ns, records, sha256 of each partition
    documents: int
    citations: int
    removals: int
    quarantined: dict[str, int]  # records per reason
    seconds: float
    run_id: str
    superseded: int = 0  # versions that gave way to a newer one of the same id
    unknown_citing: int = 0  # edges whose citing id is no paper of the edge list
    self_citations: int = 0
    repeated_references: int = 0
    corrects: list[str] = field(default_factory=list)  # deliveries whose content as read last came with this release
    covers: date | None = None  # the last day that corrections alone cover; None for a delivery: its own date
    corrected: int = 0  # works of which another version is valid since, by a correction
    withdrawn: int = 0  # works that no delivery holds any more; they are among the removals
    removal_files: list[str] = field(default_factory=list)  # lists of ended ids that were read, each whole, with it
    era: str | None = None  # of its raw records' layout
    ingested_at: datetime = field(default_factory=now)

    @property
    def covered(self) -> date:
        """The last day of which it tells what was published."""
        return self.covers or self.release_date

    @property
    def is_correction(self) -> bool:
        """Whether it holds nothing but corrections, or records that were retried."""
        return self.covers is not None

    @property
    def retries(self) -> list[str]:
        """The files of quarantined records that it holds, retried."""
        return [file["name"] for file in self.files if file["name"].startswith(RETRIED)]

    @property
    def has_contents(self) -> bool:
        """Whether its works are the contents of a delivery of its own."""
        return not self.is_correction or bool(self.retries)


@dataclass(frozen=True, kw_only=True)
class Retry:
    """One try at one quarantined record, corrected or as it was."""

    file: str  # these three say which record
    line: int
    digest: str  # of the record as it was rejected, in SHA-256
    accepted_in: str | None  # the release that holds it; None if it still can't be used
    reason: str  # why it can't; empty if it can
    detail: str
    run_id: str
    retried_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A release against what its manifest promised and against what was known before it.

    What the source re-curated is told by the works that came again, how the world changed by the new ones.
    """

    comparison_id: str
    release_id: str
    promised: dict[str, int]  # files, bytes and records by the manifest; empty where nothing was promised
    arrived: dict[str, int]  # the same, as found
    quarantined: dict[str, int]  # records per reason
    works: dict[str, int]  # documents, and of them new, again, and again but unchanged
    recurated: dict[str, int]  # works that came again, by field that differs
    year_moves: dict[str, int]  # works that came again, by years that they moved
    references: dict[str, int]  # of the works that came again: before, added, removed
    ended: dict[str, int]  # ids deleted, merged, known to the lake, and what became of their citations
    drift: dict[str, float]  # distance of new works from those of the deliveries before, by field
    values: dict[str, Any]  # by field: new works, and those before, by value
    findings: list[dict[str, Any]]  # check, severity, column, expected, observed, examples
    success: bool
    report: str  # path of its page
    run_id: str
    compared_at: datetime = field(default_factory=now)
