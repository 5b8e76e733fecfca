"""What deliveries that changed, or came late, make of what was known: the difference, dated by when it became known.

Every delivery has contents: the works that it holds, as read last. What is valid follows from the contents of all, as
if each had been delivered so at its own date. A correction tells, for each work of which another version is valid now,
that version, and which works no delivery holds any more. It also keeps the contents that changed, because the next
correction is a difference from them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from hotarea.domain import tables
from hotarea.domain.columns import Bools, Int32s, Ints, array
from hotarea.domain.cutoff_axis import CutoffAxis, days_since_epoch
from hotarea.domain.limits import EARLIEST_YEAR
from hotarea.domain.versions import Deliveries, Redirects, Removals, resolve
from hotarea.domain.windows import Cutoff
from hotarea.domain.works import WORKS

CONTENTS = pa.schema(
    [
        *(pa.field(f.name, f.type) for f in WORKS),  # all null but the id where the work is no longer held
        pa.field("origin", pa.date32(), nullable=False),  # the delivery that holds it
        pa.field("held", pa.bool_(), nullable=False),
        pa.field("told", pa.int32(), nullable=False),  # grows with the release that told it
    ]
)

RESTATED = pa.schema([f for f in CONTENTS if f.name not in {"part", "line", "told"}])
"""The contents that changed, as a release with corrections keeps them."""

WITHDRAWN = days_since_epoch(date(1, 1, 1))
"""A work that no delivery holds any more is removed as of this day, or a few later: any later delivery of it counts,
even of the same version. Removals that a delivery lists are never dated so early."""

_LISTED = days_since_epoch(date(EARLIEST_YEAR, 1, 1))

_COMPARED = [f.name for f in WORKS if f.name not in {"document_id", "references", "part", "line"}]


@dataclass(frozen=True)
class Told:
    """What one shard was told, as `CONTENTS`."""

    known: Iterable[pa.Table]  # what was known of all deliveries
    again: Iterable[pa.Table]  # the deliveries that are corrected, as read now
    own: Iterable[pa.Table]  # the release's own delivery, if there is one
    removals: Removals  # all that are known with the release, works withdrawn earlier included


@dataclass(frozen=True)
class Settled:
    """What a release with corrections tells of one shard, and counts of works."""

    works: pa.Table  # rows of `WORKS`, one a work: the release's own, or the version that is valid since
    restated: pa.Table  # rows of `RESTATED`
    withdrawn: pa.Table  # rows of `tables.REMOVALS`
    superseded: int  # versions of a work that gave way to a newer one of the same delivery
    corrected: int  # works of which a corrected delivery's version is valid since
    held: int  # works that the corrected deliveries held before


def contents(works: pa.Table, origin: date) -> pa.Table:
    """Return rows of `WORKS` as contents of a delivery."""
    days = pa.array(np.full(works.num_rows, days_since_epoch(origin), np.int32))
    held = pa.array(np.ones(works.num_rows, np.bool_))
    return pa.table([*works.columns, days.cast(pa.date32()), held, _told(works, origin)], schema=CONTENTS)


def restated(rows: pa.Table, release: date) -> pa.Table:
    """Return rows of `RESTATED` that a release keeps as contents; they count for more than what it delivered."""
    nothing = {"part": pa.nulls(rows.num_rows, pa.int32()), "line": pa.nulls(rows.num_rows, pa.int64())}
    columns = {**{name: rows[name] for name in rows.column_names}, **nothing, "told": _told(rows, release, after=1)}
    return pa.table([columns[name] for name in CONTENTS.names], schema=CONTENTS)


def in_lake(documents: pa.Table, citations: pa.Table) -> pa.Table:
    """Return rows of `WORKS` from those of `tables.DOCUMENTS` and `tables.CITATIONS` that were written together."""
    lengths = array(documents, "reference_count", np.int64)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    columns = {name: documents[name] for name in documents.column_names}
    columns["references"] = pa.ListArray.from_arrays(offsets, _one(citations["cited_id"]))
    columns["part"] = pa.array(np.zeros(len(lengths), np.int32))
    columns["line"] = pa.array(np.zeros(len(lengths), np.int64))
    return pa.table([columns[name] for name in WORKS.names], schema=WORKS)


def listed(removals: pa.Table) -> pa.Table:
    """Return those rows of `tables.REMOVALS` that deliveries listed, without works that were withdrawn."""
    return removals.filter(pc.greater_equal(removals["removed"].cast(pa.int32()), _LISTED))


def settle(told: Told, release: date, corrected: Iterable[date]) -> Settled:
    """Return the difference that the deliveries of the dates `corrected` make, known from `release` on."""
    days = [days_since_epoch(day) for day in corrected]
    read, mine = _concatenated(told.again), _concatenated(told.own)
    before = _before(told.known, read, days)
    now, new = (_newest(rows, "updated", "part", "line") for rows in (read, mine))
    was_corrected = np.isin(_origins(before), days)
    held, others = before.filter(was_corrected), before.filter(~was_corrected)
    now, changed, dropped = _compared(now, held)
    affected = np.union1d(_ids(now)[changed], _ids(held)[dropped])
    removals = told.removals.take(np.isin(told.removals.document_id, affected))
    was = _concatenated([_of(before, affected), _of(new, affected)])
    is_now = _concatenated([_of(others, affected), _of(now, affected), _of(new, affected)])
    valid, withdrawn = _difference(was, is_now, removals, release)
    return Settled(
        works=_works(new, valid),
        restated=_restated(now.filter(changed), held.filter(dropped), new, valid, release),
        withdrawn=withdrawn,
        superseded=read.num_rows + mine.num_rows - now.num_rows - new.num_rows,
        corrected=int((_origins(valid) != days_since_epoch(release)).sum()),
        held=len(np.unique(_ids(held))),
    )


def _before(known: Iterable[pa.Table], read: pa.Table, days: Sequence[int]) -> pa.Table:
    """Return what was known of the works that corrected deliveries held, or hold now."""
    rows = _concatenated(known)
    ids = np.union1d(_ids(read), _ids(rows)[np.isin(_origins(rows), days)])
    last = _newest(_of(rows, ids), "told", "updated", "part", "line")
    return last.filter(last["held"])


def _compared(now: pa.Table, held: pa.Table) -> tuple[pa.Table, Bools, Bools]:
    """Return the contents read now, of them those that changed, and of the contents before those that are gone.

    A version that replaces another of its delivery is not older than that.
    """
    new, old = _keys(now, held)
    order = np.argsort(old)
    place = order[np.minimum(np.searchsorted(old[order], new), len(old) - 1)] if len(old) else np.zeros(len(new), int)
    replaces = old[place] == new if len(old) else np.zeros(len(new), np.bool_)
    updated = _updated(now)
    updated[replaces] = np.maximum(updated[replaces], _updated(held)[place[replaces]])
    now = _with_updated(now, updated)
    changed = np.ones(len(new), np.bool_)
    changed[replaces] = ~_same(now.filter(replaces), held.take(place[replaces]))
    return now, changed, ~np.isin(old, new)


def _difference(was: pa.Table, is_now: pa.Table, removals: Removals, release: date) -> tuple[pa.Table, pa.Table]:
    """Return the contents that became valid, and the removals of works of which nothing is valid any more.

    What became valid counts as updated when what was valid before was, or later: it follows it.
    """
    old, _ = _valid(was, removals, release)
    new, redirects = _valid(is_now, removals, release)
    place = np.searchsorted(_ids(old), _ids(new))
    place = np.minimum(place, max(old.num_rows - 1, 0))
    follows = _ids(old)[place] == _ids(new) if old.num_rows else np.zeros(new.num_rows, np.bool_)
    differs = np.ones(new.num_rows, np.bool_)
    differs[follows] = ~_same(new.filter(follows), old.take(place[follows]))
    updated = _updated(new)
    updated[follows] = np.maximum(updated[follows], _updated(old)[place[follows]])
    withdrawn = np.setdiff1d(_ids(old), _ids(new))
    return _with_updated(new, updated).filter(differs), _withdrawals(withdrawn, removals, redirects)


def _valid(rows: pa.Table, removals: Removals, release: date) -> tuple[pa.Table, Redirects]:
    """Return the contents that are valid on the release's date, ordered by work, and where merged works went."""
    deliveries = Deliveries(
        _ids(rows),
        _origins(rows),
        _updated(rows),
        array(rows, "published", np.int32),
        array(rows, "is_retracted", bool),
    )
    is_listed = removals.removed >= _LISTED
    works, redirects = resolve(deliveries, removals.take(is_listed), CutoffAxis((Cutoff(release, release),)))
    order = np.lexsort((_origins(rows), _ids(rows)))
    found = pa.table({"document_id": works.document_id, "origin": pa.array(works.release).cast(pa.date32())})
    all_keys, keys = _keys(rows, found)
    return rows.take(np.sort(order[np.searchsorted(all_keys[order], keys)])).sort_by("document_id"), redirects


