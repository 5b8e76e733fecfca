"""What is planted into the synthetic sample corpus besides its citations: corrections, duplicates, merges, deletions.

Every kind takes works of its own, so that no truth blurs another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hotarea.domain.columns import Ints

_SHARES = {
    "late": 0.015,
    "reissued_references": 0.005,
    "reissued_date": 0.005,
    "retracted": 0.002,
    "redelivered": 0.01,
    "twice_in_a_partition": 0.003,
    "stale": 0.002,
    "merged": 0.003,
    "deleted": 0.002,
}
"""Share of works per kind; at least one each."""

_FIRST, _BEFORE = 12, 6  # the hour of a first version, and of one that is older than it


@dataclass(frozen=True)
class Version:
    """One record of a work as one release delivers it, `hour` being that of its last change.

    The change was on the release's date unless `changed` names an earlier year. `draft` versions miss every third
    reference and say so in their title.
    """

    work: int
    release: int  # year
    hour: int = _FIRST
    changed: int | None = None
    published: int | None = None  # days since 1970, if other than the work's
    draft: bool = False
    retracted: bool = False
    number: int | None = None  # of the id, if other than the work's


@dataclass(frozen=True)
class Ending:
    """An id that ends on a day (ISO), merged into another or deleted."""

    number: int
    day: str
    work: int
    merged: bool


@dataclass
class Plants:
    """All versions of all works, the ids that end, and per kind what was planted."""

    versions: list[Version] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)
    truth: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Deliveries:
    """Each work's id, date (days since 1970) and first release (year); the last release of all.

    Ids that are merged away are counted from `twin_number`.
    """

    numbers: Ints
    published: Ints
    delivered: Ints
    last: int
    twin_number: int


def plant(chance: np.random.Generator, deliveries: Deliveries) -> Plants:
    """Decide which versions of which works each release delivers."""
    chosen = _chosen(chance, deliveries)
    planting = _Planting(chance, deliveries)
    special = {work for works in chosen.values() for work in works}
    planting.plants.versions.extend(
        Version(work, year) for work, year in enumerate(deliveries.delivered.tolist()) if work not in special
    )
    for kind, works in chosen.items():
        planting.plants.truth[kind] = [planting.kinds[kind](work) for work in works]
    return planting.plants


def _chosen(chance: np.random.Generator, deliveries: Deliveries) -> dict[str, list[int]]:
    """Return works for each kind, among those that later releases can still say something of."""
    able = chance.permutation(np.flatnonzero(deliveries.delivered <= deliveries.last - 2))
    counts = [max(1, round(share * len(deliveries.delivered))) for share in _SHARES.values()]
    parts = np.split(able[: sum(counts)], np.cumsum(counts)[:-1])
    return {kind: sorted(part.tolist()) for kind, part in zip(_SHARES, parts, strict=True)}


class _Planting:
    """Adds the versions of one work of a kind, and returns what is true of it."""

    def __init__(self, chance: np.random.Generator, deliveries: Deliveries) -> None:
        self.plants = Plants()
        self.kinds: Mapping[str, Callable[[int], dict[str, Any]]] = {
            "late": self._late,
            "reissued_references": self._reissued_references,
            "reissued_date": self._reissued_date,
            "retracted": self._retracted,
            "redelivered": self._redelivered,
            "twice_in_a_partition": self._twice,
            "stale": self._stale,
            "merged": self._merged,
            "deleted": self._deleted,
        }
        self._chance, self._last, self._twins = chance, deliveries.last, deliveries.twin_number
        self._numbers, self._published = deliveries.numbers.tolist(), deliveries.published.tolist()
        self._delivered = deliveries.delivered.tolist()

    def _late(self, work: int) -> dict[str, Any]:
        due, late = self._delivered[work], self._later(work, 2)
        self._add(Version(work, late))
        return {**self._of(work), "due": f"{due}-12-31", "release": f"{late}-12-31"}

    def _reissued_references(self, work: int) -> dict[str, Any]:
        return self._corrected(Version(work, self._delivered[work], draft=True), self._later(work, 4))

    def _reissued_date(self, work: int) -> dict[str, Any]:
        before = self._published[work] - int(self._chance.integers(200, 400))
        truth = self._corrected(Version(work, self._delivered[work], published=before), self._later(work, 4))
        return {**truth, "published_before": _iso(before), "published": _iso(self._published[work])}

    def _corrected(self, wrong: Version, release: int) -> dict[str, Any]:
        self._add(wrong, Version(wrong.work, release))
        return {**self._of(wrong.work), "first": f"{wrong.release}-12-31", "release": f"{release}-12-31"}

    def _retracted(self, work: int) -> dict[str, Any]:
        release = self._later(work, 4)
        self._add(Version(work, self._delivered[work]), Version(work, release, retracted=True))
        return {**self._of(work), "release": f"{release}-12-31"}

    def _redelivered(self, work: int) -> dict[str, Any]:
        return self._corrected(Version(work, self._delivered[work]), self._later(work, 4))

    def _twice(self, work: int) -> dict[str, Any]:
        year = self._delivered[work]
        older = Version(work, year, hour=_BEFORE, draft=True)
        pair = (older, Version(work, year))
        self._add(*(pair if self._chance.random() < 0.5 else pair[::-1]))
        return {**self._of(work), "release": f"{year}-12-31"}

    def _stale(self, work: int) -> dict[str, Any]:
        year, later = self._delivered[work], self._later(work, 4)
        self._add(Version(work, year), Version(work, later, hour=_BEFORE, changed=year, draft=True))
        return {**self._of(work), "release": f"{later}-12-31"}

    def _merged(self, work: int) -> dict[str, Any]:
        year, ends, twin = self._delivered[work], self._later(work, 3), self._twins
        self._twins += 1
        self._add(Version(work, year), Version(work, year, number=twin))
        self.plants.endings.append(Ending(twin, f"{ends}-06-30", work, merged=True))
        return {"id": twin, "merged_into": self._numbers[work], "date": f"{ends}-06-30"}

    def _deleted(self, work: int) -> dict[str, Any]:
        ends, number = self._later(work, 3), self._numbers[work]
        self._add(Version(work, self._delivered[work]))
        self.plants.endings.append(Ending(number, f"{ends}-09-30", work, merged=False))
        return {"id": number, "date": f"{ends}-09-30"}

    def _add(self, *versions: Version) -> None:
        self.plants.versions.extend(versions)

    def _of(self, work: int) -> dict[str, Any]:
        return {"id": self._numbers[work]}

    def _later(self, work: int, at_most: int) -> int:
        """Return a year, one to `at_most` after the first release."""
        first: int = self._delivered[work]
        return min(first + int(self._chance.integers(1, at_most + 1)), self._last)


def _iso(day: int) -> str:
    return str(np.datetime64(day, "D"))
