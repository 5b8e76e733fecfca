"""What became of the releases of a plan: what was read and written of each, summed, or why none can be used."""

from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec

from hotarea.domain import limits
from hotarea.domain.delivery import Plan, Reading, Writing, shown, too_many_rejected
from hotarea.domain.errors import RawDataError


class ReleaseOutcome(msgspec.Struct, frozen=True):
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


def outcomes(plan: Plan, readings: Sequence[Reading], writings: Sequence[Writing]) -> list[ReleaseOutcome]:
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


def _disagreements(plan: Plan, readings: Iterable[Reading]) -> Iterable[str]:
    read = {r.partition: r.records for r in readings}
    for partition in (assignment.partition for assignment in plan.assignments):
        found = read.get(partition.name, 0)
        if partition.records is not None and found != partition.records:
            yield f"{partition.name} holds {found} records, but the manifest promises {partition.records}"


def _summed(plan: Plan, release_id: str, readings: Sequence[Reading], writings: Sequence[Writing]) -> ReleaseOutcome:
    read = [r for r in readings if r.release_id == release_id]
    written = [w for w in writings if w.release_id == release_id]
    records: Counter[str] = Counter()
    for reading in read:
        records[reading.partition] += reading.records
    rejected: Counter[str] = sum((Counter(r.rejected) for r in read), Counter())
    return ReleaseOutcome(
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
        if count >= limits.SAME_RECORDS_AT_LEAST and count > limits.SAME_RECORDS_SHARE * fewer:
            yield (
                f"{second.partition} holds {count} of {fewer} records with the same id and moment of change as "
                f"{first.partition}; expected at most {limits.SAME_RECORDS_SHARE:.0%}: a partition was delivered twice "
                "under another name"
            )


def _problems(plan: Plan, outcome: ReleaseOutcome) -> Iterable[str]:
    rejected = sum(outcome.quarantined.values())
    reasons = ", ".join(f"{reason} {count}" for reason, count in outcome.quarantined.items())
    is_delivery = any(d.release_id == outcome.release_id and d.partitions for d in plan.deliveries)
    if outcome.withdrawn >= limits.LOST_AT_LEAST and outcome.withdrawn > limits.LOST_SHARE * outcome.held:
        yield (
            f"release {outcome.release_id}: of {outcome.held} works that the deliveries with other content held, "
            f"{outcome.withdrawn} are in no delivery any more; expected the same corpus, and at most "
            f"{limits.LOST_SHARE:.0%}. Take another HOTAREA_HOME for another corpus"
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
