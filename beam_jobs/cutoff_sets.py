"""What the jobs that make one set of rows per cutoff share: arguments, files, the pipeline's run and its result."""

import argparse
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs import lake_files, program
from beam_jobs.citation_windows import CountCitations
from beam_jobs.lake import ReadLake, files_of
from beam_jobs.progress import Followed
from beam_jobs.steps import counted
from hotarea.domain.cutoff_axis import CutoffAxis, Window
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import write_aside

SHARD_ROWS = 1_000_000
SHARD_CITATIONS = 1_250_000
"""A shard holds about so many rows of documents at cutoffs, and citations: a process needs 0.5 GiB for it."""

_SMALL = 0.1  # of a shard: not worth a second process

Place = Callable[[Cutoff], Path]
"""Where the rows of a cutoff go."""


@dataclass(frozen=True)
class Request:
    """What a job was asked for."""

    home: Path
    releases: tuple[str, ...]
    cutoffs: tuple[Cutoff, ...]
    output: Path
    runner: str
    shards: int  # by the data's size if 0
    workers: int
    extra: tuple[str, ...] = field(default=())  # Beam's own options

    @property
    def store(self) -> Path:
        """Return where steps leave batches for each other."""
        return self.output / "exchange"

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
    program.add_how_to_run(result)
    return result


def request(found: argparse.Namespace, extra: Sequence[str]) -> Request:
    """Return what the parsed arguments ask for."""
    return Request(
        found.home,
        tuple(found.release),
        tuple(found.cutoff),
        found.output,
        found.runner,
        found.shards,
        found.workers,
        tuple(extra),
    )


def tallies(pipeline: beam.Pipeline, asked: Request, windows: Sequence[Window]) -> beam.PCollection:
    """Count from the lake what the windows ask for; gives (shard, Tallies)."""
    lake = pipeline | "Read the lake" >> ReadLake(asked.home, asked.releases, asked.shards, asked.store)
    return lake | "Count citations in windows" >> CountCitations(asked.axis, windows, asked.shards, asked.store)


def run(job: str, asked: Request, build: Callable[[beam.Pipeline, Request], object]) -> dict[str, Any]:
    """Run the pipeline that `build` lays out; return the measures of `program.finished`."""
    asked = _sized(asked)
    return program.finished(
        Followed(job, asked.output / "progress", works="documents read"),
        program.pipeline_options(asked.runner, asked.extra),
        lambda pipeline: build(pipeline, asked),
        asked.workers,
        asked.store,
    )


def _sized(asked: Request) -> Request:
    """Choose the number of shards by the size of the data; small data need neither several nor a second process."""
    documents, citations = (rows(files_of(asked.home, kind, asked.releases)) for kind in ("documents", "citations"))
    size = max(documents * len(asked.cutoffs) / SHARD_ROWS, citations / SHARD_CITATIONS)
    workers = asked.workers if size > _SMALL and asked.runner == program.LOCAL else 1
    return replace(asked, workers=workers, shards=asked.shards or ceil(max(size, 1) / workers) * workers)


def clear(marker: Path, place: Place, cutoffs: Sequence[Cutoff]) -> None:
    """Make room for the sets: drops what an earlier try of the same job left, its marker first."""
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.unlink(missing_ok=True)
    for cutoff in cutoffs:
        shutil.rmtree(place(cutoff), ignore_errors=True)
        place(cutoff).mkdir(parents=True)


def write_part(folder: Path, shard: int, rows: pa.Table) -> None:
    """Write one shard's rows of a cutoff; a part that is tried again replaces itself."""
    counted("rows written", rows.num_rows)
    lake_files.put(folder / lake_files.part(shard), rows)


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