def _withdrawals(ids: Ints, removals: Removals, redirects: Redirects) -> pa.Table:
    """Return one removal a work, each of a day of its own, that leads where its last listed removal led."""
    earlier = removals.document_id[removals.removed < _LISTED]
    times = np.searchsorted(np.sort(earlier), ids, "right") - np.searchsorted(np.sort(earlier), ids, "left")
    goals = dict(zip(redirects.document_id.tolist(), redirects.into.tolist(), strict=True))
    into = [goals.get(number) for number in ids.tolist()]
    days = pa.array(WITHDRAWN + times, pa.int32()).cast(pa.date32())
    return pa.table([pa.array(ids), days, pa.array(into, pa.int64())], schema=tables.REMOVALS)


def _works(own: pa.Table, valid: pa.Table) -> pa.Table:
    """Return the release's rows: what became valid by corrections, and its own of all other works."""
    rest = own.filter(~np.isin(_ids(own), _ids(valid)))
    rows = _concatenated([rest, valid.select(CONTENTS.names)]).select(WORKS.names).sort_by("document_id")
    filled = [pc.fill_null(rows[f.name], 0) if f.name in {"part", "line"} else rows[f.name] for f in WORKS]
    return pa.table(filled, schema=WORKS).combine_chunks()


def _restated(changed: pa.Table, dropped: pa.Table, own: pa.Table, valid: pa.Table, release: date) -> pa.Table:
    """Return the contents that differ from those before, and the own ones in whose place others stand."""
    others = valid.filter(_origins(valid) != days_since_epoch(release))
    keys, valid_keys = _keys(changed, others)
    displaced = own.filter(np.isin(_ids(own), _ids(others)))
    no_own = np.setdiff1d(_ids(others), _ids(displaced))
    origin = pa.array(np.full(len(no_own), days_since_epoch(release), np.int32)).cast(pa.date32())
    parts = [
        others.select(RESTATED.names),
        changed.filter(~np.isin(keys, valid_keys)).select(RESTATED.names),
        displaced.select(RESTATED.names),
        _no_longer_held(dropped["document_id"], dropped["origin"]),
        _no_longer_held(pa.array(no_own), origin),
    ]
    return pa.concat_tables(parts).combine_chunks()


