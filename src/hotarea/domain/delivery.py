"""What a raw folder holds, what of it is to be ingested, and what the ingest job says of each part of it."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from hotarea.domain import limits
from hotarea.domain.raw_layout import Era

NAMES_SHOWN = 10

JSON_LINES = ".jsonl.gz"
"""How the names of files end that hold works without saying by a folder when they were delivered."""


class Promise(msgspec.Struct, frozen=True):
    """What a manifest says of a delivery, however much of it arrives; None for what it does not say of every file."""

    files: int
    bytes: int | None
    records: int | None

    @property
    def said(self) -> dict[str, int]:
        """What it says, by its name."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}


class Partition(msgspec.Struct, frozen=True):
    """One file of a delivery: its records as promised by the manifest (None if it promises none), and its size.

    The size is the promised one as well, until the file was looked at.
    """

    name: str  # relative to the folder of the works: updated_date=2012-12-31/part_0000.gz
    path: str
    bytes: int | None
    records: int | None
    sha256: str = ""  # once its content has been read
    mtime_ns: int | None = None  # of the file, when its content was read
    delivered: date | None = None  # of quarantined records that are retried: when they came, if not with the release


class Delivery(msgspec.Struct, frozen=True):
    """One release as delivered."""

    release_id: str
    release_date: date
    partitions: tuple[Partition, ...]
    after: date | None = None  # of an edge list: papers up to this day belong to the delivery before
    promised: Promise | None = None  # by the manifest; None where there is none


class Assignment(msgspec.Struct, frozen=True):
    """A partition to read: of which delivery, for which release, and numbered within that."""

    release_id: str
    delivery: Delivery
    number: int
    partition: Partition


class Correction(msgspec.Struct, frozen=True):
    """What else the last release of a plan holds: the difference that deliveries make which changed, or came late."""

    deliveries: tuple[Delivery, ...]
    home: str  # whose lake holds what was known
    delivered: tuple[str, ...]  # releases in the lake with a delivery of their own
    corrected: tuple[str, ...]  # releases in the lake with corrections
    covers: date | None  # the last day that they cover; None if the release is a delivery as well


class Retried(msgspec.Struct, frozen=True):
    """A quarantined record that can be used now."""

    file: str
    line: int
    digest: str  # of the record as it was rejected


class Plan(msgspec.Struct, frozen=True):
    """The work of one ingest: which deliveries, in which form, into which folder.

    A release that is nothing but a correction stands among the deliveries without partitions, as the last; so does one
    of records that are `retried`, with partitions of its own.
    """

    run_id: str
    source: str
    form: Literal["works", "edge_list"]
    folder: str
    as_of: date  # papers of an edge list dated after this day are errors
    deliveries: tuple[Delivery, ...]
    correction: Correction | None = None
    retried: tuple[Retried, ...] = ()
    known: tuple[str, ...] = ()  # releases that were in the lake when it was made
    removal_files: tuple[str, ...] = ()  # lists of ended ids that were read
    era: Era | None = None  # of the raw records' layout
    rejected_share: float = limits.REJECTED_SHARE  # a release of which more is rejected is not published

    @property
    def retries(self) -> list[date]:
        """The dates of the deliveries whose quarantined records are retried."""
        return sorted({p.delivered for d in self.deliveries for p in d.partitions if p.delivered})

    @property
    def covers(self) -> date | None:
        """The last day that corrections alone cover; None if the last release is a delivery as well."""
        return max(self.retries) if self.retries else self.correction.covers if self.correction else None

    def is_correction(self, delivery: Delivery) -> bool:
        """Whether a release holds nothing but corrections, or records that are retried."""
        return not delivery.partitions or bool(self.retries)

    @property
    def assignments(self) -> list[Assignment]:
        """Every partition to read."""
        own = [Assignment(d.release_id, d, number, p) for d in self.deliveries for number, p in enumerate(d.partitions)]
        again = [(d, p) for d in (self.correction.deliveries if self.correction else ()) for p in d.partitions]
        last = self.deliveries[-1]
        numbered = enumerate(again, start=len(last.partitions))
        return own + [Assignment(last.release_id, d, number, p) for number, (d, p) in numbered]

    @property
    def corrected(self) -> dict[str, date]:
        """The deliveries that correct in the last release, with their dates."""
        return {d.release_id: d.release_date for d in (self.correction.deliveries if self.correction else ())}

    def files(self, release_id: str) -> list[Partition]:
        """Return the partitions that are read for a release, each once; an edge list is read for every year of it."""
        return [*{a.partition.name: a.partition for a in self.assignments if a.release_id == release_id}.values()]

    def promised(self, release_id: str) -> dict[str, int]:
        """Return how many files, bytes and records manifests say that a release has; without what they do not say."""
        read = {a.delivery.release_id: a.delivery for a in self.assignments if a.release_id == release_id}
        said = [delivery.promised.said if delivery.promised else {} for delivery in read.values()]
        return {name: sum(p[name] for p in said) for name in (said[0] if said else ()) if all(name in p for p in said)}

    def built(self, release_id: str) -> Path:
        """Return the folder in which a release is built."""
        return Path(self.folder) / f"release={release_id}"

    @property
    def reports(self) -> Path:
        """Return the folder of the job's reports."""
        return Path(self.folder) / "reports"

    @property
    def result(self) -> Path:
        """Return the file of the job's result; it stands there once all releases are complete."""
        return Path(self.folder) / "result.json"


class Reading(msgspec.Struct, frozen=True):
    """What was read of one partition: counts of its records, or why it could not be read to its end."""

    release_id: str
    partition: str
    number: int  # of the partition within its release
    records: int = 0
    rejected: dict[str, int] = {}
    superseded: int = 0
    unknown_citing: int = 0
    self_citations: int = 0
    repeated_references: int = 0
    seconds: float = 0.0
    fault: str | None = None


class Writing(msgspec.Struct, frozen=True):
    """What was written of one shard of a release."""

    release_id: str
    shard: int
    documents: int
    citations: int
    superseded: int
    seconds: float
    corrected: int = 0  # works of which another version is valid since
    withdrawn: int = 0  # works that no delivery holds any more
    held: int = 0  # works that the corrected deliveries held before
    repeated: dict[str, int] = {}  # by two parts of the release: records that both hold


def too_many_rejected(rejected: int, records: int, share: float = limits.REJECTED_SHARE) -> bool:
    """Whether so many records were rejected that the rest can't be trusted."""
    return rejected >= limits.REJECTED_AT_LEAST and rejected > share * records


def shown(problems: Sequence[str]) -> str:
    """Return at most ten problems as one line, and how many more there are."""
    more = len(problems) - NAMES_SHOWN
    return "; ".join(problems[:NAMES_SHOWN]) + (f"; and {more} more ({len(problems)} in all)" if more > 0 else "")
