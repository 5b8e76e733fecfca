"""Which version of a work was valid when: deliveries and removals made into ranges of cutoffs."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from hotarea.domain.columns import Bools, Columns, Int16s, Int32s, Ints, Rows, array
from hotarea.domain.cutoff_axis import CutoffAxis

NOWHERE = -1
"""What a deleted work was merged into."""

_DAY = 86_400_000_000  # microseconds


@dataclass(frozen=True)
class Deliveries(Columns):
    """Versions of works as releases delivered them, at most one a work and release."""

    document_id: Ints
    release: Int32s  # days since 1970
    updated: Ints  # microseconds since 1970
    published: Int32s  # days since 1970
    is_retracted: Bools

    COLUMNS: ClassVar = ("document_id", "updated", "published", "is_retracted")

    @classmethod
    def of(cls, table: pa.Table | pa.RecordBatch, release: int) -> "Deliveries":
        """Read rows of `tables.DOCUMENTS` that a release (days since 1970) delivered."""
        return cls(
            array(table, "document_id", np.int64),
            np.full(table.num_rows, release, np.int32),
            array(table, "updated", np.int64),
            array(table, "published", np.int32),
            array(table, "is_retracted", np.bool_),
        )


@dataclass(frozen=True)
class Removals(Columns):
    """Ids that ended, as releases told it; a release may tell again what an earlier one told."""

    document_id: Ints
    release: Int32s  # days since 1970
    removed: Int32s  # days since 1970
    merged_into: Ints  # NOWHERE if deleted

    COLUMNS: ClassVar = ("document_id", "removed", "merged_into")

    @classmethod
    def of(cls, table: pa.Table | pa.RecordBatch, release: int) -> "Removals":
        """Read rows of `tables.REMOVALS` that a release (days since 1970) delivered."""
        into = table.column("merged_into").fill_null(NOWHERE)
        return cls(
            array(table, "document_id", np.int64),
            np.full(table.num_rows, release, np.int32),
            array(table, "removed", np.int32),
            into.to_numpy(zero_copy_only=False) if isinstance(into, pa.Array) else into.to_numpy(),
        )


@dataclass(frozen=True)
class Works(Columns):
    """Versions of works, by id and release, each with the range [first, stop) of cutoffs at which it is the valid one.

    The range follows from what is known only: it says nothing about whether the work is published at the cutoff.
    """

    document_id: Ints
    release: Int32s
    published: Int32s
    is_retracted: Bools
    first: Int32s
    stop: Int32s


@dataclass(frozen=True)
class Redirects(Columns):
    """Merged ids, each with the range [first, stop) of cutoffs at which references to it count for another work."""

    document_id: Ints
    into: Ints
    first: Int32s
    stop: Int32s


@dataclass(frozen=True)
class _Events(Columns):
    """Deliveries and removals in one list; `key` says how new what it tells is."""

    document_id: Ints
    release: Int32s
    key: Ints
    is_removal: Bools
    detail: Ints  # row of the delivery, or what the removed work was merged into


def resolve(deliveries: Deliveries, removals: Removals, axis: CutoffAxis) -> tuple[Works, Redirects]:
    """Return the valid versions of works and the redirects of merged ones, over all cutoffs.

    At a knowledge date a work is its newest version (by `updated`, then by release) among those that no known removal
    covers; a removal covers the versions delivered until then, and later ones that were updated on its date or before.
    If no version is left, references go where the last known removal merged the work into: the one that was told
    last, of several that a release tells the one with the latest date, and on one day a merge before a deletion.
    """
    events = _in_order(deliveries, removals)
    events = events.take(_takes_effect(events))
    first, stop = _ranges(events, axis)
    there = first < stop
    versions, merges = there & ~events.is_removal, there & events.is_removal & (events.detail != NOWHERE)
    rows = events.detail[versions]
    works = Works(
        deliveries.document_id[rows],
        deliveries.release[rows],
        deliveries.published[rows],
        deliveries.is_retracted[rows],
        first[versions],
        stop[versions],
    )
    return works, Redirects(events.document_id[merges], events.detail[merges], first[merges], stop[merges])


def _in_order(deliveries: Deliveries, removals: Removals) -> _Events:
    """Put what is told in order of id and release; within a release, a removal comes after the version."""
    told = _first_told(removals)
    events = _Events(
        np.concatenate([deliveries.document_id, told.document_id]),
        np.concatenate([deliveries.release, told.release]),
        np.concatenate([deliveries.updated, (told.removed.astype(np.int64) + 1) * _DAY]),
        np.concatenate([np.zeros(len(deliveries), np.bool_), np.ones(len(told), np.bool_)]),
        np.concatenate([np.arange(len(deliveries)), told.merged_into]),
    )
    ranks = (events.detail, events.key, events.is_removal, events.release, events.document_id)
    return events.take(np.lexsort(ranks))


def _first_told(removals: Removals) -> Removals:
    """Drop removals that repeat an earlier release's: lists of removed ids are often cumulative."""
    ordered = removals.take(
        np.lexsort((removals.release, removals.merged_into, removals.removed, removals.document_id))
    )
    facts = (ordered.document_id, ordered.removed, ordered.merged_into)
    return ordered.take(changes(*facts))


