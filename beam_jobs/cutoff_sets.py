"""What the jobs that make one set of rows per cutoff share: arguments, files, the pipeline's run and its result."""

import argparse
import json
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs import pool, program
from beam_jobs.citation_windows import CountCitations
from beam_jobs.lake import ReadLake
from beam_jobs.steps import totals
from hotarea.domain.cutoff_axis import CutoffAxis, Window
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import write_aside

Place = Callable[[Cutoff], Path]
"""Where the rows of a cutoff go."""


@dataclass(frozen=True)
class Request:
    """What a job was asked for."""

    home: Path
    releases: tuple[str, ...]
    cutoffs: tuple[Cutoff, ...]
    output: Path
    shards: int
    runner: str
    workers: int = 1
    extra: tuple[str, ...] = field(default=())  # Beam's own options

    @property
    def store(self) -> Path | None:
        """Where steps leave batches for each other; the runner carries them if it is not the local one."""
        return self.output / "exchange" if self.runner == program.LOCAL else None

    @property
    def axis(self) -> CutoffAxis:
        """The cutoffs in order."""
        return CutoffAxis.of(self.cutoffs)


def parser(purpose: str) -> argparse.ArgumentParser:
    """Return the parser of the arguments that every such job takes."""
    result = argparse.ArgumentParser(description=purpose, allow_abbrev=False)
    result.add_argument("--home", type=Path, required=True, help="folder of all state; the lake is in it")
    result.add_argument("--release", action="append", default=[], help="id of an ingested release; once for each")
    result.add_argument("--cutoff", type=Cutoff.parse, action="append", default=[], help="DAY@KNOWN; once for each")
    result.add_argument("--output", type=Path, required=True, help="folder to build the sets in")
    result.add_argument("--shards", type=int, default=4, help="by how many shards documents are split")
    result.add_argument("--runner", default=program.LOCAL, help="Beam runner")
    result.add_argument("--workers", type=int, default=1, help="processes that run steps, on the local runner")
    return result


def request(found: argparse.Namespace, extra: Sequence[str]) -> Request:
    """Return what the parsed arguments ask for."""
    return Request(
        found.home,
        tuple(found.release),
        tuple(found.cutoff),
        found.output,
        found.shards,
        found.runner,
        found.workers,
        tuple(extra),
    )


def tallies(pipeline: beam.Pipeline, asked: Request, windows: Sequence[Window]) -> beam.PCollection:
    """Count from the lake what the windows ask for; gives (shard, Tallies)."""
    lake = pipeline | "Read the lake" >> ReadLake(asked.home, asked.releases, asked.shards, asked.store)
    return lake | "Count citations in windows" >> CountCitations(asked.axis, windows, asked.shards, asked.store)


def run(asked: Request, build: Callable[[beam.Pipeline], object]) -> dict[str, Any]:
    """Run the pipeline that `build` lays out; return records by kind and seconds, all and by step."""
    start = time.perf_counter()
    pipeline = beam.Pipeline(options=program.pipeline_options(asked.runner, asked.extra))
    build(pipeline)
    with pool.workers(asked.workers if asked.store else 1):
        result = pipeline.run()
        result.wait_until_finish()
    if asked.store:
        shutil.rmtree(asked.store, ignore_errors=True)
    records, steps = totals(result)
    return {"records": records, "steps": steps, "seconds": round(time.perf_counter() - start, 3)}


def clear(marker: Path, place: Place, cutoffs: Sequence[Cutoff]) -> None:
    """Make room for the sets: drops what an earlier try of the same job left, its marker first."""
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    for cutoff in cutoffs:
        shutil.rmtree(place(cutoff), ignore_errors=True)
        place(cutoff).mkdir(parents=True)


def write_part(folder: Path, shard: int, rows: pa.Table) -> None:
    """Write one shard's rows of a cutoff; a part that is tried again replaces itself."""
    part = folder / f".part-{shard:04d}.parquet"
    pq.write_table(rows, part, compression="zstd", use_dictionary=["event_timestamp", "created_timestamp"])
    part.rename(folder / f"part-{shard:04d}.parquet")


def files(folder: Path, schema: pa.Schema) -> list[Path]:
    """Return the parts of a set; a set without rows gets one empty part."""
    found = sorted(folder.glob("part-*.parquet"))
    if not found:
        write_part(folder, 0, schema.empty_table())
    return found or sorted(folder.glob("part-*.parquet"))


def rows(parts: Sequence[Path]) -> int:
    """Return the number of rows of a set's parts."""
    return sum(pq.read_metadata(part).num_rows for part in parts)


def finish(marker: Path, result: dict[str, Any]) -> dict[str, Any]:
    """Leave the result beside the sets, last of all: where it stands, the sets are complete."""
    write_aside(marker, json.dumps(result, indent=1).encode())
    return result
