"""Citations of documents and of their areas, in windows of time, for all cutoffs at once.

A citation lies in a window for a contiguous range of cutoffs. So it adds one where the range begins and takes one
where it stops, and a running sum over the cutoffs gives the counts: the work does not grow with the number of cutoffs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotarea.domain.columns import Bools, Columns, Int32s, Ints, Rows
from hotarea.domain.cutoff_axis import ALL, CutoffAxis, Window
from hotarea.domain.references import Pairs
from hotarea.domain.versions import Works, changes, overlaps

_BLOCK = 1_000_000  # rows that are spread along references at a time: bounds the memory


@dataclass(frozen=True)
class Counts(Columns):
    """The citations of each document at each cutoff at which it exists; ordered by document and cutoff."""

    document_id: Ints
    cutoff: Int32s  # index on the axis
    published: Int32s
    is_retracted: Bools
    cite_count: Ints
    citing_days: Ints  # sum of the citing documents' publication days
    counts: Int32s  # (rows, windows): citations of the document

    def rows_at(self, document_id: Ints, cutoff: Int32s) -> Rows:
        """Return the row of each (document, cutoff), −1 where the document does not exist."""
        if not len(self):
            return np.full(len(document_id), -1, np.intp)
        begins = np.flatnonzero(changes(self.document_id))
        ids = self.document_id[begins]
        width = int(self.cutoff.max()) + 2  # one column more, where cutoffs after all rows find nothing
        keys = np.searchsorted(ids, self.document_id) * width + self.cutoff
        at = np.minimum(np.searchsorted(ids, document_id), len(ids) - 1)
        row = np.minimum(np.searchsorted(keys, at * width + np.minimum(cutoff, width - 1)), len(self) - 1)
        found = (self.document_id[row] == document_id) & (self.cutoff[row] == cutoff)
        return np.where(found, row, -1)


@dataclass(frozen=True)
class Tallies(Counts):
    """All that is counted of each document: its citations, and what its area and its references add."""

    sizes: Ints  # (rows, windows): citations of the document's area
    top: Int32s  # largest count in the last window among the citing documents
    references_inside: Int32s


@dataclass(frozen=True)
class Inside(Columns):
    """How many references of a document lead to documents that exist, in ranges [first, stop) of cutoffs."""

    document_id: Ints
    first: Int32s
    stop: Int32s
    references: Int32s


@dataclass(frozen=True)
class Shares(Columns):
    """What documents that cite a document add to the size of its area at a cutoff."""

    document_id: Ints  # the cited one
    cutoff: Int32s
    sizes: Int32s  # (rows, windows)
    top: Int32s


def tally(works: Works, citations: Pairs, axis: CutoffAxis, windows: Sequence[Window]) -> tuple[Counts, Inside, int]:
    """Count the citations of documents: the first half of the work, at the cited document.

    `works` are all versions of some documents, by id, and `citations` all pairs that cite these. Returns the
    counts; what the citing documents learn of their references; and the number of dangling citations at the newest
    cutoff.
    """
    existing = replace(works, first=np.maximum(works.first, axis.first_day(works.published)))
    existing = existing.take(existing.first < existing.stop)
    rows, base = _rows(existing, len(windows))
    pair, version, first, stop = overlaps(existing, citations.cited_id, citations.first, citations.stop)
    known = citations.take(pair)
    total = _Ranges(axis, known.published, base[version], first, stop, len(rows))
    counted = replace(
        rows,
        cite_count=total.count(ALL),
        citing_days=total.count(ALL, known.published),
        counts=np.stack([total.count(w) for w in windows], axis=1).astype(np.int32),
    )
    first = np.maximum(first, axis.range_of(ALL, known.published)[0])
    inside = _inside(known.citing_id, first, stop)
    newest = len(axis) - 1
    dangling = _at(citations, newest, axis) - int(np.count_nonzero((first <= newest) & (stop > newest)))
    return counted, inside, dangling


def spread(counted: Counts, references: Pairs, axis: CutoffAxis) -> Iterator[Shares]:
    """Send each document's counts along its references: the second half of the work, at the citing document.

    `references` are all pairs by which documents of `counted` cite, ordered by cited document. Yields, in bounded
    blocks, sums over the citing documents and their maximum; a (document, cutoff) may stand in several blocks.
    """
    first = np.maximum(references.first, axis.range_of(ALL, references.published)[0])
    there = first < references.stop
    cited, length = references.cited_id[there], (references.stop - first)[there]
    row = counted.rows_at(references.citing_id[there], first[there])
    active = np.flatnonzero(counted.counts.any(axis=1))
    low, high = np.searchsorted(active, row), np.searchsorted(active, row + length)
    reach = np.cumsum(high - low)
    for start, stop in _blocks(reach):
        source, share = _expand(low[start:stop], high[start:stop])
        source_rows = active[share]
        counts, cutoff = counted.counts[source_rows], counted.cutoff[source_rows]
        yield _summed(cited[start:stop][source], cutoff, counts)


def gather(counted: Counts, shares: Sequence[Shares], insides: Sequence[Inside]) -> Tallies:
    """Add what came along references to the counts of the documents that they cite, and of those that cite."""
    sizes, top = counted.counts.astype(np.int64), np.zeros(len(counted), np.int32)
    for share in shares:
        row = counted.rows_at(share.document_id, share.cutoff)
        there = row >= 0
        np.add.at(sizes, row[there], share.sizes[there])
        np.maximum.at(top, row[there], share.top[there])
    inside = Inside.concatenate(insides)
    row = counted.rows_at(inside.document_id, inside.first)
    length = inside.stop - inside.first
    references = _running(row, row + length, len(counted), inside.references).astype(np.int32)
    known = {f.name: getattr(counted, f.name) for f in fields(counted)}
    return Tallies(**known, sizes=sizes, top=top, references_inside=references)


@dataclass(frozen=True)
class _Ranges:
    """Citations matched with rows: `base` is the row of cutoff 0, [first, stop) where both documents are valid."""

    axis: CutoffAxis
    published: Int32s
    base: Rows
    first: Int32s
    stop: Int32s
    rows: int

    def count(self, window: Window, weight: NDArray[np.integer[Any]] | None = None) -> Ints:
        """Return at each row the citations in the window, or the sum of their weights."""
        first, stop = self.axis.range_of(window, self.published)
        first, stop = np.maximum(first, self.first), np.minimum(stop, self.stop)
        some = first < stop
        base = self.base[some]
        return _running(base + first[some], base + stop[some], self.rows, None if weight is None else weight[some])


def _rows(works: Works, windows: int) -> tuple[Counts, Rows]:
    """Lay out one row for each cutoff of each version; returns each version's row of cutoff 0 as well."""
    length = works.stop - works.first
    base = np.cumsum(length) - length - works.first
    version = np.repeat(np.arange(len(works)), length)
    cutoff = (np.arange(len(version)) - base[version]).astype(np.int32)
    none = np.zeros(len(version), np.int64)
    counted = Counts(
        works.document_id[version],
        cutoff,
        works.published[version],
        works.is_retracted[version],
        cite_count=none,
        citing_days=none,
        counts=np.zeros((len(version), windows), np.int32),
    )
    return counted, base


