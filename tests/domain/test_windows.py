"""What releases cover, and from when on that is known."""

from datetime import date

import pytest

from hotarea.domain.errors import NotReadyError
from hotarea.domain.windows import Coverage, Cutoff


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
