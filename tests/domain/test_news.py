"""New, changed and late deliveries, told apart by what the ledger remembers."""

from datetime import date

import pytest

from hotarea.domain.delivery import Delivery
from hotarea.domain.errors import NotReadyError
from hotarea.domain.news import correction_date, news, read_before
from hotarea.domain.records import Release


def release(day: str, *files: str, corrects: tuple[str, ...] = (), covers: date | None = None) -> Release:
    return Release(
        release_id=day,
        release_date=date.fromisoformat(day),
        source="raw",
        files=[{"name": name, "sha256": f"{name} as of {day}"} for name in files],
        documents=1,
        citations=0,
        removals=0,
        quarantined={},
        seconds=0,
        run_id="test",
        corrects=[*corrects],
        covers=covers,
    )


def delivery(day: str) -> Delivery:
    return Delivery(day, date.fromisoformat(day), ())


BEFORE = [release("2010-12-31", "a"), release("2012-12-31", "b"), release("2020-01-01", "a", corrects=("2010-12-31",))]
CORRECTION = release("2020-01-01", "a", corrects=("2010-12-31", "2011-12-31"), covers=date(2011, 12, 31))


def test_a_delivery_is_remembered_as_read_last() -> None:
    found = read_before([CORRECTION, *BEFORE[:2]])
    assert set(found) == {"2010-12-31", "2011-12-31", "2012-12-31"}
    assert found["2010-12-31"]["a"]["sha256"] == "a as of 2020-01-01"
    assert found["2012-12-31"]["b"]["sha256"] == "b as of 2012-12-31"


def test_a_release_that_delivers_as_well_is_a_delivery() -> None:
    assert set(read_before(BEFORE)) == {"2010-12-31", "2012-12-31", "2020-01-01"}


def told(*days: str, changed: str = "", until: date | None = None) -> dict[str, list[str]]:
    found = news(
        [delivery(day) for day in days],
        [*BEFORE[:2], CORRECTION],
        lambda d, _: d.release_id == changed,
        until,
    )
    return {kind: [d.release_id for d in getattr(found, kind)] for kind in ("new", "again", "late", "corrections")}


def test_what_is_dated_before_anything_that_is_known_is_late() -> None:
    assert told("2010-12-31", "2013-12-31", "2020-01-01", "2020-01-02", changed="2010-12-31") == {
        "new": ["2020-01-02"],
        "again": ["2010-12-31"],
        "late": ["2013-12-31", "2020-01-01"],
        "corrections": ["2010-12-31", "2013-12-31", "2020-01-01"],
    }


def test_deliveries_after_a_day_are_left() -> None:
    found = told("2010-12-31", "2013-12-31", "2020-01-02", changed="2010-12-31", until=date(2012, 1, 1))
    assert (found["new"], found["corrections"]) == ([], ["2010-12-31"])


def test_corrections_are_known_with_the_newest_release_or_from_today() -> None:
    deliveries = [delivery("2010-12-31"), delivery("2021-01-01"), delivery("2022-01-01")]
    both = news(deliveries, BEFORE, lambda *_: True)
    assert correction_date(both, BEFORE, date(2023, 1, 1)) == date(2022, 1, 1)
    alone = news(deliveries[:1], BEFORE, lambda *_: True)
    assert correction_date(alone, BEFORE, date(2023, 1, 1)) == date(2023, 1, 1)
    with pytest.raises(
        NotReadyError, match="from 2020-01-01 on at the earliest, but release 2020-01-01 is in the lake"
    ):
        correction_date(alone, BEFORE, date(2020, 1, 1))
