"""Turns raw deliveries into the lake's documents and citations, and what cannot be used into quarantine.

Reads the plan that the ingest stage wrote and builds every planned release in the plan's folder: `release=ID/` with
`documents/`, `citations/`, `quarantine/` and `raw_works/`, the kinds of the records' values; with corrections also
`restated/`, the contents that changed. Nothing is published by this job.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import apache_beam as beam
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs import corrections, program
from beam_jobs.lake_files import part, put, report, write_lake, written
from beam_jobs.progress import Followed
from beam_jobs.steps import Step, counted, counted_bytes
from hotarea.domain import edge_list, lake, lines, tables, works
from hotarea.domain.delivery import Assignment, Delivery, Plan, Reading, Writing
from hotarea.domain.errors import RawDataError
from hotarea.domain.raw_kinds import Kinds
from hotarea.domain.records import QUARANTINED
from hotarea.domain.rejects import by_reason, quarantine
from hotarea.domain.release_outcome import outcomes
from hotarea.stores.layout import discard, write_aside

SHARD_BYTES = 128 << 20
SHARD_RECORDS = 250_000
"""A release is put together in shards of at most about so many delivered bytes and promised records: a process needs
0.5 GiB for one."""

PIECE_BYTES = 64 << 20
"""Rows of a partition are sent on in pieces of about so many bytes, so that its own size does not matter."""

_SMALL_BYTES = 4 << 20  # of delivered files: not worth a second process

_Found = tuple[tuple[str, int], pa.Table]
"""A delivery's id and a shard, and rows of `works.WORKS`."""