def _takes_effect(events: _Events) -> Bools:
    """Whether an event changes what is valid: a removal always, a version if nothing told before it is newer."""
    works = groups(events.document_id)
    removal_key = running_max(works, np.where(events.is_removal, events.key, np.iinfo(np.int64).min))
    key = np.where(events.is_removal, removal_key, events.key)
    spans = works + np.cumsum(events.is_removal, dtype=np.intp)
    return events.is_removal | (key >= running_max(spans, key))


def _ranges(events: _Events, axis: CutoffAxis) -> tuple[Int32s, Int32s]:
    """Return from which cutoff until which each event's statement holds: until the work's next."""
    first = axis.first_known(events.release)
    stop = np.full(len(events), len(axis), np.int32)
    same = events.document_id[1:] == events.document_id[:-1]
    stop[:-1][same] = first[1:][same]
    return first, stop


def running_max(group: Rows, values: Ints) -> Ints:
    """Return at each place the largest value so far within its group; equal groups stand together, ascending."""
    distinct, rank = np.unique(values, return_inverse=True)
    base = group * len(distinct)
    return distinct[np.maximum.accumulate(base + rank) - base]


def changes(*keys: NDArray[np.integer[Any]]) -> Bools:
    """Whether a record differs from the one before it in any of the keys."""
    changed = np.zeros(len(keys[0]), np.bool_)
    changed[:1] = True
    for key in keys:
        changed[1:] |= key[1:] != key[:-1]
    return changed


def groups(*keys: NDArray[np.integer[Any]]) -> Rows:
    """Number the runs of records that are equal in all keys, from 1."""
    return np.cumsum(changes(*keys), dtype=np.intp)


def overlaps(
    works: Works | Redirects, document_id: Ints, first: Int32s | Int16s, stop: Int32s | Int16s
) -> tuple[Rows, Rows, Int32s, Int32s]:
    """Match ranges of cutoffs with the versions (or redirects) of a work that are valid in them.

    Returns indexes of records, indexes of `works` and the range that both share; a record has as many matches as there
    are versions that share a cutoff with it. `works` are ordered by id.
    """
    left = np.searchsorted(works.document_id, document_id, side="left")
    found = np.searchsorted(works.document_id, document_id, side="right") - left
    record = np.repeat(np.arange(len(document_id)), found)
    version = np.arange(len(record)) - np.repeat(np.cumsum(found) - found - left, found)
    latest = np.maximum(first[record], works.first[version]).astype(np.int32)
    earliest = np.minimum(stop[record], works.stop[version]).astype(np.int32)
    shared = latest < earliest
    return record[shared], version[shared], latest[shared], earliest[shared]