def _no_longer_held(ids: Any, origins: Any) -> pa.Table:
    rows = {"document_id": ids, "origin": origins, "held": pa.array(np.zeros(len(ids), np.bool_))}
    columns = [rows[f.name] if f.name in rows else pa.nulls(len(ids), f.type) for f in RESTATED]
    return pa.table(columns, schema=RESTATED)


def _newest(rows: pa.Table, *by: str) -> pa.Table:
    """Return one row per delivery and work: the last in the order of the columns `by`."""
    keys: list[NDArray[Any]] = [*(_sortable(rows, name) for name in reversed(by)), _origins(rows), _ids(rows)]
    order = np.lexsort(keys)
    ids, origins = _ids(rows)[order], _origins(rows)[order]
    last = np.ones(len(order), np.bool_)
    last[:-1] = (ids[1:] != ids[:-1]) | (origins[1:] != origins[:-1])
    return rows.take(order[last])


def _same(one: pa.Table, other: pa.Table) -> Bools:
    """Whether rows at the same place are equal in all that a work's record says."""
    same = np.ones(one.num_rows, np.bool_)
    for name in _COMPARED:
        a, b = one[name], other[name]
        equal = pc.fill_null(pc.equal(a, b), False)
        same &= _numpy(pc.or_(equal, pc.and_(pc.is_null(a), pc.is_null(b))))
    a, b = _one(one["references"]), _one(other["references"])
    same &= _numpy(pc.equal(pc.list_value_length(a), pc.list_value_length(b)))
    a, b = a.filter(pa.array(same)), b.filter(pa.array(same))
    differs = _numpy(pc.not_equal(pc.list_flatten(a), pc.list_flatten(b)))
    same[np.flatnonzero(same)[_numpy(pc.list_parent_indices(a))[differs]]] = False
    return same


def _keys(one: pa.Table, other: pa.Table) -> tuple[Ints, Ints]:
    """Return a number for each row of both tables that is equal where delivery and work are."""
    ids = np.unique(np.concatenate([_ids(one), _ids(other)]), return_inverse=True)[1]
    days, origins = np.unique(np.concatenate([_origins(one), _origins(other)]), return_inverse=True)
    keys = ids * max(len(days), 1) + origins
    return keys[: one.num_rows], keys[one.num_rows :]


def _of(rows: pa.Table, ids: Ints) -> pa.Table:
    return rows.filter(np.isin(_ids(rows), ids))


def _told(rows: pa.Table, release: date, after: int = 0) -> pa.Array:
    return pa.array(np.full(rows.num_rows, 2 * days_since_epoch(release) + after, np.int32))


def _with_updated(rows: pa.Table, updated: Ints) -> pa.Table:
    at = CONTENTS.get_field_index("updated")
    return rows.set_column(at, CONTENTS.field(at), pa.array(updated).cast(CONTENTS.field(at).type))


def _concatenated(parts: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables([CONTENTS.empty_table(), *parts]).combine_chunks()


def _ids(rows: pa.Table) -> Ints:
    return array(rows, "document_id", np.int64)


def _origins(rows: pa.Table) -> Int32s:
    return array(rows, "origin", np.int32)


def _updated(rows: pa.Table) -> Ints:
    return array(rows, "updated", np.int64).copy()


def _sortable(rows: pa.Table, name: str) -> Ints:
    numbers: Ints = pc.fill_null(rows[name].cast(pa.int64()), 0).to_numpy()
    return numbers


def _one(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)


def _numpy(values: Any) -> NDArray[Any]:
    found: NDArray[Any] = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy()
    return found
