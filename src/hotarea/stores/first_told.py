"""A home that never heard what was told otherwise: each work stays as it was known first, or on a day.

What the source re-curates (years, references, ids that end) moves features as a changed world does. In this home only
the new works of later releases are new, so that what still moves was moved by the world.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain.columns import Ints, array
from hotarea.domain.tables import REMOVALS
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout, parts


def build(ours: Layout, theirs: Layout, releases: Sequence[str], known: date) -> None:
    """Make the lake of such a home: releases up to a day as they are, of later ones the works that they told first.

    Removals that were told later are left out too: an id that ended is known as it was.
    """
    theirs.lake.mkdir(parents=True)
    there = np.empty(0, np.int64)
    for release in sorted(releases):
        if date.fromisoformat(release) <= known:
            theirs.release(release).symlink_to(ours.release(release), target_is_directory=True)
            there = np.union1d(there, _ids(ours.release(release)))
        else:
            there = _told_first(ours.release(release), theirs.release(release), there)


def _told_first(release: Path, copy: Path, there: Ints) -> Ints:
    """Copy the works of a release that are not there yet; return what is there then."""
    (copy / "documents").mkdir(parents=True)
    (copy / "citations").mkdir()
    for number, (documents, citations) in enumerate(_pairs(release)):
        for table, id_, folder in ((documents, "document_id", "documents"), (citations, "citing_id", "citations")):
            new = table.filter(pa.array(~np.isin(array(table, id_, np.int64), there)))
            pq.write_table(new, copy / folder / f"part-{number:04d}.parquet", compression="zstd")
    pq.write_table(REMOVALS.empty_table(), copy / files.REMOVALS)
    return np.union1d(there, _ids(release))


def _pairs(release: Path) -> list[tuple[pa.Table, pa.Table]]:
    """Return the tables of a release's parts: documents, and the citations by them."""
    both = zip(parts(release / "documents"), parts(release / "citations"), strict=True)
    return [(pq.read_table(documents), pq.read_table(citations)) for documents, citations in both]


def _ids(release: Path) -> Ints:
    found = [
        array(pq.read_table(p, columns=["document_id"]), "document_id", np.int64) for p in parts(release / "documents")
    ]
    return np.concatenate(found) if found else np.empty(0, np.int64)
