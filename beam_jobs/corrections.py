"""Tells, shard by shard, the difference that deliveries make which changed or came late, from what the lake knows."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs import lake as lake_rows
from beam_jobs.lake_files import part, put, report, write_lake
from beam_jobs.steps import Step, counted
from hotarea.domain import corrections, lake, tables
from hotarea.domain.delivery import Plan, Writing
from hotarea.domain.versions import Removals
from hotarea.stores.layout import REMOVALS, Layout

SHARD_BYTES = 96 << 20
SHARD_RECORDS = 250_000
"""A shard holds at most about so many bytes and records, as delivered and in the lake: a process needs 1 GiB for it."""


@dataclass
class Correct(beam.PTransform):
    """Make ((delivery, shard), rows) of a plan, and the lake, into the last release's files."""

    plan: Plan
    asked: int
    store: Path | None

    def expand(self, found: Any) -> Any:  # Beam warns of hints that name a dict
        """Bring what was read and what was known of a work together, and settle it."""
        count = self.asked or shards(self.plan)
        read = found | "Keep the delivery with its rows" >> beam.Map(by_shard)
        known = self._from("what is known", read_known, _known(self.plan), found.pipeline, count)
        removals = self._from("removals", lake_rows.read, _removals(self.plan), found.pipeline, count)
        return (
            {"read": read, "known": known, "removals": removals}
            | "Bring what is told of a work together" >> beam.CoGroupByKey()
            | "Settle what is valid" >> beam.ParDo(Step("settle", settle, self.plan))
        )

    def _from(self, what: str, function: Any, files: list[tuple[str, str, str]], pipeline: Any, count: int) -> Any:
        return (
            pipeline
            | f"List {what}" >> beam.Create(files, reshuffle=False)
            | f"Share the reading of {what}" >> beam.Reshuffle()
            | f"Read {what}" >> beam.ParDo(Step("known", function, count, store=self.store))
        )


def shards(plan: Plan) -> int:
    """Return in how many shards all that a correction touches is split."""
    known = [Path(path) for _, _, path in _known(plan)]
    cited = [path.parent.with_name("citations") / path.name for path in known if path.parent.name == "documents"]
    in_lake = sum(path.stat().st_size for path in (*known, *cited))
    delivered = sum(assignment.partition.bytes or 0 for assignment in plan.assignments)
    rows = sum(pq.read_metadata(path).num_rows for path in known)
    records = rows + sum(assignment.partition.records or 0 for assignment in plan.assignments)
    return ceil(max((delivered + 2 * in_lake) / SHARD_BYTES, records / SHARD_RECORDS)) or 1


def by_shard(found: tuple[tuple[str, int], Any]) -> tuple[int, tuple[str, Any]]:
    """Key rows, which may be `Stored`, by their shard."""
    (delivery, shard), rows = found
    return shard, (delivery, rows)


def read_known(kind: str, release: str, path: str, count: int) -> Iterator[tuple[int, pa.Table]]:
    """Yield (shard, contents) of one file of documents, with the citations beside it, or of restated contents."""
    known, file = date.fromisoformat(release), Path(path)
    rows = pq.read_table(file)
    if kind == "restated":
        found = corrections.restated(rows, known)
    else:
        cited = pq.read_table(file.parent.with_name("citations") / file.name, columns=["cited_id"])
        found = corrections.contents(corrections.in_lake(rows, cited), known)
    counted("contents read", found.num_rows)
    yield from lake.split(found, count)


def settle(shard: int, group: Mapping[str, Iterable[Any]], plan: Plan) -> Iterator[None]:
    """Write what the last release tells of one shard, and leave a report in the plan's folder."""
    start, release = perf_counter(), plan.deliveries[-1]
    settled = corrections.settle(_told(group, plan), release.release_date, plan.corrected.values())
    built = plan.built(release.release_id)
    documents, citations = write_lake(plan, release.release_id, shard, settled.works)
    for kind, rows in (("restated", settled.restated), ("withdrawn", settled.withdrawn)):
        if rows.num_rows:
            put(built / kind / part(shard), rows)
    counted("corrected", settled.corrected)
    counted("withdrawn", settled.withdrawn.num_rows)
    writing = Writing(
        release_id=release.release_id,
        shard=shard,
        documents=documents,
        citations=citations,
        superseded=settled.superseded,
        seconds=perf_counter() - start,
        corrected=settled.corrected,
        withdrawn=settled.withdrawn.num_rows,
        held=settled.held,
    )
    report(plan, writing)
    yield None


def complete(plan: Plan) -> None:
    """Put the withdrawn works among the last release's removals; done again, it changes nothing."""
    built = plan.built(plan.deliveries[-1].release_id)
    withdrawn = [pq.read_table(file) for file in sorted((built / "withdrawn").glob("part-*.parquet"))]
    told = corrections.listed(pq.read_table(built / REMOVALS))
    put(built / REMOVALS, pa.concat_tables([told, *withdrawn]))
    if not any((built / "documents").glob("part-*.parquet")):
        put(built / "documents" / part(0), tables.DOCUMENTS.empty_table())
        put(built / "citations" / part(0), tables.CITATIONS.empty_table())


def _told(group: Mapping[str, Iterable[Any]], plan: Plan) -> corrections.Told:
    """Tell apart what was known, what was read of corrected deliveries, and the release's own."""
    own, corrected = plan.deliveries[-1], plan.corrected
    dates = {d.release_id: d.release_date for d in plan.deliveries} | corrected
    known: list[pa.Table] = [*group["known"]]
    again: list[pa.Table] = []
    mine: list[pa.Table] = []
    for delivery, rows in group["read"]:
        kind = again if delivery in corrected else mine if delivery == own.release_id else known
        kind.append(corrections.contents(rows, dates[delivery]))
    return corrections.Told(known, again, mine, Removals.concatenate(group["removals"]))


def _known(plan: Plan) -> list[tuple[str, str, str]]:
    """Return (kind, release, file) of all that the lake knows of the contents of deliveries."""
    if plan.correction is None:
        return []
    layout = Layout(Path(plan.correction.home))
    releases = {"documents": plan.correction.delivered, "restated": plan.correction.corrected}
    folders = [(kind, release, layout.release(release) / kind) for kind in releases for release in releases[kind]]
    return [(kind, release, str(f)) for kind, release, folder in folders for f in sorted(folder.glob("part-*.parquet"))]


def _removals(plan: Plan) -> list[tuple[str, str, str]]:
    """Return (kind, release, file) of all removals that are known with the last release."""
    if plan.correction is None:
        return []
    known, layout = sorted({*plan.correction.delivered, *plan.correction.corrected}), Layout(Path(plan.correction.home))
    folders = {release: layout.release(release) for release in known}
    folders |= {d.release_id: plan.built(d.release_id) for d in plan.deliveries}
    return [("removals", release, str(folder / REMOVALS)) for release, folder in folders.items()]
