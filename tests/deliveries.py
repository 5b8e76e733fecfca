"""Raw folders that change from one ingestion to the next, and what they say, by the definition.

What is known on a date follows from what each delivery held as read last by then, as if it had been delivered so at its
own date. A version that replaces another, in its delivery or as the valid one, is not older than that.
"""

import copy
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from hotarea.stores.layout import discard
from tests import faults
from tests.lakes import Delivery, Removal, Work

Contents = dict[date, dict[int, Work]]


@dataclass(frozen=True)
class Folder:
    """A raw folder as it stands at one ingestion: the parts of each delivery, and the list of ended works."""

    works: Mapping[date, Sequence[Sequence[Work]]]
    removals: Sequence[Removal] = ()

    def write(self, folder: Path) -> None:
        """Write it in OpenAlex's layout, in place of what is there."""
        discard(folder)
        for day, parts in self.works.items():
            for number, works in enumerate(parts):
                file = {"file": f"{day} {number}"}  # no two are the same: that would be one delivered twice
                lines = [json.dumps(_record(work, day) | file).encode() for work in works]
                faults._write(folder / faults.partition(day.isoformat(), number), lines)
        faults._agree(folder, faults.partitions(folder))
        deleted = [f"W{r.id},{r.removed}" for r in self.removals if r.into is None]
        (folder / faults.WORKS / "deleted_ids.csv").write_text("\n".join(["work_id,deleted_date", *deleted, ""]))
        merged = [f"{r.removed},W{r.id},W{r.into}" for r in self.removals if r.into is not None]
        merges = folder / faults.WORKS.parent / "merged_ids" / "works" / "2012-06-01.csv"
        merges.parent.mkdir(parents=True)
        merges.write_text("\n".join(["merge_date,id,merge_into_id", *merged, ""]))


@dataclass
class Told:
    """What was known on each date, by the definition."""

    contents: Contents = field(default_factory=dict)
    removals: list[tuple[date, Removal]] = field(default_factory=list)
    known: dict[date, dict[date, Delivery]] = field(default_factory=dict)
    parts: dict[date, Sequence[Sequence[Work]]] = field(default_factory=dict)

    def ingest(self, folder: Folder, as_of: date) -> None:
        """Learn what a folder says."""
        newest = max(self.known, default=date.min)
        changed = {day: parts for day, parts in folder.works.items() if _differs(parts, self.parts.get(day, ()))}
        new = sorted(day for day in changed if day > newest)
        corrected = {day: _whole(parts, day) for day, parts in changed.items() if day <= newest}
        self.parts |= changed
        releases = new or ([as_of] if corrected else [])
        for day in releases:
            self.removals += [(day, r) for r in folder.removals if r.removed <= day and not self._is_told(r)]
            if day in changed:
                self.contents[day] = _whole(changed[day], day)
            if day == releases[-1]:
                self._correct(corrected, day)
            self.known[day] = self._deliveries()

    def _correct(self, corrected: Contents, known: date) -> None:
        before = {number: self._valid(number, known) for number in self._ids()}
        for day, works in corrected.items():
            held = self.contents.get(day, {})
            self.contents[day] = {n: _not_before(w, held.get(n)) for n, w in works.items()}
        for number in self._ids():
            origin, was = self._valid(number, known), before.get(number)
            old = was and was[1]
            if origin and origin[1] != old:
                self.contents[origin[0]][number] = _not_before(origin[1], old)

    def _valid(self, number: int, known: date) -> tuple[date, Work] | None:
        """Return the version of a work that is valid, and the delivery that holds it."""
        told = [(day, 0, works[number]) for day, works in self.contents.items() if number in works]
        ended = [(day, 1, r) for day, r in self.removals if r.id == number]
        bar, valid, removed = date.min, None, date.min
        for day, _, event in sorted([*told, *ended], key=lambda e: e[:2]):
            if isinstance(event, Removal):
                removed = max(removed, event.removed + timedelta(days=1))
                bar, valid = removed, None
            elif event.updated and event.updated >= bar:
                bar, valid = event.updated, (day, event)
        return valid

    def _deliveries(self) -> dict[date, Delivery]:
        days = sorted({*self.contents, *(day for day, _ in self.removals)})
        told = {day: [r for on, r in self.removals if on == day] for day in days}
        return copy.deepcopy({d: Delivery([*self.contents.get(d, {}).values()], told[d]) for d in days})

    def _ids(self) -> set[int]:
        return {number for works in self.contents.values() for number in works}

    def _is_told(self, removal: Removal) -> bool:
        return any(removal == known for _, known in self.removals)


def _differs(parts: Sequence[Sequence[Work]], before: Sequence[Sequence[Work]]) -> bool:
    """Whether there is a part with other content; one that is no longer delivered alone changes nothing."""
    return len(parts) > len(before) or any(part != was for part, was in zip(parts, before, strict=False))


def _whole(parts: Sequence[Sequence[Work]], day: date) -> dict[int, Work]:
    """Return the newest version of each work of a delivery; of equally new ones the last."""
    found: dict[int, Work] = {}
    for work in (work for part in parts for work in part):
        dated = Work(work.id, work.published, sorted(work.references), work.updated or day, work.is_retracted)
        if work.id not in found or _updated(dated) >= _updated(found[work.id]):
            found[work.id] = dated
    return found


def _not_before(work: Work, other: Work | None) -> Work:
    updated = max(_updated(work), _updated(other)) if other else work.updated
    return Work(work.id, work.published, work.references, updated, work.is_retracted)


def _updated(work: Work) -> date:
    assert work.updated
    return work.updated


def _record(work: Work, day: date) -> dict[str, object]:
    moment = datetime.combine(work.updated or day, time(), UTC).replace(tzinfo=None).isoformat()
    return faults.work(
        work.id, work.published, work.references, updated_date=moment, is_retracted=work.is_retracted, title="a work"
    )
