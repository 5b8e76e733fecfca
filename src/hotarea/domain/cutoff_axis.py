"""Cutoffs as an axis: whatever holds from one date on holds for a contiguous range of cutoffs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotarea.domain.columns import Int32s
from hotarea.domain.windows import Cutoff, years_before

_EPOCH = date(1970, 1, 1)


def days_since_epoch(day: date) -> int:
    """Return the number of days from 1970-01-01 to `day`, as Arrow's date32 counts them."""
    return (day - _EPOCH).days


@dataclass(frozen=True)
class Window:
    """Citations dated in (t + `after` years, t + `until` years]; from the beginning if `after` is None."""

    name: str
    after: int | None
    until: int = 0


def past(years: int) -> Window:
    """Return the window (t − `years`, t]."""
    return Window(f"{years}y", -years)


def ahead(years: int) -> Window:
    """Return the window (t, t + `years`]."""
    return Window("future", 0, years)


ALL = Window("all", None)


@dataclass(frozen=True)
class CutoffAxis:
    """Cutoffs in ascending order, such that a later day is never known earlier.

    So whatever begins on a release date or on a publication date holds from one index on, and whatever has a begin
    and an end holds for indexes in a range [first, stop). Raises ValueError if there is no such order.
    """

    cutoffs: tuple[Cutoff, ...]

    def __post_init__(self) -> None:
        known = [c.known for c in self.cutoffs]
        if list(self.cutoffs) != sorted(set(self.cutoffs)) or known != sorted(known):
            raise ValueError(
                f"cutoffs {', '.join(map(str, self.cutoffs))} are not one history: expected distinct ones in ascending "
                "order of day, no later day known before an earlier one. Compute the others by a run of their own."
            )

    @classmethod
    def of(cls, cutoffs: Iterable[Cutoff]) -> "CutoffAxis":
        """Put cutoffs in order; raise ValueError if they are not one history."""
        return cls(tuple(sorted(set(cutoffs))))

    def __len__(self) -> int:
        return len(self.cutoffs)

    @property
    def days(self) -> Int32s:
        """Days since 1970 of each cutoff."""
        return _days(c.day for c in self.cutoffs)

    def first_known(self, release: NDArray[np.integer[Any]]) -> Int32s:
        """Return the first index at which a release of that day is known; `len(self)` if at none."""
        return _first(_days(c.known for c in self.cutoffs), release)

    def first_day(self, day: NDArray[np.integer[Any]]) -> Int32s:
        """Return the first index whose cutoff lies on or after `day`; `len(self)` if none does."""
        return _first(self.days, day)

    def range_of(self, window: Window, day: NDArray[np.integer[Any]]) -> tuple[Int32s, Int32s]:
        """Return the range [first, stop) of indexes in whose window a citation of that day lies."""
        first = _first(self._shifted(window.until), day)
        if window.after is None:
            return first, np.full(len(day), len(self), np.int32)
        return first, _first(self._shifted(window.after), day)

    def _shifted(self, years: int) -> Int32s:
        return _days(years_before(c.day, -years) for c in self.cutoffs)


def _days(days: Iterable[date]) -> Int32s:
    return np.array([days_since_epoch(d) for d in days], np.int32)


def _first(bounds: Int32s, day: NDArray[np.integer[Any]]) -> Int32s:
    """Return the first place of `bounds`, ascending, that is not before each day."""
    day = day.astype(np.int32, copy=False)
    earliest, latest = (int(day.min()), int(day.max())) if len(day) else (0, 0)
    if latest - earliest >= len(day):
        return np.searchsorted(bounds, day).astype(np.int32)
    # Many citations fall on few days: each day is looked up once.
    every_day = np.searchsorted(bounds, np.arange(earliest, latest + 1, dtype=np.int32)).astype(np.int32)
    found: Int32s = every_day[day - np.int32(earliest)]
    return found
