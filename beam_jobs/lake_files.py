"""Writes what jobs build, part by part: files of the lake with a report of what is in them, and of any set."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from beam_jobs.steps import counted, counted_bytes
from hotarea.domain import lake
from hotarea.domain.delivery import Plan, Writing
from hotarea.stores.layout import write_aside


def write_lake(plan: Plan, release_id: str, shard: int, works: pa.Table) -> tuple[int, int]:
    """Write one shard of a release, rows of `WORKS`; return how many documents and citations they are."""
    documents, citations = lake.documents(works), lake.citations(works)
    put(plan.built(release_id) / "documents" / part(shard), documents)
    put(plan.built(release_id) / "citations" / part(shard), citations)
    return documents.num_rows, citations.num_rows


def report(plan: Plan, writing: Writing) -> None:
    """Leave a report of one shard in the plan's folder, and count what was written."""
    name = f"writing-{writing.release_id}-{writing.shard:04d}.json"
    write_aside(plan.reports / name, msgspec.json.encode(writing))
    counted("documents written", writing.documents)
    counted("citations written", writing.citations)
    counted("superseded", writing.superseded)


_ENCODINGS = {
    **dict.fromkeys(("document_id", "citing_id", "cited_id"), "DELTA_BINARY_PACKED"),
    **dict.fromkeys(("citing_age_mean", "citing_age_mean_pct"), "BYTE_STREAM_SPLIT"),
}
"""Of columns in which nearly every value is another one, so that Parquet's default, a dictionary, is in vain."""


@contextmanager
def written(path: Path, schema: pa.Schema) -> Iterator[pq.ParquetWriter]:
    """Let a file be written piece by piece; it appears at the end, and one that is tried again replaces itself."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{uuid4().hex[:8]}")  # another attempt may be at the same part
    try:
        with pq.ParquetWriter(aside, schema, compression="zstd", **_encodings(schema)) as writer:
            yield writer
        counted_bytes("written", aside.stat().st_size)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _encodings(schema: pa.Schema) -> dict[str, Any]:
    chosen = {name: _ENCODINGS[name] for name in schema.names if name in _ENCODINGS}
    return {"use_dictionary": [name for name in schema.names if name not in chosen], "column_encoding": chosen}


def put(path: Path, table: pa.Table) -> None:
    """Write a table as `written` does."""
    with written(path, table.schema) as file:
        file.write_table(table)


def part(shard: int) -> str:
    """Return the name of a shard's file."""
    return f"part-{shard:04d}.parquet"
