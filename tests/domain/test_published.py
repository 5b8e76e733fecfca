from datetime import UTC, date, datetime

import pytest

from hotarea.domain.published import published, updated
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
