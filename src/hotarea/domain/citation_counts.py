"""Citations of documents and of their areas, in windows of time, for all cutoffs at once.

A citation lies in a window for a contiguous range of cutoffs. So it adds one where the range begins and takes one
where it stops, and a running sum over the cutoffs gives the counts. What documents pass on to those that they cite is a
product of matrices: who cites whom, times the counts of all cutoffs and windows.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

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
    sizes: Int32s  # (documents, windows · cutoffs)
    top: Int32s  # (documents, cutoffs)

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


def spread(counted: Counts, references: Mapping[int, Pairs]) -> Iterator[tuple[int, Shares]]:
    """Send each document's counts along its references: the second half of the work, at the citing document.

    `references` are all pairs by which documents of `counted` cite, by the shard that they cite and in order of the
    cited document. Yields (cited shard, what it is to add), leaving out what is nothing.
    """
    windows, cutoffs, documents = counted.counts.shape
    rows = np.ascontiguousarray(counted.counts.reshape(windows * cutoffs, documents).T)
    lifetimes = _lifetimes(counted.exists)
    for shard, pairs in references.items():
        begins = np.flatnonzero(changes(pairs.cited_id))
        row, sources = _sources(rows, lifetimes, pairs, windows)
        members = (np.ones(len(row), np.int32), row, np.append(begins, len(row)))
        sizes = csr_matrix(members, (len(begins), len(sources))) @ sources
        some = np.flatnonzero(sizes.any(axis=1))
        if len(some):
            top = np.maximum.reduceat(sources[:, -cutoffs:][row], begins, axis=0)
            yield shard, Shares(pairs.cited_id[begins][some], sizes[some], top[some])


def gather(counted: Counts, shares: Iterable[Shares], insides: Iterable[tuple[Pairs, Existence]]) -> Tallies:
    """Add what came along references to the counts of the documents that they cite, and of those that cite.

    `insides` are the documents' references, with where what they cite exists.
    """
    windows, cutoffs, documents = counted.counts.shape
    sizes = np.zeros((documents, windows * cutoffs), np.int64)
    top = np.zeros((documents, cutoffs), np.int32)
    for share in shares:
        at, found = counted.rows_of(share.document_id)
        row = at[found]
        sizes[row] += share.sizes[found]
        top[row] = np.maximum(top[row], share.top[found])
    known = {f.name: getattr(counted, f.name) for f in fields(Counts)}
    areas = sizes.T.reshape(counted.counts.shape) + counted.counts.astype(np.int64)
    return Tallies(
        **known,
        sizes=areas * counted.exists,
        top=top.T * counted.exists,
        references_inside=_references_inside(counted, [*insides]),
    )


def _lifetimes(exists: Bools) -> tuple[Ints, Ints]:
    """Return from which cutoff until which each document exists, with gaps perhaps."""
    return np.argmax(exists, axis=0), len(exists) - np.argmax(exists[::-1], axis=0)


def _sources(rows: Int32s, lifetimes: tuple[Ints, Ints], pairs: Pairs, windows: int) -> tuple[Int32s, Int32s]:
    """Return, for each pair, the place of the counts that it passes on, and all counts, (places, windows · cutoffs).

    Most pass on the citing document's counts as they are. A pair that is not known all the time in which its citing
    document exists passes on its own copy, in which the other cutoffs count nothing.
    """
    first, stop = lifetimes
    part = np.flatnonzero((pairs.first > first[pairs.citing]) | (pairs.stop < stop[pairs.citing]))
    if not len(part):
        return pairs.citing, rows
    cutoff = np.arange(rows.shape[1] // windows)
    known = (pairs.first[part, None] <= cutoff) & (cutoff < pairs.stop[part, None])
    copies = rows[pairs.citing[part]] * np.tile(known, (1, windows))
    row = pairs.citing.copy()
    row[part] = np.arange(len(rows), len(rows) + len(part), dtype=np.int32)
    return row, np.concatenate([rows, copies])


@dataclass(frozen=True)
class _Ranges(Columns):
    """Citations of documents that are here: `row` is the document, [first, stop) where the citation is known."""

    row: Rows
    published: Int32s
    first: Int16s
    stop: Int16s

    def counts(
        self, windows: Sequence[Window], axis: CutoffAxis, documents: int, weight: Int32s | None = None
    ) -> Iterator[Ints]:
        """Yield, for each window, the citations of each document in it at each cutoff, or the sum of their weights.

        Sums of weights pass through float64 and are exact below 2^53.
        """
        begun: dict[int, tuple[Int32s, NDArray[Any]]] = {}
        for window in windows:
            first, stop = axis.range_of(window, self.published)
            if window.until not in begun:  # most windows end at the cutoff
                low = np.minimum(np.maximum(first, self.first), self.stop).astype(np.int32)
                begun[window.until] = low, self._places(low, axis, documents, weight)
            low, starts = begun[window.until]
            high = np.maximum(np.minimum(stop, self.stop), low)
            change = starts - self._places(high, axis, documents, weight)
            yield np.cumsum(change.astype(np.int64).reshape(len(axis) + 1, documents)[:-1], axis=0)

    def _places(self, cutoff: Int32s, axis: CutoffAxis, documents: int, weight: Int32s | None) -> NDArray[Any]:
        return np.bincount(cutoff.astype(np.int64) * documents + self.row, weight, (len(axis) + 1) * documents)


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
    (days,) = ranges.counts([ALL], axis, documents, ranges.published)
    total, *counts = (count * here for count in ranges.counts([ALL, *windows], axis, documents))
    return Counts(
        nothing.document_id,
        here,
        nothing.published,
        nothing.is_retracted,
        cite_count=total,
        citing_days=days * here,
        counts=np.stack([count.astype(np.int32) for count in counts]),
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