def _running(first: Rows, stop: Rows, rows: int, weight: NDArray[np.integer[Any]] | None = None) -> Ints:
    """Return the sum at each row of the ranges [first, stop) that cover it.

    Sums of weights pass through float64 and are exact below 2^53.
    """
    change = np.bincount(first, weight, rows + 1) - np.bincount(stop, weight, rows + 1)
    return np.cumsum(change.astype(np.int64))[:-1]


def _inside(citing_id: Ints, first: Int32s, stop: Int32s) -> Inside:
    some = first < stop
    ranges = Inside(citing_id[some], first[some], stop[some], np.ones(np.count_nonzero(some), np.int32))
    ranges = ranges.take(np.lexsort((ranges.stop, ranges.first, ranges.document_id)))
    begins = np.flatnonzero(changes(ranges.document_id, ranges.first, ranges.stop))
    return replace(ranges.take(begins), references=np.diff(np.append(begins, len(ranges))).astype(np.int32))


def _at(pairs: Pairs, cutoff: int, axis: CutoffAxis) -> int:
    """Return how many pairs stand at a cutoff."""
    first = np.maximum(pairs.first, axis.range_of(ALL, pairs.published)[0])
    return int(np.count_nonzero((first <= cutoff) & (pairs.stop > cutoff)))


def _blocks(reach: Ints) -> Iterator[tuple[int, int]]:
    """Cut records into runs of about `_BLOCK` rows, given the running sum of each record's rows."""
    total = int(reach[-1]) if len(reach) else 0
    cuts = np.searchsorted(reach, np.arange(_BLOCK, total, _BLOCK), side="right")
    bounds = np.unique([0, *cuts, len(reach)])
    yield from zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)


def _expand(low: Rows, high: Rows) -> tuple[Rows, Rows]:
    """Return every (record, index) with `low` ≤ index < `high` of the record."""
    length = high - low
    record = np.repeat(np.arange(len(low)), length)
    return record, np.arange(len(record)) + np.repeat(low - (np.cumsum(length) - length), length)


def _summed(cited: Ints, cutoff: Int32s, counts: Int32s) -> Shares:
    """Sum the counts of the same cited document and cutoff."""
    order = np.lexsort((cutoff, cited))
    cited, cutoff, counts = cited[order], cutoff[order], counts[order]
    begins = np.flatnonzero(changes(cited, cutoff))
    if not len(begins):
        return Shares(cited, cutoff, counts, np.empty(0, np.int32))
    return Shares(
        cited[begins],
        cutoff[begins],
        np.add.reduceat(counts, begins, axis=0, dtype=np.int32),
        np.maximum.reduceat(counts[:, -1], begins),
    )
