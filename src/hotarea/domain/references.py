"""References of valid versions, led to where merged works went, as distinct pairs with ranges of cutoffs."""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pyarrow as pa

from hotarea.domain.columns import Bools, Columns, Int16s, Int32s, Ints, array, stable_order
from hotarea.domain.versions import Redirects, Works, changes, groups, overlaps, running_max


@dataclass(frozen=True)
class References(Columns):
    """References as releases delivered them, distinct within a work's version."""

    citing_id: Ints
    cited_id: Ints
    release: Int32s  # days since 1970

    COLUMNS: ClassVar = ("citing_id", "cited_id")

    @classmethod
    def of(cls, table: pa.Table | pa.RecordBatch, release: int) -> "References":
        """Read rows of `tables.CITATIONS` that a release (days since 1970) delivered."""
        return cls(
            array(table, "citing_id", np.int64),
            array(table, "cited_id", np.int64),
            np.full(table.num_rows, release, np.int32),
        )


@dataclass(frozen=True)
class Pairs(Columns):
    """Ordered pairs (citing, cited), each with its date and the range [first, stop) of cutoffs at which it is known.

    At one cutoff a pair stands at most once.
    """

    citing: Int32s  # place of the citing work among the distinct ones of its shard
    cited_id: Ints
    published: Int32s  # of the citing work, days since 1970
    first: Int16s
    stop: Int16s

    def at(self, cutoff: int) -> Bools:
        """Whether a pair is known at a cutoff; it stands there once its citing work is published."""
        known: Bools = (self.first <= cutoff) & (self.stop > cutoff)
        return known


def pairs_of(references: References, works: Works) -> Pairs:
    """Return the references that belong to a valid version, for as long as that version is valid."""
    if not len(works) or not len(references):
        return Pairs.empty()
    ids, releases = np.unique(works.document_id), np.unique(works.release)
    versions = np.searchsorted(ids, works.document_id) * len(releases) + np.searchsorted(releases, works.release)
    citing = np.minimum(np.searchsorted(ids, references.citing_id), len(ids) - 1)
    release = np.minimum(np.searchsorted(releases, references.release), len(releases) - 1)
    version = np.minimum(np.searchsorted(versions, citing * len(releases) + release), len(works) - 1)
    valid = (works.document_id[version] == references.citing_id) & (works.release[version] == references.release)
    version = version[valid]
    return Pairs(
        citing[valid].astype(np.int32),
        references.cited_id[valid],
        works.published[version],
        works.first[version].astype(np.int16),
        works.stop[version].astype(np.int16),
    )


def follow(pairs: Pairs, document_id: Ints, redirects: Redirects, cutoffs: int) -> tuple[Pairs, int]:
    """Lead pairs to the works that their cited works were merged into; `document_id` names the citing works.

    Returns distinct pairs, and how many of the newest cutoff were dropped because they had
    become citations of a work by itself.
    """
    if not len(redirects):
        return pairs, 0
    pairs = _redirected(pairs, _final(_with_gaps(redirects, cutoffs)))
    itself = document_id[pairs.citing] == pairs.cited_id
    dropped = int(np.count_nonzero(itself & (pairs.stop == cutoffs)))
    return _distinct(pairs.take(~itself)), dropped  # only where two works became one can a pair stand twice


def by_cited(pairs: Pairs) -> Pairs:
    """Return pairs in the order of their cited works."""
    return pairs.take(stable_order(pairs.cited_id))


def _redirected(pairs: Pairs, redirects: Redirects) -> Pairs:
    moved = np.isin(pairs.cited_id, redirects.document_id)
    old = pairs.take(moved)
    pair, redirect, first, stop = overlaps(redirects, old.cited_id, old.first, old.stop)
    new = replace(
        old.take(pair), cited_id=redirects.into[redirect], first=first.astype(np.int16), stop=stop.astype(np.int16)
    )
    return Pairs.concatenate([pairs.take(~moved), new])


def _with_gaps(redirects: Redirects, cutoffs: int) -> Redirects:
    """Complete redirects with the ranges in which an id stands for itself, so that they cover all cutoffs."""
    redirects = redirects.take(np.lexsort((redirects.first, redirects.document_id)))
    begins = changes(redirects.document_id)
    ends = np.append(begins[1:], True)
    before = replace(
        redirects,
        into=redirects.document_id,
        first=np.where(begins, 0, np.roll(redirects.stop, 1)).astype(np.int32),
        stop=redirects.first,
    )
    after = redirects.take(ends)
    after = replace(after, into=after.document_id, first=after.stop, stop=np.full(len(after), cutoffs, np.int32))
    complete = Redirects.concatenate([redirects, before, after])
    complete = complete.take(complete.first < complete.stop)
    return complete.take(np.lexsort((complete.first, complete.document_id)))


def _final(redirects: Redirects) -> Redirects:
    """Lead chains of merges to their ends.

    Each pass doubles the length of the chains that have been followed, so the passes are few. A circle of merges ends
    at one of its members, none of which exists: such references dangle.
    """
    for _ in range(len(redirects).bit_length()):
        led = _followed_once(redirects)
        if len(led) == len(redirects) and np.array_equal(led.into, redirects.into):
            break
        redirects = led
    return redirects


def _followed_once(redirects: Redirects) -> Redirects:
    moved = np.isin(redirects.into, redirects.document_id)
    here = redirects.take(moved)
    row, onward, first, stop = overlaps(redirects, here.into, here.first, here.stop)
    led = replace(here.take(row), into=redirects.into[onward], first=first, stop=stop)
    both = Redirects.concatenate([redirects.take(~moved), led])
    return both.take(np.lexsort((both.first, both.document_id)))


def _distinct(pairs: Pairs) -> Pairs:
    """Cut the ranges in which a pair stands a second time."""
    pairs = pairs.take(np.lexsort((pairs.first, pairs.citing, pairs.cited_id)))
    group = groups(pairs.cited_id, pairs.citing)
    if not len(pairs) or group[-1] == len(pairs):
        return pairs
    covered = np.zeros(len(pairs), np.int16)
    reached = running_max(group, pairs.stop.astype(np.int64)).astype(np.int16)
    same = group[1:] == group[:-1]
    covered[1:][same] = reached[:-1][same]
    pairs = replace(pairs, first=np.maximum(pairs.first, covered))
    return pairs.take(pairs.first < pairs.stop)
