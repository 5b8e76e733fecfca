"""Brings the rows of one feature view into an online store: in shards of the keys' order, each written in bulk.

Unlike the other jobs it is no program: it is given a writer, which holds the store's password, and that has no place in
arguments that every user of a machine can read.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from time import perf_counter
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_jobs import cutoff_sets, program
from beam_jobs.progress import Followed
from beam_jobs.steps import Step, counted
from beam_jobs.stored import Batches
from hotarea.stores.online_format import OnlineView, positions
from hotarea.stores.online_writers import Writer

CHUNK_ROWS = 50_000
"""Documents of a shard: enough to be written in bulk, few enough to be written again after a kill."""

MOST_SHARDS = 256
"""Of larger sets shards are larger: each batch that is read is split into so many pieces at most."""

_BATCH_ROWS = 65_536
_BIN_BITS = 16  # bounds are told apart by so many bits of the keys

Remember = Callable[[int, int, int, float], None]
"""Told of each shard that is written for good: its number, rows, documents removed, seconds."""


@dataclass(frozen=True)
class Request:
    """What to write, and how to run."""

    parts: tuple[Path, ...]  # Parquet files with one row per document
    before: tuple[Path, ...]  # of rows written before: documents that are no longer among the rows are removed
    bounds: tuple[int, ...]  # where shards end, in the keys' order
    store: Path  # a folder that is removed at the end
    runner: str = program.LOCAL
    workers: int = 1
    extra: tuple[str, ...] = ()  # Beam's own options
    done: frozenset[int] = field(default=frozenset())  # shards that are written
    documents: pa.Array | None = None  # only these, if given


def bounds(parts: Sequence[Path], join_key: str, shards: int = 0) -> tuple[int, ...]:
    """Return where shards of about the same size end, in the order of the keys; by the rows' number if `shards` is 0.

    Made of a histogram of the ids, so that memory does not grow with them.
    """
    counts = np.zeros(1 << _BIN_BITS, np.int64)
    for file in parts:
        for batch in pq.ParquetFile(file).iter_batches(columns=[join_key]):
            bins = positions(batch.column(0)) >> np.uint64(64 - _BIN_BITS)
            counts += np.bincount(bins.astype(np.int64), minlength=len(counts))
    rows = int(counts.sum())
    shards = min(shards or ceil(rows / CHUNK_ROWS), MOST_SHARDS)
    shares = [rows * n / shards for n in range(1, shards)]
    ends = np.unique(np.searchsorted(np.cumsum(counts), shares, side="left") + 1)
    return tuple(int(end) << (64 - _BIN_BITS) for end in ends if end < len(counts))


def write(request: Request, writer: Writer, remember: Remember) -> dict[str, Any]:
    """Write the rows; return the measures of `program.finished`.

    A single shard is written in this process: starting a pipeline would take longer.
    """
    if not request.bounds:
        return _write_here(request, writer, remember)
    rows = cutoff_sets.rows(request.parts)
    several = request.runner == program.LOCAL and writer.side_by_side
    return program.finished(
        Followed("online_rows", request.store / "progress", "rows read", rows),
        program.pipeline_options(request.runner, request.extra),
        lambda pipeline: _build(pipeline, request, writer, remember),
        request.workers if several else 1,
        request.store,
    )


def _write_here(request: Request, writer: Writer, remember: Remember) -> dict[str, Any]:
    start, view = perf_counter(), writer.view
    rows = [table for part in request.parts for _, table in read(0, str(part), view, request)]
    before = [ids for part in request.before for _, ids in read_ids(0, str(part), view, request)]
    if request.documents is not None:
        before.append(pa.table({view.join_key: request.documents}))
    if not request.done:
        list(write_shard(0, {"rows": Batches(rows), "before": Batches(before)}, writer, remember))
    return {"seconds": round(perf_counter() - start, 3)}


def _build(pipeline: beam.Pipeline, request: Request, writer: Writer, remember: Remember) -> None:
    store, view = request.store, writer.view
    rows = (
        _named(pipeline, "rows", request.parts)
        | "Read rows in shards" >> beam.ParDo(Step("read", read, view, request, store=store))
    )  # fmt: skip
    before = (
        _named(pipeline, "rows of before", request.before)
        | "Read ids of before in shards" >> beam.ParDo(Step("read before", read_ids, view, request, store=store))
    )  # fmt: skip
    _ = (
        {"rows": rows, "before": before}
        | "Bring shards together" >> beam.CoGroupByKey()
        | "Write shards" >> beam.ParDo(Step("write", write_shard, writer, remember))
    )


def _named(pipeline: beam.Pipeline, what: str, parts: Sequence[Path]) -> beam.PCollection:
    numbered = [(n, str(part)) for n, part in enumerate(parts)]
    created = pipeline | f"Name the files of {what}" >> beam.Create(numbered, reshuffle=False)
    return created | f"Share out the files of {what}" >> beam.Reshuffle()


def read(_: int, file: str, view: OnlineView, request: Request) -> Iterator[tuple[int, pa.Table]]:
    """Yield a file's rows by shard."""
    for batch in _batches(file, view.columns, view, request):
        counted("rows read", batch.num_rows)
        yield from _shards(view.conformed(batch), view, request)


def read_ids(_: int, file: str, view: OnlineView, request: Request) -> Iterator[tuple[int, pa.Table]]:
    """Yield a file's ids by shard."""
    for batch in _batches(file, [view.join_key], view, request):
        yield from _shards(pa.Table.from_batches([batch]), view, request)


def _batches(file: str, columns: list[str], view: OnlineView, request: Request) -> Iterator[pa.RecordBatch]:
    for batch in pq.ParquetFile(file).iter_batches(_BATCH_ROWS, columns=columns, use_threads=False):
        if request.documents is None:
            yield batch
        else:
            yield batch.filter(pc.is_in(batch.column(view.join_key), request.documents))


def _shards(rows: pa.Table, view: OnlineView, request: Request) -> Iterator[tuple[int, pa.Table]]:
    bounds = np.array(request.bounds, np.uint64)
    shards = np.searchsorted(bounds, positions(rows.column(view.join_key)), side="right")
    order = np.argsort(shards, kind="stable")
    ends = np.cumsum(np.bincount(shards, minlength=len(bounds) + 1))
    ordered = rows.take(order)
    for shard, (start, end) in enumerate(zip([0, *ends[:-1]], ends, strict=True)):
        if end > start and shard not in request.done:
            yield shard, ordered.slice(start, end - start)


def write_shard(shard: int, found: Mapping[str, Batches], writer: Writer, remember: Remember) -> Iterator[None]:
    """Write one shard's rows in the order of their keys, and remove the documents of before that are not among them."""
    start = perf_counter()
    view = writer.view
    rows = _together(found["rows"], view.conformed(pa.RecordBatch.from_pylist([], view.schema)))
    before = _together(found["before"], rows.select([view.join_key]))
    rows = rows.take(np.argsort(positions(rows.column(view.join_key)))).combine_chunks()
    ids = pc.unique(before.column(view.join_key))
    removed = ids.filter(pc.invert(pc.is_in(ids, rows.column(view.join_key))))
    writer.write(rows, removed)
    remember(shard, rows.num_rows, len(removed), perf_counter() - start)
    counted("documents written", rows.num_rows)
    counted("documents removed", len(removed))
    yield None


def _together(tables: Batches, empty: pa.Table) -> pa.Table:
    return pa.concat_tables([*tables] or [empty.slice(0, 0)])
