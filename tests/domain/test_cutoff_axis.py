"""Ranges of cutoffs, at the bounds of windows above all."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotarea.domain.cutoff_axis import ALL, CutoffAxis, Window, ahead, days_since_epoch, past
from hotarea.domain.windows import Cutoff, years_before


def axis(*days: str) -> CutoffAxis:
    return CutoffAxis.of(Cutoff.parse(day) for day in days)


def in_window(at: CutoffAxis, window: Window, day: str) -> list[str]:
    first, stop = at.range_of(window, np.array([days_since_epoch(date.fromisoformat(day))]))
    return [str(c.day) for c in at.cutoffs[int(first[0]) : int(stop[0])]]


@pytest.mark.parametrize(
    ("window", "cited", "counts"),
    [
        (past(5), "2012-12-31", True),  # on the cutoff
        (past(5), "2013-01-01", False),  # the day after
        (past(5), "2007-12-31", False),  # on t − 5y: the window is open there
        (past(5), "2008-01-01", True),  # the first day in the window
        (past(2), "2010-12-31", False),
        (past(2), "2011-01-01", True),
        (past(1), "2011-12-31", False),
        (past(1), "2012-01-01", True),
        (ALL, "1665-03-06", True),
        (ALL, "2012-12-31", True),
        (ALL, "2013-01-01", False),
        (ahead(3), "2012-12-31", False),  # on t: the future begins the day after
        (ahead(3), "2013-01-01", True),
        (ahead(3), "2015-12-31", True),  # on t + 3y: the window is closed there
        (ahead(3), "2016-01-01", False),
    ],
)
def test_the_bounds_of_windows(window: Window, cited: str, counts: bool) -> None:
    assert (in_window(axis("2012-12-31"), window, cited) == ["2012-12-31"]) is counts


@pytest.mark.parametrize(
    ("window", "cutoff", "cited", "counts"),
    [
        (past(1), "2012-02-29", "2011-02-28", False),  # a year before 29 February is 28 February
        (past(1), "2012-02-29", "2011-03-01", True),
        (past(1), "2013-02-28", "2012-02-28", False),
        (past(1), "2013-02-28", "2012-02-29", True),
        (past(4), "2012-02-29", "2008-02-29", False),
        (ahead(1), "2012-02-29", "2013-02-28", True),
        (ahead(1), "2012-02-29", "2013-03-01", False),
        (ahead(4), "2012-02-29", "2016-02-29", True),
    ],
)
def test_windows_in_leap_years(window: Window, cutoff: str, cited: str, counts: bool) -> None:
    assert (in_window(axis(cutoff), window, cited) == [cutoff]) is counts


days = st.dates(date(1990, 1, 1), date(2030, 12, 31))


@given(st.sets(days, min_size=1, max_size=12), days, st.sampled_from([past(1), past(5), ALL, ahead(1), ahead(3)]))
def test_a_range_holds_the_very_cutoffs_whose_window_holds_the_day(
    cutoffs: set[date], day: date, window: Window
) -> None:
    expected = [
        str(t)
        for t in sorted(cutoffs)
        if (window.after is None or years_before(t, -window.after) < day) and day <= years_before(t, -window.until)
    ]
    assert in_window(axis(*map(str, cutoffs)), window, str(day)) == expected


def test_a_release_is_known_from_the_first_cutoff_that_may_read_it() -> None:
    at = axis("2010-12-31@2011-03-01", "2011-12-31@2012-03-01")
    releases = [date(2010, 12, 31), date(2011, 3, 1), date(2011, 3, 2), date(2012, 3, 2)]
    assert at.first_known(np.array([days_since_epoch(r) for r in releases])).tolist() == [0, 0, 1, 2]


def test_the_same_day_may_be_known_twice() -> None:
    at = axis("2011-12-31@2013-12-31", "2011-12-31@2011-12-31", "2011-12-31@2013-12-31")
    assert [str(c.known) for c in at.cutoffs] == ["2011-12-31", "2013-12-31"]


def test_a_later_day_known_earlier_is_another_history() -> None:
    with pytest.raises(
        ValueError, match=r"2011-12-31@2015-12-31, 2012-12-31@2012-12-31 are not one history.* a run of their own"
    ):
        axis("2012-12-31", "2011-12-31@2015-12-31")


def test_days_are_counted_as_arrow_counts_them() -> None:
    days = [date(1970, 1, 1), date(2000, 3, 1), date(1665, 3, 6)]
    arrow = pa.array(days, pa.date32()).cast(pa.int32()).to_pylist()
    assert [days_since_epoch(day) for day in days] == arrow
    assert axis("2000-03-01").days.tolist() == arrow[1:2]
