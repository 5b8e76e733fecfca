"""Citations of documents and of their areas, in windows of time, for all cutoffs at once.

A citation lies in a window for a contiguous range of cutoffs. So it adds one where the range begins and takes one
where it stops, and a running sum over the cutoffs gives the counts. What documents pass on to others stands in one
array a cutoff, in the order of the documents, so that it is summed without any sorting.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotarea.domain.columns import Arrays, Bools, Columns, Int16s, Int32s, Ints, Rows
from hotarea.domain.cutoff_axis import ALL, CutoffAxis, Window
from hotarea.domain.references import Pairs
from hotarea.domain.versions import Works, changes

Existence = NDArray[np.uint8]
"""At which cutoffs the work that a reference cites exists: bits of (cutoffs / 8, references), the first one highest."""


@dataclass(frozen=True)
class Counts(Arrays):
    """The citations of a shard's documents; where one does not exist at a cutoff, nothing is counted."""

    document_id: Ints  # (documents,), ascending
    exists: Bools  # (cutoffs, documents), as all that has no other shape
    published: Int32s
    is_retracted: Bools
    cite_count: Ints
    citing_days: Ints  # sum of the citing documents' publication days
    counts: Int32s  # (windows, cutoffs, documents): citations of the document

    def __len__(self) -> int:
        return len(self.document_id)

    def rows_of(self, document_id: Ints) -> tuple[Rows, Bools]:
        """Return the place of each document, and whether it is here at all; some place if it is not."""
        at = np.minimum(np.searchsorted(self.document_id, document_id), max(len(self) - 1, 0))
        if not len(self):
            return at, np.zeros(len(at), np.bool_)
        return at, self.document_id[at] == document_id


@dataclass(frozen=True)
class Snapshot(Arrays):
    """All that was counted of the documents that exist at one cutoff."""

    document_id: Ints  # (documents,), ascending, as all that has no other shape
    published: Int32s
    is_retracted: Bools
    cite_count: Ints
    citing_days: Ints
    counts: Int32s  # (windows, documents)
    sizes: Ints  # (windows, documents)
    top: Int32s
    references_inside: Int32s

    def __len__(self) -> int:
        return len(self.document_id)


@dataclass(frozen=True)
class Tallies(Counts):
    """All that is counted of each document: its citations, and what its area and its references add."""

    sizes: Ints  # (windows, cutoffs, documents): citations of the document's area
    top: Int32s  # largest count in the last window among the citing documents
    references_inside: Int32s

    def at(self, cutoff: int) -> Snapshot:
        """Return what was counted at one cutoff."""
        here = np.flatnonzero(self.exists[cutoff])
        return Snapshot(
            self.document_id[here],
            self.published[cutoff][here],
            self.is_retracted[cutoff][here],
            self.cite_count[cutoff][here],
            self.citing_days[cutoff][here],
            self.counts[:, cutoff, here],
            self.sizes[:, cutoff, here],
            self.top[cutoff][here],
            self.references_inside[cutoff][here],
        )


@dataclass(frozen=True)
class Shares(Arrays):
    """What documents of one shard add to the areas of the documents that they cite."""

    document_id: Ints  # (documents,): the cited ones, ascending
    sizes: Int32s  # (windows, cutoffs, documents)
    top: Int32s  # (cutoffs, documents)

    def __len__(self) -> int:
        return len(self.document_id)


def tally(
    works: Works, citations: Mapping[int, Pairs], axis: CutoffAxis, windows: Sequence[Window]
) -> tuple[Counts, dict[int, Existence], int]:
    """Count the citations of documents: the first half of the work, at the cited document.

    `works` are all versions of some documents, by id, and `citations` all pairs that cite these, by the shard that they
    came from. Returns the counts; for each shard, where what its references cite exists; and the number of citations
    that dangle at the newest cutoff.
    """
    nothing = _documents(works, axis, len(windows))
    existing = np.packbits(nothing.exists, axis=0)
    known, existence, dangling = [], {}, 0
    for shard, pairs in citations.items():
        row, found = nothing.rows_of(pairs.cited_id)
        existence[shard] = np.where(found, existing[:, row], 0) if len(nothing) else _nowhere(pairs, axis)
        dangling += _dangling(pairs, existence[shard], axis)
        known.append(_Ranges(row, pairs.published, pairs.first, pairs.stop).take(found))
    counted = _counted(nothing, _Ranges.concatenate(known), axis, windows)
    return counted, existence, dangling


def spread(counted: Counts, references: Pairs) -> Shares:
    """Send each document's counts along its references: the second half of the work, at the citing document.

    `references` are pairs by which documents of `counted` cite, ordered by cited document.
    """
    windows, cutoffs = counted.counts.shape[:2]
    begins = np.flatnonzero(changes(references.cited_id))
    sizes = np.zeros((windows, cutoffs, len(begins)), np.int32)
    top = np.zeros((cutoffs, len(begins)), np.int32)
    for cutoff in range(cutoffs if len(begins) else 0):
        known = references.at(cutoff)
        for window in range(windows):
            counts = counted.counts[window, cutoff][references.citing] * known
            np.add.reduceat(counts, begins, out=sizes[window, cutoff])
        np.maximum.reduceat(counts, begins, out=top[cutoff])
    some = np.flatnonzero(sizes.any(axis=(0, 1)))
    return Shares(references.cited_id[begins][some], sizes[:, :, some], top[:, some])


