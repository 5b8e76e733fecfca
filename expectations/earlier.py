"""What the releases before one held, to judge by how much of it is there.

The context's `earlier` names their folders, oldest first; each holds `documents/` and `citations/`. Of these,
`corrections` are no deliveries: there is no usual number of their rows.
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
    if context.get("is_correction"):
        return None
    recent = [_documents(folder) for folder in _deliveries(context)[1:]][-limits.RELEASES_COMPARED :]
    counts = [sum(pq.read_metadata(file).num_rows for file in files) for files in recent]
    return ceil(limits.USUAL_ROWS_SHARE * median(counts)) if counts else None


def dangling_share(context: Context) -> float | None:
    """Return the share of the last release's citations whose target no release up to it had; None if they are few."""
    deliveries = _deliveries(context)
    if not deliveries:
        return None
    cited = read(sorted((deliveries[-1] / "citations").glob("part-*.parquet")), _CITED)["cited_id"]
    if len(cited) < limits.SHARE_ROWS:
        return None
    earlier = [file for folder in context["earlier"] for file in _documents(folder)]
    return float(pc.mean(dangling(cited, earlier)).as_py())


def dangling(cited: pa.ChunkedArray, documents: Sequence[Path]) -> pa.ChunkedArray:
    """Return which cited ids are of none of the documents."""
    return pc.invert(pc.is_in(cited, value_set=read(documents, _ID)["document_id"].combine_chunks()))


def documents_so_far(context: Context) -> list[Path]:
    """Return the files of the documents of a release and of all before it."""
    return [*(f for folder in context.get("earlier", ()) for f in _documents(folder)), *context["documents"]]


def _deliveries(context: Context) -> list[Path]:
    corrections = context.get("corrections", ())
    return [folder for folder in context.get("earlier", ()) if folder not in corrections]


def _documents(folder: Path) -> list[Path]:
    return sorted((folder / "documents").glob("part-*.parquet"))
