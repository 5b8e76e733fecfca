"""What a raw folder holds, what of it is to be ingested, and what the ingest job says of it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from hotarea.domain.errors import RawDataError

REJECTED_SHARE = 0.1
REJECTED_AT_LEAST = 10
"""A release of which more than this share, and at least this many records, were rejected is not published."""

NAMES_SHOWN = 10


class Partition(msgspec.Struct, frozen=True):
    """One file of a delivery: its size and records as promised by the manifest (None if it promises none)."""

    name: str  # relative to the folder of the works: updated_date=2012-12-31/part_0000.gz
    path: str
    bytes: int | None
    records: int | None
    sha256: str = ""  # once its content has been read


class Delivery(msgspec.Struct, frozen=True):
    """One release as delivered."""

    release_id: str
    release_date: date
    partitions: tuple[Partition, ...]


class Plan(msgspec.Struct, frozen=True):
    """The work of one ingest: which deliveries, in which form, into which folder."""

    run_id: str
    source: str
    form: Literal["works", "edge_list"]
    folder: str
    as_of: date  # papers of an edge list dated after this day are errors
    deliveries: tuple[Delivery, ...]

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


def outcomes(plan: Plan, readings: Sequence[Reading], writings: Sequence[Writing]) -> list[Outcome]:
    """Sum what was read and written per release, oldest first.

    Raises `RawDataError` that names the partitions that could not be read or disagree with the manifest, and the
    releases of which nothing, or too little, can be used.
    """
    faults = [r.fault for r in readings if r.fault] or [*_disagreements(plan, readings)]
    if faults:
        raise RawDataError(f"{shown(faults)}. Nothing was published; deliver these files again.")
    summed = [_summed(delivery, readings, writings) for delivery in plan.deliveries]
    unusable = [problem for outcome in summed for problem in _problems(outcome, plan.form)]
    if unusable:
        raise RawDataError(f"{shown(unusable)}. Nothing was published; see the rejected records in {plan.folder}.")
    return summed


def too_many_rejected(rejected: int, records: int) -> bool:
    """Whether so many records were rejected that the rest can't be trusted."""
    return rejected >= REJECTED_AT_LEAST and rejected > REJECTED_SHARE * records


def shown(problems: Sequence[str]) -> str:
    """Return at most ten problems as one line, and how many more there are."""
    more = len(problems) - NAMES_SHOWN
    return "; ".join(problems[:NAMES_SHOWN]) + (f"; and {more} more ({len(problems)} in all)" if more > 0 else "")


def _disagreements(plan: Plan, readings: Iterable[Reading]) -> Iterable[str]:
    read = {r.partition: r.records for r in readings}
    for partition in (p for delivery in plan.deliveries for p in delivery.partitions):
        found = read.get(partition.name, 0)
        if partition.records is not None and found != partition.records:
            yield f"{partition.name} holds {found} records, but the manifest promises {partition.records}"


def _summed(delivery: Delivery, readings: Sequence[Reading], writings: Sequence[Writing]) -> Outcome:
    read = [r for r in readings if r.release_id == delivery.release_id]
    written = [w for w in writings if w.release_id == delivery.release_id]
    rejected: Counter[str] = sum((Counter(r.rejected) for r in read), Counter())
    return Outcome(
        release_id=delivery.release_id,
        documents=sum(w.documents for w in written),
        citations=sum(w.citations for w in written),
        superseded=sum(w.superseded for w in written) + sum(r.superseded for r in read),
        unknown_citing=sum(r.unknown_citing for r in read),
        self_citations=sum(r.self_citations for r in read),
        repeated_references=sum(r.repeated_references for r in read),
        quarantined=dict(sorted(rejected.items())),
        records=sum(r.records for r in read),
        partition_records={r.partition: r.records for r in read},
        bytes=sum(p.bytes or 0 for p in delivery.partitions),
        seconds=round(sum(r.seconds for r in read) + sum(w.seconds for w in written), 3),
    )


def _problems(outcome: Outcome, form: str) -> Iterable[str]:
    rejected = sum(outcome.quarantined.values())
    reasons = ", ".join(f"{reason} {count}" for reason, count in outcome.quarantined.items())
    if not outcome.records:
        yield f"release {outcome.release_id} is empty: 0 records; expected at least one"
    elif not outcome.documents:
        yield f"release {outcome.release_id}: none of {outcome.records} records can be used ({reasons})"
    elif form == "works" and too_many_rejected(rejected, outcome.records):
        yield (
            f"release {outcome.release_id}: {rejected} of {outcome.records} records were rejected ({reasons}); "
            f"expected at most {REJECTED_SHARE:.0%}"
        )
