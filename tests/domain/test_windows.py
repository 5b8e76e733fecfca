"""What releases cover, and from when on that is known."""

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotarea.domain.errors import NotReadyError
from hotarea.domain.windows import Coverage, Cutoff, Maturity, first_known, is_year_end, periods, scorable_from


def end(year: int) -> date:
    return date(year, 12, 31)


def at(*texts: str) -> list[Cutoff]:
    return [Cutoff.parse(text) for text in texts]


def test_deliveries_cover_every_year_end_and_the_newest_day() -> None:
    found = Coverage.of([date(2010, 3, 1), end(2011), date(2012, 5, 31)]).cutoffs()
    assert found == at("2010-12-31@2011-12-31", "2011-12-31", "2012-05-31")


def test_without_releases_there_are_no_cutoffs() -> None:
    assert Coverage(()).cutoffs() == []


def test_a_correction_makes_the_newest_day_due_as_known_then_and_invents_no_other() -> None:
    coverage = Coverage(((end(2010), end(2010)), (end(2011), end(2011)), (date(2026, 1, 2), end(2010))))
    assert coverage.cutoffs() == at("2010-12-31", "2011-12-31", "2011-12-31@2026-01-02")
    assert (coverage.newest, coverage.known) == (end(2011), date(2026, 1, 2))
    assert coverage.knowable(date(2011, 6, 30)) == Cutoff(date(2011, 6, 30), end(2011))
    with pytest.raises(NotReadyError, match="cutoff 2012-12-31 is after the newest release"):
        coverage.knowable(end(2012))


def test_a_late_delivery_covers_its_days_from_when_it_came() -> None:
    coverage = Coverage(((end(2010), end(2010)), (date(2026, 1, 2), end(2010)), (date(2026, 2, 3), end(2011))))
    assert coverage.cutoffs() == at("2010-12-31", "2011-12-31@2026-02-03")


@pytest.mark.parametrize(
    ("cutoff", "covered"),
    [
        ("2010-12-31", True),
        ("2010-06-30@2010-12-31", True),
        ("2010-12-31@2015-01-01", True),
        ("2010-12-31@2026-01-02", True),
        ("2010-12-31@2026-01-03", False),  # later than all that is known
        ("2011-01-01@2026-01-02", False),  # a correction covers no later day
    ],
)
def test_a_cutoff_is_covered_by_what_was_known_then(cutoff: str, covered: bool) -> None:
    coverage = Coverage(((end(2010), end(2010)), (date(2026, 1, 2), end(2010))))
    assert coverage.covers(Cutoff.parse(cutoff)) is covered


@dataclass(frozen=True)
class Set:
    cutoff: date
    known: date


def sets(*texts: str) -> list[Set]:
    return [Set(c.day, c.known) for c in at(*texts)]


def test_of_several_sets_of_a_day_the_first_known_counts() -> None:
    found = first_known(sets("2011-12-31@2013-06-30", "2011-12-31", "2010-12-31@2011-12-31"))

    assert found == {s.cutoff: s for s in sets("2011-12-31", "2010-12-31@2011-12-31")}


def test_a_period_is_a_day_that_was_the_newest_when_it_became_known() -> None:
    found = periods(
        sets(
            "2012-06-30",
            "2011-12-31@2012-06-30",  # became known with it, and could not be looked at as the newest
            "2010-12-31",
            "2012-06-30@2012-09-30",  # a correction
            "2010-12-31@2013-12-31",  # of an older cutoff, as the new one became known
            "2013-12-31",
        )
    )

    assert found == [date(2010, 12, 31), date(2012, 6, 30), date(2013, 12, 31)]


def test_a_years_end_is_its_last_day() -> None:
    assert is_year_end(end(2010))
    assert not is_year_end(date(2010, 12, 30))
    assert not is_year_end(date(2010, 1, 31))


DAYS = st.dates(date(1995, 1, 1), date(2030, 1, 1)) | st.sampled_from([date(2020, 2, 29), date(2021, 2, 28)])


@given(day=DAYS, newest=DAYS, horizon=st.integers(1, 5))
def test_a_label_has_matured_from_the_day_on_which_predictions_can_be_scored(
    day: date, newest: date, horizon: int
) -> None:
    assert Maturity.of(newest, horizon).reaches(day) is (scorable_from(day, horizon) <= newest)


def test_a_model_learns_from_what_had_matured_at_its_evaluation() -> None:
    maturity = Maturity.of(date(2024, 6, 30), 3)

    assert maturity.at(maturity.evaluated_until).evaluated_until == maturity.trained_until == date(2018, 6, 30)
    assert maturity.at(end(2020)).evaluated_until == end(2017)
