"""From the versions that a release delivered to the rows of the lake."""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain import tables
from hotarea.domain.columns import Ints, shard_of
from hotarea.domain.works import WORKS


def newest(works: pa.Table) -> pa.Table:
    """Return one row of `WORKS` per id, ascending: the one updated last, the later line if several were.

    Lines of a later part of the release count as later.
    """
    ids, updated, part, line = (_ints(works, name) for name in ("document_id", "updated", "part", "line"))
    order = np.lexsort((line, part, updated, ids))
    last = np.ones(len(order), dtype=bool)
    last[:-1] = ids[order][1:] != ids[order][:-1]
    return works.take(pa.array(order[last]))


def repeated(works: pa.Table) -> dict[str, int]:
    """Count, for each two parts of a release, the ids that both hold with the same moment of change."""
    ids, updated, part = (_ints(works, name) for name in ("document_id", "updated", "part"))
    order = np.lexsort((part, updated, ids))
    ids, updated, part = ids[order], updated[order], part[order]
    again = (ids[1:] == ids[:-1]) & (updated[1:] == updated[:-1]) & (part[1:] != part[:-1])
    pairs, counts = np.unique(np.stack([part[:-1][again], part[1:][again]]), axis=1, return_counts=True)
    return {f"{one},{other}": int(count) for one, other, count in zip(*pairs.tolist(), counts, strict=True)}


def split(works: pa.Table, shards: int) -> Iterator[tuple[int, pa.Table]]:
    """Yield (shard, its rows of `WORKS`); all versions of an id are in the same shard, and no shard is empty."""
    shard = shard_of(_ints(works, "document_id"), shards)
    for number in np.unique(shard).tolist():
        yield number, works.filter(pa.array(shard == number))


def documents(works: pa.Table) -> pa.Table:
    """Return the rows of `tables.DOCUMENTS` of works."""
    counts = pc.list_value_length(works["references"])
    columns = [works[name] for name in tables.DOCUMENTS.names[:-1]]
    return pa.table([*columns, counts], schema=tables.DOCUMENTS)


def citations(works: pa.Table) -> pa.Table:
    """Return the rows of `tables.CITATIONS` of works, in their order."""
    citing = pc.list_parent_indices(works["references"])
    columns = [works["document_id"].take(citing), pc.list_flatten(works["references"]), works["published"].take(citing)]
    return pa.table(columns, schema=tables.CITATIONS)


def concatenated(batches: Sequence[pa.Table]) -> pa.Table:
    """Return batches of `WORKS` as one table of one chunk; an empty table for no batch."""
    return pa.concat_tables([WORKS.empty_table(), *batches]).combine_chunks()


def _ints(works: pa.Table, name: str) -> Ints:
    column: Ints = works[name].cast(pa.int64()).to_numpy()
    return column
