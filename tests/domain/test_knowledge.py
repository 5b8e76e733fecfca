from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotarea.domain.knowledge import FOREVER, NEVER, Span, answering, micros, until, visible
from hotarea.domain.tables import STAMP


def day(number: int) -> datetime:
    return datetime(2010, 1, 1, tzinfo=UTC) + timedelta(days=number)


SPANS = [Span(day(0), day(0)), Span(day(0), day(30)), Span(day(10), day(10)), Span(day(10), day(40))]


@pytest.mark.parametrize(
    ("moment", "known_by", "place"),
    [
        (day(-1), day(99), -1),
        (day(0), day(0), 0),
        (day(9), day(29), 0),
        (day(9), day(30), 1),
        (day(10), day(30), 2),  # the newer cutoff, though the older one is corrected
        (day(10), day(40), 3),
        (day(10) - timedelta(microseconds=1), day(40), 1),
        (day(10), day(10) - timedelta(microseconds=1), 0),
        (day(99), day(-1), -1),
    ],
)
def test_the_newest_set_that_holds_and_is_known_answers(moment, known_by, place):
    found = answering(SPANS, np.array([micros(moment)]), np.array([micros(known_by)]))

    assert found.tolist() == [place]


days = st.integers(0, 9).map(day)
spans = st.lists(st.builds(Span, days, days, days | st.just(FOREVER)), max_size=6).map(sorted)


@given(spans, st.lists(st.tuples(st.integers(-1, 10), st.integers(-1, 10)), max_size=8))
def test_it_is_what_a_search_finds(spans, asked):
    moments, known_by = (np.array([micros(day(pair[i])) for pair in asked], np.int64) for i in (0, 1))

    found = answering(spans, moments, known_by)

    for place, (moment, known) in zip(found, asked, strict=True):
        seen = [s for s in spans if s.holds <= day(moment) and s.known <= day(known) < s.ended]
        assert (spans[place] if place >= 0 else None) == (max(seen) if seen else None)


@given(
    spans,
    st.integers(0, 9),
    st.integers(0, 9),
    st.builds(Span, st.integers(0, 20).map(day), st.integers(0, 20).map(day)),
)
def test_what_is_published_later_changes_no_answer(spans, moment, known_by, later):
    """The whole of what "cannot leak" means: a set that holds or is known later leaves what is seen as it is."""
    asked = np.array([micros(day(moment))]), np.array([micros(day(known_by))])

    def seen(among):
        (place,) = answering(among, *asked)
        return among[place] if place >= 0 else None

    if later.holds > day(moment) or later.known > day(known_by):
        assert seen(sorted([*spans, later])) == seen(spans)


@given(spans, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_what_ends_later_changes_no_answer(spans, moment, known_by, end):
    """Another model takes over: what was served before stays what was served then."""
    asked = np.array([micros(day(moment))]), np.array([micros(day(known_by))])
    ended = [replace(span, ended=min(span.ended, day(end))) for span in spans]

    if end > known_by:
        assert answering(ended, *asked).tolist() == answering(spans, *asked).tolist()


def test_values_expire_where_a_time_to_live_is_set():
    moments = np.array([micros(day(n)) for n in (9, 10, 12, 13)])

    assert answering(SPANS, moments, moments, timedelta(days=2)).tolist() == [-1, 2, 2, -1]
    assert answering([], moments, moments, timedelta(days=2)).tolist() == [-1] * 4
    assert answering(SPANS, moments, moments, NEVER).tolist() == [0, 2, 2, 2]


def test_a_day_is_known_until_its_last_moment():
    assert until(date(2010, 1, 1)) == day(1) - timedelta(microseconds=1)


def test_rows_are_visible_once_they_hold_and_are_known():
    stamps = {"event_timestamp": [day(0), day(1), day(0)], "created_timestamp": [day(2), day(2), day(3)]}
    rows = pa.table({name: pa.array(values, STAMP) for name, values in stamps.items()} | {"n": [0, 1, 2]})

    assert visible(rows, day(0), day(2))["n"].to_pylist() == [0]
    assert visible(rows, day(1), day(3))["n"].to_pylist() == [0, 1, 2]
    assert visible(rows, day(-1), day(3))["n"].to_pylist() == []