_Report = TypeVar("_Report", Reading, Writing)


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Build the planned releases; return what was read, kept, dropped and rejected of each.

    Raises `RawDataError` that names every partition that is damaged or disagrees with the manifest, and every
    release of which too little can be used.
    """
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--plan", type=Path, required=True, help="the plan that the ingest stage wrote")
    program.add_how_to_run(parser)
    found, extra = parser.parse_known_args(arguments)
    plan = msgspec.json.decode(found.plan.read_bytes(), type=Plan)
    _clear(plan)
    store = Path(plan.folder) / "exchange"
    is_large = found.runner == program.LOCAL and _bytes(plan) > _SMALL_BYTES
    measures = program.finished(
        Followed("ingest_works", Path(plan.folder) / "progress", works="records read", expected=_promised(plan)),
        program.pipeline_options(found.runner, extra),
        lambda pipeline: _build(pipeline, plan, found.shards, store),
        found.workers if is_large else 1,
        store,
    )
    releases = outcomes(plan, _reports(plan, Reading, "reading"), _reports(plan, Writing, "writing"))
    if plan.correction:
        corrections.complete(plan)
    result = {"releases": msgspec.to_builtins(releases), **measures}
    write_aside(plan.result, msgspec.json.encode(result))
    return result


def _build(pipeline: beam.Pipeline, plan: Plan, shards: int, store: Path) -> None:
    if plan.correction:
        shards = shards or corrections.shards(plan)  # the same for all that is brought together
    if plan.form == "edge_list":
        taken = pipeline | "Take the edge list" >> beam.Create([(plan,)], reshuffle=False)
        found = taken | "Read papers and edges" >> beam.ParDo(Step("read", read_edge_list, shards, store=store))
    else:
        found = (
            pipeline
            | "List partitions" >> beam.Create([(a,) for a in plan.assignments], reshuffle=False)
            | "Share the reading" >> beam.Reshuffle()
            | "Read partitions" >> beam.ParDo(Step("read", read_partition, plan, shards, store=store))
        )
    if plan.correction:
        _ = found | "Tell the difference" >> corrections.Correct(plan, shards, store)
    _ = (
        found
        | "Leave out corrections" >> beam.Filter(is_of, _plain(plan))
        | "Bring all versions of an id together" >> beam.GroupByKey()
        | "Write the lake" >> beam.ParDo(Step("write", write, plan))
    )


def is_of(found: _Found, deliveries: frozenset[str]) -> bool:
    """Whether rows, which may be `Stored`, are of one of the deliveries."""
    (delivery, _), _ = found
    return delivery in deliveries


def _plain(plan: Plan) -> frozenset[str]:
    """Return the ids of the deliveries whose release holds nothing else."""
    return frozenset(d.release_id for d in (plan.deliveries[:-1] if plan.correction else plan.deliveries))


def _shards(delivery: Delivery) -> int:
    size = sum(p.bytes or 0 for p in delivery.partitions) / SHARD_BYTES
    records = sum(p.records or 0 for p in delivery.partitions) / SHARD_RECORDS
    return ceil(max(size, records)) or 1


def _bytes(plan: Plan) -> int:
    return sum(assignment.partition.bytes or 0 for assignment in plan.assignments)


def _promised(plan: Plan) -> int | None:
    """Return how many records the manifest promises; None if it does not."""
    promised = [assignment.partition.records for assignment in plan.assignments]
    return None if None in promised else sum(records or 0 for records in promised)


def read_partition(assigned: Assignment, plan: Plan, shards: int) -> Iterator[_Found]:
    """Yield the partition's usable works by shard, and leave its rejects and a report with the release.

    What was yielded of a damaged file comes to nothing: its report says what is wrong, and no release is complete with
    it. All damaged files are named at once.
    """
    start, tally = perf_counter(), _Tally()
    fault, delivery = None, assigned.delivery
    shards = shards or _shards(delivery)
    with written(_quarantine(plan, assigned.release_id, assigned.number), tables.QUARANTINE) as rejects:
        try:
            for found in _pieces(_decoded(assigned, rejects, tally)):
                for shard, rows in lake.split(found, shards):
                    yield (delivery.release_id, shard), rows
            counted_bytes("read", assigned.partition.bytes or 0)
        except RawDataError as error:
            fault = str(error)
    if not (fault or assigned.partition.delivered):  # lines that were corrected one by one have no layout
        put(_kinds(plan, assigned), tally.kinds.table(assigned.partition.name))
    _leave(plan, tally.told(assigned, perf_counter() - start, fault))


def read_edge_list(plan: Plan, shards: int) -> Iterator[_Found]:
    """Yield the papers of every planned delivery by shard, and leave rejects and reports with their releases.

    What cannot be used has no date: it is told with the newest papers.
    """
    start = perf_counter()
    found = edge_list.read(Path(plan.source), plan.as_of, plan.rejected_share)
    seconds = (perf_counter() - start) / len(plan.assignments)
    for assigned in plan.assignments:
        delivery, name = assigned.delivery, assigned.partition.name
        rows, edges = found.of(delivery.release_date, delivery.after)
        records = {edge_list.PAPERS: rows.num_rows, edge_list.EDGES: edges}[name]
        reading = Reading(assigned.release_id, name, assigned.number, records, seconds=seconds)
        is_newest = delivery.release_date >= found.newest
        reading = _with_the_rest(reading, found) if is_newest else reading
        rejects = quarantine(assigned.release_id, name, found.rejects[name] if is_newest else [])
        put(_quarantine(plan, assigned.release_id, assigned.number), rejects)
        if is_newest:
            put(_kinds(plan, assigned), found.kinds[name].table(name))
        _leave(plan, reading)
        _count_read(reading.records, reading.rejected)
        if name == edge_list.PAPERS:
            for shard, papers in lake.split(rows, shards or 1):
                yield (delivery.release_id, shard), papers
    counted_bytes("read", sum(p.bytes or 0 for p in plan.files(plan.deliveries[-1].release_id)))


def write(key: tuple[str, int], pieces: Iterable[pa.Table], plan: Plan) -> Iterator[None]:
    """Write the newest version of each work and its citations, and leave a report in the plan's folder."""
    (release_id, shard), found = key, lake.concatenated([*pieces])
    start = perf_counter()
    newest = lake.newest(found)
    documents, citations = write_lake(plan, release_id, shard, newest)
    superseded, seconds = found.num_rows - newest.num_rows, perf_counter() - start
    repeated = lake.repeated(found) if superseded else {}
    report(plan, Writing(release_id, shard, documents, citations, superseded, seconds, repeated=repeated))
    yield None


