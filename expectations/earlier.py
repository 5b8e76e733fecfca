"""What the releases before one held, to judge by how much of it is there.

The context's `earlier` names their folders, oldest first; each holds `documents/` and `citations/`.
"""

from collections.abc import Sequence
from math import ceil
from pathlib import Path
from statistics import median

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from expectations import limits
from expectations.files import read
from expectations.suite import Context
from hotarea.domain import tables

_ID = pa.schema([tables.DOCUMENTS.field("document_id")])
_CITED = pa.schema([tables.CITATIONS.field("cited_id")])


def least_documents(context: Context) -> int | None:
    """Return the least number of documents that is usual; None without releases to compare with.

    A corpus' first release is not compared with: it holds all the years before.
    """
    recent = [_documents(folder) for folder in context.get("earlier", ())[1:]][-limits.RELEASES_COMPARED :]
    counts = [sum(pq.read_metadata(file).num_rows for file in files) for files in recent]
    return ceil(limits.USUAL_ROWS_SHARE * median(counts)) if counts else None


def dangling_share(context: Context) -> float | None:
    """Return the share of the last release's citations whose target no release up to it had; None if they are few."""
    earlier: Sequence[Path] = context.get("earlier", ())
    if not earlier:
        return None
    cited = read(sorted((earlier[-1] / "citations").glob("part-*.parquet")), _CITED)["cited_id"]
    if len(cited) < limits.SHARE_ROWS:
        return None
    return float(pc.mean(dangling(cited, [file for folder in earlier for file in _documents(folder)])).as_py())


def dangling(cited: pa.ChunkedArray, documents: Sequence[Path]) -> pa.ChunkedArray:
    """Return which cited ids are of none of the documents."""
    return pc.invert(pc.is_in(cited, value_set=read(documents, _ID)["document_id"].combine_chunks()))


def documents_so_far(context: Context) -> list[Path]:
    """Return the files of the documents of a release and of all before it."""
    return [*(f for folder in context.get("earlier", ()) for f in _documents(folder)), *context["documents"]]


def _documents(folder: Path) -> list[Path]:
    return sorted((folder / "documents").glob("part-*.parquet"))
