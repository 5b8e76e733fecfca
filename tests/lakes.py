"""Small lakes for tests, written directly: releases of works with references, and removals."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain import records, tables
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger


@dataclass(frozen=True)
class Work:
    id: int
    published: date
    references: Sequence[int] = ()
    updated: date | None = None  # the release's date unless given
    is_retracted: bool = False


@dataclass(frozen=True)
class Removal:
    id: int
    removed: date
    into: int | None = None


@dataclass(frozen=True)
class Delivery:
    works: Sequence[Work] = ()
    removals: Sequence[Removal] = field(default=())


def write_lake(home: Path, deliveries: Mapping[date, Delivery], parts: int = 1) -> list[str]:
    """Write the deliveries by release date, each release in so many parts; return the release ids."""
    for day, delivery in deliveries.items():
        folder = Layout(home).release(day.isoformat())
        for number in range(parts):
            works = [_complete(w, day) for w in delivery.works[number::parts]]
            _write(folder / "documents" / f"part-{number:04d}.parquet", tables.DOCUMENTS, map(_document, works))
            citations = (
                {"citing_id": w.id, "cited_id": r, "published": w.published} for w in works for r in w.references
            )
            _write(folder / "citations" / f"part-{number:04d}.parquet", tables.CITATIONS, citations)
        removals = ({"document_id": r.id, "removed": r.removed, "merged_into": r.into} for r in delivery.removals)
        _write(folder / "removals.parquet", tables.REMOVALS, removals)
    return [day.isoformat() for day in deliveries]


def record_releases(ledger: Ledger, releases: Iterable[str]) -> None:
    """Tell the ledger that releases were ingested."""
    for release in releases:
        ledger.add(
            records.Release(
                release_id=release,
                release_date=date.fromisoformat(release),
                source="tests",
                files=[],
                documents=0,
                citations=0,
                removals=0,
                quarantined={},
                seconds=0.0,
                run_id="ingest",
            )
        )


def _complete(work: Work, day: date) -> Work:
    return Work(work.id, work.published, work.references, work.updated or day, work.is_retracted)


def _document(work: Work) -> dict[str, object]:
    assert work.updated
    return {
        "document_id": work.id,
        "published": work.published,
        "updated": datetime.combine(work.updated, datetime.min.time(), UTC),
        "title": f"work {work.id} as of {work.updated}",
        "type": None,
        "language": None,
        "topic_id": "T1",
        "topic": "a topic",
        "is_retracted": work.is_retracted,
        "reference_count": len(work.references),
    }


def _write(path: Path, schema: pa.Schema, rows: Iterable[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(list(rows), schema=schema), path)