@dataclass(frozen=True)
class _Tally:
    """What is counted while a partition is read."""

    read: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    kinds: Kinds = field(default_factory=lambda: Kinds(works.FIELDS))

    def told(self, assigned: Assignment, seconds: float, fault: str | None) -> Reading:
        """Return the report of a partition."""
        return Reading(
            release_id=assigned.release_id,
            partition=assigned.partition.name,
            number=assigned.number,
            rejected=dict(sorted(self.rejected.items())),
            seconds=seconds,
            fault=fault,
            **self.read,
        )


def _decoded(assigned: Assignment, rejects: pq.ParquetWriter, tally: _Tally) -> Iterator[pa.Table]:
    """Yield a partition's usable works, batch by batch; count what was read and rejected, and write the rejects."""
    line, partition = 1, assigned.partition
    for chunk in lines.batches(Path(partition.path)):
        batch = works.decode(chunk, partition.delivered or assigned.delivery.release_date, assigned.number, line)
        tally.read.update(
            records=batch.records,
            self_citations=batch.self_citations,
            repeated_references=batch.repeated_references,
        )
        reasons = by_reason(batch.rejects)
        tally.rejected.update(reasons)
        tally.kinds.update(batch.kinds)
        _count_read(batch.records, reasons)
        if batch.rejects:
            rejects.write_table(quarantine(assigned.release_id, partition.name, batch.rejects))
        yield batch.works
        line += batch.lines


def _pieces(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Gather small batches to pieces of some size."""
    piece: list[pa.Table] = []
    size = 0
    for batch in batches:
        piece.append(batch)
        size += batch.nbytes
        if size > PIECE_BYTES:
            yield lake.concatenated(piece)
            piece, size = [], 0
    yield lake.concatenated(piece)


def _with_the_rest(reading: Reading, found: edge_list.EdgeList) -> Reading:
    """Return a reading of the newest release with what has no year."""
    rejects = found.rejects[reading.partition]
    told = {"rejected": by_reason(rejects), "records": reading.records + len(rejects)}
    if reading.partition == edge_list.PAPERS:
        return msgspec.structs.replace(reading, superseded=found.repeated_papers, **told)
    return msgspec.structs.replace(
        reading,
        unknown_citing=found.unknown_citing,
        self_citations=found.self_citations,
        repeated_references=found.repeated_edges,
        **told,
    )


def _leave(plan: Plan, reading: Reading) -> None:
    """Write the report of one partition, and count what was dropped."""
    name = f"reading-{reading.release_id}-{reading.number:04d}.json"
    write_aside(plan.reports / name, msgspec.json.encode(reading))
    for kind in ("unknown_citing", "self_citations", "repeated_references"):
        counted(kind, getattr(reading, kind))


def _quarantine(plan: Plan, release_id: str, number: int) -> Path:
    return plan.built(release_id) / "quarantine" / part(number)


def _kinds(plan: Plan, assigned: Assignment) -> Path:
    return plan.built(assigned.release_id) / "raw_works" / part(assigned.number)


def _count_read(records: int, rejected: Mapping[str, int]) -> None:
    counted("records read", records)
    counted("records parsed", records - sum(rejected.values()))
    for reason, count in rejected.items():
        counted(f"{QUARANTINED}{reason}", count)


def _clear(plan: Plan) -> None:
    """Remove what an earlier attempt at the plan left behind."""
    names = ("raw_works", "documents", "citations", "restated", "withdrawn")
    made = [plan.built(d.release_id) / name for d in plan.deliveries for name in names]
    for folder in (plan.reports, *made):
        discard(folder)


def _reports(plan: Plan, kind: type[_Report], prefix: str) -> list[_Report]:
    return [msgspec.json.decode(p.read_bytes(), type=kind) for p in sorted(plan.reports.glob(f"{prefix}-*.json"))]


if __name__ == "__main__":
    program.run(main)
