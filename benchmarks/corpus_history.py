"""What happened in the benchmark's corpus: when works appeared, what they cite, and which release told of them when.

Everything is arrays and drawn by one seed. Works are numbered from 0 in order of publication; their OpenAlex ids are
`ids` of these numbers. References lead to numbers too: those from `works` on are in no release and dangle.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

FIRST_YEAR, LAST_YEAR = 2000, 2024
GROWTH = 1.05
"""Each year publishes so many times as many works as the one before."""

REFERENCES, SPREAD, LONGEST = 12.3, 0.9, 400
"""Mean length of a list of references, sigma of its lognormal distribution, and its largest length."""

UNREFERENCING = 0.1
"""Share of works without references."""

COPIED, DANGLING, AHEAD, ITSELF, REPEATED = 0.6, 0.02, 0.005, 0.0005, 0.01
"""Shares of references: copied from another list (so the cited are cited more), to nothing that any release has, to a
random work that may not be published yet, to the work itself, and equal to the one before."""

LATE = (0.94, 0.05, 0.01)
"""Shares of works that are delivered with the year of publication, one and two years later."""

REVISED, OUTDATED, REDATED, DELETED = 0.04, 0.05, 0.1, 0.002
"""Shares: works that a later release delivers again; of these, those that are older than what came first, and those
whose date was only known as a year at first; and works that are deleted."""

Ints32 = NDArray[np.int32]
Ints = NDArray[np.int64]

_IDS, _SPREAD_IDS, _FIRST_ID = (1 << 31) - 1, 1_103_515_245, 1_500_000_000
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class History:
    """Works, references and deliveries; days count from 1970, releases are years and dated by their last day."""

    published: Ints32  # per work, ascending
    ends: Ints  # per work, where its references end
    cited: Ints32  # references one after another
    cited_by: Ints32  # per work, references to it
    delivered: Ints32  # work of each delivery
    release: Ints32
    updated: Ints32
    draft: NDArray[np.bool_]  # whether a later delivery completes this one
    deleted: Ints32  # works that are deleted
    deleted_on: Ints32

    @property
    def works(self) -> int:
        """How many works there are."""
        return len(self.published)

    def save(self, folder: Path) -> None:
        """Leave the arrays in a folder, for other processes to map."""
        for field in fields(self):
            np.save(folder / field.name, getattr(self, field.name))

    @classmethod
    def map(cls, folder: Path) -> Self:
        """Return what `save` left, without reading it yet."""
        return cls(**{field.name: np.load(folder / f"{field.name}.npy", mmap_mode="r") for field in fields(cls)})


def ids(numbers: NDArray[np.integer[Any]]) -> Ints:
    """Return the ids of works by number: distinct, and in no order."""
    return _FIRST_ID + (numbers.astype(np.int64) + 1) * _SPREAD_IDS % _IDS


def day_of(year: int | NDArray[np.integer[Any]], month: int = 12, day: int = 31) -> Ints32:
    """Return the days since 1970 of a day in each of the years."""
    months = (np.asarray(year, np.int64) - 1970) * 12 + month - 1
    return (months.astype("datetime64[M]").astype("datetime64[D]") + (day - 1) * _DAY).astype(np.int32)


def drawn(works: int, seed: int) -> History:
    """Draw the history of so many works."""
    chance = np.random.default_rng([seed, works])
    published = _publications(chance, works)
    lengths = _lengths(chance, works)
    ends = np.cumsum(lengths)
    cited = np.empty(ends[-1], np.int32)
    for start, stop in _spans(works):
        first = int(ends[start] - lengths[start])
        cited[first : ends[stop - 1]] = _references(chance, start, lengths[start:stop], cited[:first], works)
    deliveries = _deliveries(chance, published)
    return History(
        published, ends, cited, _citations(cited, works), *deliveries, *_deletions(chance, deliveries[1][:works])
    )


def _publications(chance: np.random.Generator, works: int) -> Ints32:
    years = np.arange(FIRST_YEAR, LAST_YEAR + 1)
    share = GROWTH ** (years - FIRST_YEAR)
    year = np.repeat(years, chance.multinomial(works, share / share.sum()))
    return np.sort(day_of(year, 1, 1) + chance.integers(0, 365, works)).astype(np.int32)


def _lengths(chance: np.random.Generator, works: int) -> Ints:
    mean = REFERENCES / (1 - UNREFERENCING)
    drawn = chance.lognormal(np.log(mean) - SPREAD**2 / 2, SPREAD, works).round().astype(np.int64)
    return np.where(chance.random(works) < UNREFERENCING, 0, np.clip(drawn, 1, LONGEST))


def _spans(works: int) -> Iterator[tuple[int, int]]:
    """Yield spans of works; a work can only copy references from earlier spans, so that a span is drawn at once."""
    start, stop = 0, max(works // 500, 1)
    while start < works:
        yield start, stop
        start, stop = stop, min(works, stop + max(min(stop // 20, works // 100), 1))


def _references(chance: np.random.Generator, start: int, lengths: Ints, before: Ints32, works: int) -> Ints:
    """Draw the references of works from `start` on; `before` are those of all earlier works."""
    work = np.repeat(np.arange(start, start + len(lengths)), lengths)
    count = len(work)
    back = chance.random(count)
    earlier = start or work  # the first works cite each other
    cited = earlier - 1 - (back**2 * earlier).astype(np.int64)  # the recent are cited more
    cited[work == 0] = works
    if len(before):
        copied = chance.random(count) < COPIED
        cited[copied] = before[len(before) - 1 - (back[copied] * len(before)).astype(np.int64)]
    kind = chance.random(count)
    changes = (chance.integers(works, 2 * works, count), chance.integers(0, works, count), work)
    for instead, share, until in zip(
        changes, (DANGLING, AHEAD, ITSELF), np.cumsum((DANGLING, AHEAD, ITSELF)), strict=True
    ):
        taken = (kind >= until - share) & (kind < until)
        cited[taken] = instead[taken]
    repeated = np.flatnonzero((chance.random(count) < REPEATED)[1:] & (work[1:] == work[:-1])) + 1
    cited[repeated] = cited[repeated - 1]
    return cited


def _citations(cited: Ints32, works: int) -> Ints32:
    found = np.zeros(works, np.int32)
    for part in np.array_split(cited, max(len(cited) // 1_000_000, 1)):
        found += np.bincount(part[part < works], minlength=works).astype(np.int32)
    return found


def _deliveries(chance: np.random.Generator, published: Ints32) -> tuple[Ints32, Ints32, Ints32, NDArray[np.bool_]]:
    """Return work, release, day of update and whether it is a draft, of each delivery; the first ones first."""
    works = len(published)
    first = year_of(published) + chance.choice(len(LATE), works, p=LATE)
    first = np.minimum(first, LAST_YEAR).astype(np.int32)
    again = first + chance.geometric(0.4, works).astype(np.int32)
    revised = np.flatnonzero((chance.random(works) < REVISED) & (again <= LAST_YEAR)).astype(np.int32)
    updated = day_of(first) - chance.integers(0, 365, works).astype(np.int32)
    later = day_of(again[revised]) - chance.integers(0, 365, len(revised)).astype(np.int32)
    outdated = chance.random(len(revised)) < OUTDATED
    later[outdated] = updated[revised][outdated] - 365
    draft = np.zeros(works, np.bool_)
    draft[revised] = True
    return (
        np.concatenate([np.arange(works, dtype=np.int32), revised]),
        np.concatenate([first, again[revised]]),
        np.concatenate([updated, later]).astype(np.int32),
        np.concatenate([draft, np.zeros(len(revised), np.bool_)]),
    )


def _deletions(chance: np.random.Generator, release: Ints32) -> tuple[Ints32, Ints32]:
    """Return the deleted works and on which days; a few after the newest release, which does not tell of them yet."""
    works = np.flatnonzero(chance.random(len(release)) < DELETED).astype(np.int32)
    days = day_of(release[works]) + chance.integers(1, 6 * 365, len(works)).astype(np.int32)
    return works, np.minimum(days, day_of(LAST_YEAR) + 30).astype(np.int32)


def year_of(days: Ints32) -> Ints32:
    """Return the calendar year of each of the days since 1970."""
    return (days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32) + 1970).astype(np.int32)
