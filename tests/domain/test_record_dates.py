from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hotarea.domain.record_dates import published, published_at_once, updated, updated_at_once
from hotarea.domain.rejects import Reason, Wrong

LATEST = date(2025, 12, 31)


@pytest.mark.parametrize(
    ("text", "year", "expected"),
    [
        ("2012-02-29", None, date(2012, 2, 29)),
        ("2012-02", 2012, date(2012, 2, 1)),
        ("2012", None, date(2012, 1, 1)),
        (" 2012-02-29 ", None, date(2012, 2, 29)),
        ("2012-02-29 10:00", 1999, date(2012, 2, 29)),
        (None, 2012, date(2012, 1, 1)),
        ("1500", None, date(1500, 1, 1)),
        ("2025-12-31", None, LATEST),
        (None, None, Reason.NO_DATE),
        ("", 2012, Reason.BAD_DATE),
        ("2011-02-29", None, Reason.BAD_DATE),
        ("2012-00-10", None, Reason.BAD_DATE),
        ("12-02-29", None, Reason.BAD_DATE),
        ("2012-2-9", None, Reason.BAD_DATE),
        ("２０１２", None, Reason.BAD_DATE),
        (None, 20120, Reason.BAD_DATE),
        ("0000-01-01", 0, Reason.IMPLAUSIBLE_DATE),
        (None, 0, Reason.IMPLAUSIBLE_DATE),
        ("1499-12-31", None, Reason.IMPLAUSIBLE_DATE),
        ("2026-01-01", None, Reason.IMPLAUSIBLE_DATE),
        ("2209-13-45", None, Reason.IMPLAUSIBLE_DATE),
    ],
)
def test_a_publication_date(text: str | None, year: int | None, expected: date | Reason) -> None:
    found = published(text, year, LATEST)
    assert (found.reason if isinstance(found, Wrong) else found) == expected


def test_a_day_after_the_latest_is_implausible_within_its_year() -> None:
    found = published("2003-05-02", None, date(2003, 5, 1))
    assert found == Wrong(Reason.IMPLAUSIBLE_DATE, "published '2003-05-02'; expected a date from 1500 to 2003-05-01")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-05-16T14:50:18.726146", datetime(2023, 5, 16, 14, 50, 18, 726146, UTC)),
        ("2023-05-16T14:50:18.726Z", datetime(2023, 5, 16, 14, 50, 18, 726000, UTC)),
        ("2023-05-16T00:30:00+01:00", datetime(2023, 5, 15, 23, 30, tzinfo=UTC)),
        ("2023-05-16", datetime(2023, 5, 16, tzinfo=UTC)),
    ],
)
def test_a_moment_of_change(text: str, expected: datetime) -> None:
    assert updated(text, LATEST) == expected


@pytest.mark.parametrize("text", ["", "soon", "2023-13-01", "0001-01-01T00:00:00+05:00", "1499-12-31", "2026-01-01"])
def test_a_moment_that_cannot_be(text: str) -> None:
    found = updated(text, LATEST)
    assert isinstance(found, Wrong)
    assert (found.reason, repr(text) in found.detail) == (Reason.BAD_UPDATED, True)


dates = st.dates(date(1490, 1, 1), date(2030, 1, 1)).map(str)
moments = st.datetimes(datetime(1499, 12, 30), datetime(2026, 1, 2)).map(datetime.isoformat)  # noqa: DTZ001
odd = st.sampled_from(
    ["", "2012", "2012-02-30", "2012-2-9", " 2012-02-09", "2012-02-09 ", "-2012-02-09", "+2012-02-09"]
)
odd |= st.sampled_from(["2012-02-09T10", "2012-02-09T10:11", "2012-02-09T24:00:00", "2012-02-09T10:11:12.1234567"])
odd |= st.sampled_from(
    ["2012-02-09T10:11:12Z", "2012-02-09 10:11:12", "2012-02-09T10:11:60", "9999-12-31", "0000-01-01"]
)
texts = st.lists(dates | moments | odd | st.text(max_size=12) | st.none(), min_size=1, max_size=3)


@settings(deadline=None, derandomize=True)
@given(texts)
@example(["2012-02-09", "\ud800"])
def test_dates_and_moments_at_once_are_what_each_is_by_itself(given_texts: list[str | None]) -> None:
    days, times = published_at_once(given_texts, LATEST), updated_at_once(given_texts, LATEST)
    if days is not None:
        assert days.to_pylist() == [published(text, None, LATEST) for text in given_texts]
    if times is not None:
        assert times.to_pylist() == [updated(text or "", LATEST) for text in given_texts]


def test_dates_and_moments_of_the_usual_form_are_read_at_once() -> None:
    assert published_at_once(["2012-02-29", "1500-01-01", "2025-12-31"], LATEST) is not None
    assert updated_at_once(["2020-05-16T14:50:18.726146", "2020-05-16T14:50:18", "2020-05-16"], LATEST) is not None
