"""Citations of documents and of their areas, in windows of time, for all cutoffs at once.

A citation lies in a window for a contiguous range of cutoffs. So it adds one where the range begins and takes one
where it stops, and a running sum over the cutoffs gives the counts: the work does not grow with the number of cutoffs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotarea.domain.columns import Bools, Columns, Int32s, Ints, Rows
from hotarea.domain.cutoff_axis import ALL, CutoffAxis, Window
from hotarea.domain.references import Pairs
from hotarea.domain.versions import Works, changes, overlaps

_BLOCK = 1_000_000  # rows that are spread along references at a time: bounds the memory


@dataclass(frozen=True)
class Tallies(Columns):
    """What was counted of each document at each cutoff at which it exists; ordered by document and cutoff."""

    document_id: Ints
    cutoff: Int32s  # index on the axis
    published: Int32s
    is_retracted: Bools
    cite_count: Ints
    citing_days: Ints  # sum of the citing documents' publication days
    references_inside: Ints
    counts: Ints  # (rows, windows): citations of the document
    sizes: Ints  # (rows, windows): citations of the document's area
    top: Ints  # largest count in the last window among the citing documents

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
class Inside(Columns):
    """How many references of a document lead to documents that exist, in ranges [first, stop) of cutoffs."""

    document_id: Ints
    first: Int32s
    stop: Int32s
    references: Ints


@dataclass(frozen=True)
class Shares(Columns):
    """What documents that cite a document add to the size of its area at a cutoff."""

    document_id: Ints  # the cited one
    cutoff: Int32s
    sizes: Ints  # (rows, windows)
    top: Ints


def tally(works: Works, citations: Pairs, axis: CutoffAxis, windows: Sequence[Window]) -> tuple[Tallies, Inside, int]:
    """Count the citations of documents: the first half of the work, at the cited document.

    `works` are all versions of some documents, by id, and `citations` all pairs that cite these. Returns the tallies,
    as yet without the citing documents' share; what the citing documents learn of their references; and the number of
    dangling citations at the newest cutoff.
    """
    existing = replace(works, first=np.maximum(works.first, axis.first_day(works.published)))
    existing = existing.take(existing.first < existing.stop)
    tallies, base = _rows(existing, len(windows))
    pair, version, first, stop = overlaps(existing, citations.cited_id, citations.first, citations.stop)
    known = citations.take(pair)
    total = _Ranges(axis, known.published, base[version], first, stop, len(tallies))
    counted = replace(
        tallies,
        cite_count=total.count(ALL),
        citing_days=total.count(ALL, known.published),
        counts=np.stack([total.count(w) for w in windows], axis=1),
    )
    first = np.maximum(first, axis.range_of(ALL, known.published)[0])
    inside = _inside(known.citing_id, first, stop)
    newest = len(axis) - 1
    dangling = _at(citations, newest, axis) - int(np.count_nonzero((first <= newest) & (stop > newest)))
    return replace(counted, sizes=counted.counts), inside, dangling


def spread(tallies: Tallies, references: Pairs, axis: CutoffAxis) -> Iterator[Shares]:
    """Send each document's counts along its references: the second half of the work, at the citing document.

    `references` are all pairs by which documents of `tallies` cite, ordered by cited document. Yields, in bounded
    blocks, sums over the citing documents and their maximum; a (document, cutoff) may stand in several blocks.
    """
    first = np.maximum(references.first, axis.range_of(ALL, references.published)[0])
    there = first < references.stop
    cited, length = references.cited_id[there], (references.stop - first)[there]
    row = tallies.rows_at(references.citing_id[there], first[there])
    active = np.flatnonzero(tallies.counts.any(axis=1))
    low, high = np.searchsorted(active, row), np.searchsorted(active, row + length)
    reach = np.cumsum(high - low)
    for start, stop in _blocks(reach):
        source, share = _expand(low[start:stop], high[start:stop])
        source_rows = active[share]
        counts, cutoff = tallies.counts[source_rows], tallies.cutoff[source_rows]
        yield _summed(cited[start:stop][source], cutoff, counts)


def gather(tallies: Tallies, shares: Sequence[Shares], insides: Sequence[Inside]) -> Tallies:
    """Add what came along references to the tallies of the documents that they cite, and of those that cite."""
    sizes, top = tallies.sizes.copy(), tallies.top.copy()
    for share in shares:
        row = tallies.rows_at(share.document_id, share.cutoff)
        there = row >= 0
        np.add.at(sizes, row[there], share.sizes[there])
        np.maximum.at(top, row[there], share.top[there])
    inside = Inside.concatenate(insides)
    row = tallies.rows_at(inside.document_id, inside.first)
    length = inside.stop - inside.first
    references = _running(row, row + length, len(tallies), inside.references)
    return replace(tallies, sizes=sizes, top=top, references_inside=references)


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


def _rows(works: Works, windows: int) -> tuple[Tallies, Rows]:
    """Lay out one row for each cutoff of each version; returns each version's row of cutoff 0 as well."""
    length = works.stop - works.first
    base = np.cumsum(length) - length - works.first
    version = np.repeat(np.arange(len(works)), length)
    cutoff = (np.arange(len(version)) - base[version]).astype(np.int32)
    none = np.zeros(len(version), np.int64)
    nothing = np.zeros((len(version), windows), np.int64)
    tallies = Tallies(
        works.document_id[version],
        cutoff,
        works.published[version],
        works.is_retracted[version],
        *(none, none, none, nothing, nothing, none),
    )
    return tallies, base


def _running(first: Rows, stop: Rows, rows: int, weight: NDArray[np.integer[Any]] | None = None) -> Ints:
    """Return the sum at each row of the ranges [first, stop) that cover it.

    Sums of weights pass through float64 and are exact below 2^53.
    """
    change = np.bincount(first, weight, rows + 1) - np.bincount(stop, weight, rows + 1)
    return np.cumsum(change.astype(np.int64))[:-1]


def _inside(citing_id: Ints, first: Int32s, stop: Int32s) -> Inside:
    some = first < stop
    ranges = Inside(citing_id[some], first[some], stop[some], np.ones(np.count_nonzero(some), np.int64))
    ranges = ranges.take(np.lexsort((ranges.stop, ranges.first, ranges.document_id)))
    begins = np.flatnonzero(changes(ranges.document_id, ranges.first, ranges.stop))
    return replace(ranges.take(begins), references=np.diff(np.append(begins, len(ranges))))


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


def _summed(cited: Ints, cutoff: Int32s, counts: Ints) -> Shares:
    """Sum the counts of the same cited document and cutoff."""
    order = np.lexsort((cutoff, cited))
    cited, cutoff, counts = cited[order], cutoff[order], counts[order]
    begins = np.flatnonzero(changes(cited, cutoff))
    if not len(begins):
        return Shares(cited, cutoff, counts, np.empty(0, np.int64))
    return Shares(
        cited[begins],
        cutoff[begins],
        np.add.reduceat(counts, begins, axis=0),
        np.maximum.reduceat(counts[:, -1], begins),
    )
