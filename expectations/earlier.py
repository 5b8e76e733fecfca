"""What the releases before one held, to judge by how much of it is there.

The context's `earlier` names their folders, oldest first; each holds `documents/` and `citations/`. Of these,
`corrections` are no deliveries: there is no usual number of their rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.parquet as pq

from expectations.database import row, rows
from expectations.suite import Context
from hotarea.domain import limits, tables

ID = pa.schema([tables.DOCUMENTS.field("document_id")])
_CITED = pa.schema([tables.CITATIONS.field("cited_id")])


@dataclass(frozen=True)
class Usual:
    """Between how many documents a release usually has."""

    least: int
    most: int | None  # None where the releases before were too small to tell


def usual_documents(context: Context) -> Usual | None:
    """Return how many documents are usual; None without releases to compare with.

    A corpus' first release is not compared with: it holds all the years before.
    """
    if context.get("is_correction"):
        return None
    recent = [_count(_files(folder, "documents")) for folder in _deliveries(context)[1:]][-limits.RELEASES_COMPARED :]
    if not recent:
        return None
    middle = median(recent)
    most = floor(limits.USUAL_ROWS_FACTOR * middle) if middle >= limits.SHARE_ROWS else None
    return Usual(ceil(limits.USUAL_ROWS_SHARE * middle), most)


def usual_citations(context: Context) -> float | None:
    """Return the median number of citations per document of the last releases; None if they have few citations."""
    if context.get("is_correction"):
        return None
    recent = [
        (_count(_files(f, "citations")), _count(_files(f, "documents")))
        for f in _deliveries(context)[1:][-limits.RELEASES_COMPARED :]
    ]
    known = [citations / documents for citations, documents in recent if citations >= limits.SHARE_ROWS]
    return median(known) if known else None


def before(context: Context) -> list[Path]:
    """Return the files of the documents of the release before, if there is one."""
    deliveries = [] if context.get("is_correction") else _deliveries(context)
    return _files(deliveries[-1], "documents") if deliveries else []


def dangling_share(context: Context) -> float | None:
    """Return the share of the last release's citations whose target no release up to it had; None if they are few."""
    deliveries = _deliveries(context)
    if not deliveries:
        return None
    cited = rows(_files(deliveries[-1], "citations"), _CITED)
    earlier = [file for folder in context["earlier"] for file in _files(folder, "documents")]
    count, dangling = row(f"SELECT count(*), count(*) FILTER (cited_id NOT IN ({rows(earlier, ID)})) FROM ({cited})")
    return float(dangling / count) if count >= limits.SHARE_ROWS else None


def documents_so_far(context: Context) -> list[Path]:
    """Return the files of the documents of a release and of all before it."""
    return [*(f for folder in context.get("earlier", ()) for f in _files(folder, "documents")), *context["documents"]]


def _deliveries(context: Context) -> list[Path]:
    corrections = context.get("corrections", ())
    return [folder for folder in context.get("earlier", ()) if folder not in corrections]


def _files(folder: Path, kind: str) -> list[Path]:
    return sorted((folder / kind).glob("part-*.parquet"))


def _count(files: Sequence[Path]) -> int:
    return sum(pq.read_metadata(file).num_rows for file in files)
