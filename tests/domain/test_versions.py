"""Which version of a work is valid at which knowledge date."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pytest

from hotarea.domain.cutoff_axis import CutoffAxis, days_since_epoch
from hotarea.domain.versions import NOWHERE, Deliveries, Redirects, Removals, Works, overlaps, resolve, running_max
from hotarea.domain.windows import Cutoff

YEARS = range(2010, 2016)  # one cutoff and one release at each year's end
_DAY = 86_400_000_000


@dataclass(frozen=True)
class Told:
    """A version of work 1, as a release's year and the year's end on which it was updated."""

    release: int
    updated: int


@dataclass(frozen=True)
class Gone:
    """A removal of work 1."""

    release: int
    removed: int
    into: int = NOWHERE


def end(year: int) -> int:
    return days_since_epoch(date(year, 12, 31))


def resolved(events: list[Told | Gone], order: int = 1) -> tuple[Works, Redirects]:
    versions = [e for e in events[::order] if isinstance(e, Told)]
    ends = [e for e in events[::order] if isinstance(e, Gone)]
    deliveries = Deliveries(
        np.ones(len(versions), np.int64),
        np.array([end(v.release) for v in versions], np.int32),
        np.array([end(v.updated) * _DAY for v in versions], np.int64),
        np.array([v.updated for v in versions], np.int32),
        np.zeros(len(versions), np.bool_),
    )
    removals = Removals(
        np.ones(len(ends), np.int64),
        np.array([end(e.release) for e in ends], np.int32),
        np.array([end(e.removed) for e in ends], np.int32),
        np.array([e.into for e in ends], np.int64),
    )
    return resolve(deliveries, removals, CutoffAxis.of(Cutoff(date(y, 12, 31), date(y, 12, 31)) for y in YEARS))


def said(works: Works, redirects: Redirects) -> list[str]:
    """Return for each cutoff the release of the valid version, `→ id`, or `-`."""
    found = ["-"] * len(YEARS)
    for release, first, stop in zip(works.release, works.first, works.stop, strict=True):
        year = next(y for y in YEARS if end(y) == release)
        found[first:stop] = [str(year)] * (stop - first)
    for into, first, stop in zip(redirects.into, redirects.first, redirects.stop, strict=True):
        found[first:stop] = [f"→ {into}"] * (stop - first)
    return found


CASES: dict[str, tuple[list[Told | Gone], str]] = {
    "never delivered": ([], "- - - - - -"),
    "delivered once": ([Told(2011, 2011)], "- 2011 2011 2011 2011 2011"),
    "a correction is known from its release on": (
        [Told(2010, 2010), Told(2013, 2013)],
        "2010 2010 2010 2013 2013 2013",
    ),
    "an older version that is delivered later changes nothing": (
        [Told(2010, 2010), Told(2013, 2009)],
        "2010 2010 2010 2010 2010 2010",
    ),
    "nor does it hide the next newer one": (
        [Told(2010, 2011), Told(2012, 2010), Told(2013, 2013)],
        "2010 2010 2010 2013 2013 2013",
    ),
    "the later delivery of the same version counts": (
        [Told(2010, 2010), Told(2012, 2010)],
        "2010 2010 2012 2012 2012 2012",
    ),
    "deleted": ([Told(2010, 2010), Gone(2012, 2012)], "2010 2010 - - - -"),
    "merged": ([Told(2010, 2010), Gone(2012, 2011, 7)], "2010 2010 →7 →7 →7 →7"),
    "merged before it was ever delivered": ([Gone(2012, 2012, 7)], "- - →7 →7 →7 →7"),
    "removed in the release that delivers it": ([Told(2011, 2011), Gone(2011, 2011, 7)], "- →7 →7 →7 →7 →7"),
    "a removal covers what was delivered until then, whatever its date": (
        [Told(2010, 2012), Gone(2012, 2011)],
        "2010 2010 - - - -",
    ),
    "an old version that comes after the removal does not bring it back": (
        [Told(2010, 2010), Gone(2012, 2012), Told(2013, 2012)],
        "2010 2010 - - - -",
    ),
    "a version newer than the removal does": (
        [Told(2010, 2010), Gone(2012, 2011, 7), Told(2014, 2012)],
        "2010 2010 →7 →7 2014 2014",
    ),
    "even if a version before the removal was newer still": (
        [Told(2010, 2015), Gone(2012, 2011), Told(2014, 2012)],
        "2010 2010 - - 2014 2014",
    ),
    "telling the same removal again does not remove again": (
        [Told(2010, 2010), Gone(2011, 2010, 7), Told(2012, 2012), Gone(2013, 2010, 7)],
        "2010 →7 2012 2012 2012 2012",
    ),
    "another removal does": (
        [Told(2010, 2010), Gone(2011, 2010, 7), Told(2012, 2012), Gone(2013, 2013, 8)],
        "2010 →7 2012 →8 →8 →8",
    ),
    "no removal so far may be newer than what comes back": (
        [Gone(2010, 2013), Gone(2011, 2010), Told(2012, 2012), Told(2014, 2014)],
        "- - - - 2014 2014",
    ),
    "the last removal says where references go": (
        [Told(2010, 2010), Gone(2011, 2011, 7), Gone(2013, 2013, 8), Gone(2014, 2014)],
        "2010 →7 →7 →8 - -",
    ),
    "of two that are told at once the later one, if it deletes": (
        [Told(2010, 2010), Gone(2012, 2012), Gone(2012, 2011, 7)],
        "2010 2010 - - - -",
    ),
    "of two that are told at once the later one, if it merges": (
        [Told(2010, 2010), Gone(2012, 2011), Gone(2012, 2012, 7)],
        "2010 2010 →7 →7 →7 →7",
    ),
    "of two of the same day that are told at once the merge": (
        [Told(2010, 2010), Gone(2012, 2011, 7), Gone(2012, 2011)],
        "2010 2010 →7 →7 →7 →7",
    ),
    "an earlier one that is told later": (
        [Told(2010, 2010), Gone(2012, 2012, 7), Gone(2013, 2011)],
        "2010 2010 →7 - - -",
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("order", [1, -1], ids=["in order", "backwards"])
def test_a_works_versions_over_time(case: str, order: int) -> None:
    events, expected = CASES[case]
    assert [s.replace("→ ", "→") for s in said(*resolved(events, order))] == expected.split()


def test_what_happens_between_cutoffs_leaves_no_version_behind() -> None:
    works, _ = resolved([Told(2010, 2010), Told(2011, 2011)])
    one = CutoffAxis.of([Cutoff(date(2014, 12, 31), date(2014, 12, 31))])
    deliveries = Deliveries(
        works.document_id, works.release, works.release.astype(np.int64), works.published, works.is_retracted
    )
    assert len(works) == 2
    only, _ = resolve(deliveries, Removals.empty(), one)
    assert (only.release.tolist(), only.first.tolist(), only.stop.tolist()) == ([end(2011)], [0], [1])


def test_releases_after_all_knowledge_dates_are_unknown() -> None:
    early = CutoffAxis.of([Cutoff(date(2009, 12, 31), date(2009, 12, 31))])
    deliveries = Deliveries(
        np.array([1], np.int64),
        np.array([end(2010)], np.int32),
        np.zeros(1, np.int64),
        np.zeros(1, np.int32),
        np.zeros(1, np.bool_),
    )
    works, redirects = resolve(deliveries, Removals.empty(), early)
    assert (len(works), len(redirects)) == (0, 0)


def test_running_max_starts_anew_with_each_group() -> None:
    groups = np.array([1, 1, 1, 2, 2, 5])
    values = np.array([3, 1, 4, -2, 0, -9], np.int64)
    assert running_max(groups, values).tolist() == [3, 3, 4, -2, 0, -9]


def test_overlaps_match_every_version_that_shares_a_cutoff() -> None:
    works = Works(
        np.array([1, 2, 2, 2], np.int64),
        *(np.zeros(4, np.int32), np.zeros(4, np.int32), np.zeros(4, np.bool_)),
        np.array([0, 0, 3, 5], np.int32),
        np.array([9, 3, 5, 9], np.int32),
    )
    found = overlaps(
        works, np.array([2, 3, 1], np.int64), np.array([1, 0, 9], np.int32), np.array([5, 9, 12], np.int32)
    )
    assert [part.tolist() for part in found] == [[0, 0], [1, 2], [1, 3], [3, 5]]
