"""What a raw folder holds, what of it is to be ingested, and what the ingest job says of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from hotarea.domain.errors import RawDataError
from hotarea.domain.release_limits import SAME_RECORDS_AT_LEAST, SAME_RECORDS_SHARE

REJECTED_SHARE = 0.1
REJECTED_AT_LEAST = 10
"""A release of which more than this share (unless the settings say another), and at least this many records, were
rejected is not published."""

LOST_SHARE = 0.5
LOST_AT_LEAST = 10
"""Deliveries read again, of whose works more than this share, and at least so many, no delivery holds any more, are of
another corpus."""

NAMES_SHOWN = 10


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
    rejected_share: float = REJECTED_SHARE  # a release of which more is rejected is not published

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


class Outcome(msgspec.Struct, frozen=True):
    """What became of one release."""

    release_id: str
    documents: int
    citations: int
    superseded: int  # versions that gave way to a newer one of the same id
    unknown_citing: int  # edges whose citing id is no paper of the edge list
    self_citations: int
    repeated_references: int
    quarantined: dict[str, int]
    records: int
    partition_records: dict[str, int]
    bytes: int
    seconds: float
    corrected: int = 0
    withdrawn: int = 0
    held: int = 0


def outcomes(plan: Plan, readings: Sequence[Reading], writings: Sequence[Writing]) -> list[Outcome]:
    """Sum what was read and written per release, oldest first.

    Raises `RawDataError` that names the partitions that could not be read or disagree with the manifest, and the
    releases of which nothing, or too little, can be used, or whose corrections are of another corpus.
    """
    faults = [r.fault for r in readings if r.fault] or [*_disagreements(plan, readings)]
    if faults:
        raise RawDataError(f"{shown(faults)}. Nothing was published; deliver these files again.")
    summed = [_summed(plan, delivery.release_id, readings, writings) for delivery in plan.deliveries]
    unusable = [problem for outcome in summed for problem in _problems(plan, outcome)]
    unusable += _repeated(readings, writings)
    if unusable:
        raise RawDataError(
            f"{shown(unusable)}. Nothing was published; see what was rejected with `hotarea quarantine show --staged`."
        )
    return summed


def too_many_rejected(rejected: int, records: int, share: float = REJECTED_SHARE) -> bool:
    """Whether so many records were rejected that the rest can't be trusted."""
    return rejected >= REJECTED_AT_LEAST and rejected > share * records


def shown(problems: Sequence[str]) -> str:
    """Return at most ten problems as one line, and how many more there are."""
    more = len(problems) - NAMES_SHOWN
    return "; ".join(problems[:NAMES_SHOWN]) + (f"; and {more} more ({len(problems)} in all)" if more > 0 else "")


def _disagreements(plan: Plan, readings: Iterable[Reading]) -> Iterable[str]:
    read = {r.partition: r.records for r in readings}
    for partition in (assignment.partition for assignment in plan.assignments):
        found = read.get(partition.name, 0)
        if partition.records is not None and found != partition.records:
            yield f"{partition.name} holds {found} records, but the manifest promises {partition.records}"


def _summed(plan: Plan, release_id: str, readings: Sequence[Reading], writings: Sequence[Writing]) -> Outcome:
    read = [r for r in readings if r.release_id == release_id]
    written = [w for w in writings if w.release_id == release_id]
    records: Counter[str] = Counter()
    for reading in read:
        records[reading.partition] += reading.records
    rejected: Counter[str] = sum((Counter(r.rejected) for r in read), Counter())
    return Outcome(
        release_id=release_id,
        documents=sum(w.documents for w in written),
        citations=sum(w.citations for w in written),
        superseded=sum(w.superseded for w in written) + sum(r.superseded for r in read),
        unknown_citing=sum(r.unknown_citing for r in read),
        self_citations=sum(r.self_citations for r in read),
        repeated_references=sum(r.repeated_references for r in read),
        quarantined=dict(sorted(rejected.items())),
        records=sum(r.records for r in read),
        partition_records=dict(records),
        bytes=sum(p.bytes or 0 for p in plan.files(release_id)),
        seconds=round(sum(r.seconds for r in read) + sum(w.seconds for w in written), 3),
        corrected=sum(w.corrected for w in written),
        withdrawn=sum(w.withdrawn for w in written),
        held=sum(w.held for w in written),
    )


def _repeated(readings: Iterable[Reading], writings: Sequence[Writing]) -> Iterable[str]:
    """Yield one sentence for each partition of which most records stand in another one of its release."""
    read = {(r.release_id, r.number): r for r in readings}
    both: Counter[tuple[str, int, int]] = Counter()
    for writing in writings:
        for pair, count in writing.repeated.items():
            one, other = map(int, pair.split(","))
            both[writing.release_id, one, other] += count
    for (release, one, other), count in sorted(both.items()):
        first, second = read[release, one], read[release, other]
        fewer = min(first.records, second.records)
        if count >= SAME_RECORDS_AT_LEAST and count > SAME_RECORDS_SHARE * fewer:
            yield (
                f"{second.partition} holds {count} of {fewer} records with the same id and moment of change as "
                f"{first.partition}; expected at most {SAME_RECORDS_SHARE:.0%}: a partition was delivered twice under "
                "another name"
            )


def _problems(plan: Plan, outcome: Outcome) -> Iterable[str]:
    rejected = sum(outcome.quarantined.values())
    reasons = ", ".join(f"{reason} {count}" for reason, count in outcome.quarantined.items())
    is_delivery = any(d.release_id == outcome.release_id and d.partitions for d in plan.deliveries)
    if outcome.withdrawn >= LOST_AT_LEAST and outcome.withdrawn > LOST_SHARE * outcome.held:
        yield (
            f"release {outcome.release_id}: of {outcome.held} works that the deliveries with other content held, "
            f"{outcome.withdrawn} are in no delivery any more; expected the same corpus, and at most {LOST_SHARE:.0%}. "
            "Take another HOTAREA_HOME for another corpus"
        )
    elif is_delivery and not outcome.records:
        yield f"release {outcome.release_id} is empty: 0 records; expected at least one"
    elif is_delivery and not outcome.documents:
        yield f"release {outcome.release_id}: none of {outcome.records} records can be used ({reasons})"
    elif plan.form == "works" and too_many_rejected(rejected, outcome.records, plan.rejected_share):
        yield (
            f"release {outcome.release_id}: {rejected} of {outcome.records} records were rejected ({reasons}); "
            f"expected at most {plan.rejected_share:.0%} (HOTAREA_REJECTED_SHARE)"
        )