def gather(counted: Counts, shares: Iterable[Shares], insides: Iterable[tuple[Pairs, Existence]]) -> Tallies:
    """Add what came along references to the counts of the documents that they cite, and of those that cite.

    `insides` are the documents' references, with where what they cite exists.
    """
    sizes = counted.counts.astype(np.int64)
    top = np.zeros(counted.exists.shape, np.int32)
    for share in shares:
        row, found = counted.rows_of(share.document_id)
        row = row[found]
        for cutoff in range(len(top)):
            top[cutoff][row] = np.maximum(top[cutoff][row], share.top[cutoff][found])
            for window in range(len(sizes)):
                sizes[window, cutoff][row] += share.sizes[window, cutoff][found]
    known = {f.name: getattr(counted, f.name) for f in fields(Counts)}
    return Tallies(
        **known,
        sizes=sizes * counted.exists,
        top=top * counted.exists,
        references_inside=_references_inside(counted, [*insides]),
    )


@dataclass(frozen=True)
class _Ranges(Columns):
    """Citations of documents that are here: `row` is the document, [first, stop) where the citation is known."""

    row: Rows
    published: Int32s
    first: Int16s
    stop: Int16s

    def count(
        self, window: Window, axis: CutoffAxis, documents: int, weight: NDArray[np.integer[Any]] | None = None
    ) -> Ints:
        """Return the citations of each document in the window at each cutoff, or the sum of their weights.

        Sums of weights pass through float64 and are exact below 2^53.
        """
        first, stop = axis.range_of(window, self.published)
        first, stop = np.maximum(first, self.first), np.minimum(stop, self.stop)
        some = np.flatnonzero(first < stop)
        row, weights = self.row[some], None if weight is None else weight[some]
        places = (len(axis) + 1) * documents
        begun = np.bincount(first[some].astype(np.int64) * documents + row, weights, places)
        ended = np.bincount(stop[some].astype(np.int64) * documents + row, weights, places)
        change: Ints = (begun - ended).astype(np.int64).reshape(len(axis) + 1, documents)
        return np.cumsum(change[:-1], axis=0)


def _documents(works: Works, axis: CutoffAxis, windows: int) -> Counts:
    """Lay out the documents at all cutoffs, before anything is counted."""
    begins = changes(works.document_id)
    row = np.cumsum(begins) - 1
    shape = (len(axis), int(np.count_nonzero(begins)))
    exists, retracted, published = np.zeros(shape, np.bool_), np.zeros(shape, np.bool_), np.zeros(shape, np.int32)
    first = np.maximum(works.first, axis.first_day(works.published))
    for cutoff in range(len(axis)):
        here = np.flatnonzero((first <= cutoff) & (cutoff < works.stop))
        exists[cutoff, row[here]] = True
        published[cutoff, row[here]] = works.published[here]
        retracted[cutoff, row[here]] = works.is_retracted[here]
    none = np.zeros(shape, np.int64)
    return Counts(
        works.document_id[begins], exists, published, retracted, none, none, np.zeros((windows, *shape), np.int32)
    )


def _counted(nothing: Counts, ranges: _Ranges, axis: CutoffAxis, windows: Sequence[Window]) -> Counts:
    here, documents = nothing.exists, len(nothing)
    return Counts(
        nothing.document_id,
        here,
        nothing.published,
        nothing.is_retracted,
        cite_count=ranges.count(ALL, axis, documents) * here,
        citing_days=ranges.count(ALL, axis, documents, ranges.published) * here,
        counts=np.stack([(ranges.count(w, axis, documents) * here).astype(np.int32) for w in windows]),
    )


def _nowhere(pairs: Pairs, axis: CutoffAxis) -> Existence:
    return np.zeros(((len(axis) + 7) // 8, len(pairs)), np.uint8)


def _dangling(pairs: Pairs, existence: Existence, axis: CutoffAxis) -> int:
    """Return how many pairs lead nowhere at the newest cutoff."""
    newest = len(axis) - 1
    here = pairs.at(newest) & (pairs.published <= axis.days[newest])
    return int(np.count_nonzero(here & ~_inside(pairs, existence, newest)))


def _inside(pairs: Pairs, existence: Existence, cutoff: int) -> Bools:
    """Whether a pair is known at a cutoff at which what it cites exists."""
    bit = np.uint8(128 >> cutoff % 8)
    inside: Bools = pairs.at(cutoff) & ((existence[cutoff // 8] & bit) > 0)
    return inside


def _references_inside(counted: Counts, insides: Sequence[tuple[Pairs, Existence]]) -> Int32s:
    """Count, at each cutoff, the references of each document that lead to documents that exist."""
    found = np.zeros(counted.exists.shape, np.int32)
    for cutoff in range(len(found)):
        citing = [pairs.citing[_inside(pairs, existence, cutoff)] for pairs, existence in insides]
        if citing:
            found[cutoff] = np.bincount(np.concatenate(citing), minlength=len(counted))
    return found * counted.exists
