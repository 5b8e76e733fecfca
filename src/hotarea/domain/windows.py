"""Dates: cutoffs, windows before them, and what the one horizon makes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, TypeVar

from dateutil.relativedelta import relativedelta

from hotarea.domain.errors import NotReadyError, TooLittleDataError


class Published(Protocol):
    """A set that was published for a cutoff."""

    @property
    def cutoff(self) -> date:
        """The day as of which it holds."""

    @property
    def known(self) -> date:
        """The date of the release with which it became known."""


S = TypeVar("S", bound=Published)


def first_known(sets: Iterable[S]) -> dict[date, S]:
    """Return sets by their day; of several of the same day the one that became known first."""
    return {s.cutoff: s for s in sorted(sets, key=lambda s: s.known, reverse=True)}


def periods(sets: Iterable[Published]) -> list[date]:
    """Return the days that were the newest of all when they became known, in order: what could be looked at then."""
    newest = {s.known: s.cutoff for s in sorted(sets, key=lambda s: (s.known, s.cutoff))}
    found: list[date] = []
    for day in newest.values():
        if not found or day > found[-1]:
            found.append(day)
    return found


def is_year_end(day: date) -> bool:
    """Whether a day is the last of its year."""
    return (day.month, day.day) == (12, 31)


def years_before(day: date, years: int) -> date:
    """Return the same day `years` earlier (29 February becomes the 28th); `years` may be negative."""
    return day - relativedelta(years=years)


@dataclass(frozen=True, order=True)
class Cutoff:
    """A date as of which features hold, and the release date from which they could be known.

    `known` is the first release date on or after `day`: what later releases say about `day` is a correction, and
    must not change what was known then.
    """

    day: date
    known: date

    def __post_init__(self) -> None:
        if self.known < self.day:
            raise ValueError(f"cutoff {self.day} cannot be known on {self.known}, before its own date")

    def __str__(self) -> str:
        return f"{self.day}@{self.known}"

    @classmethod
    def parse(cls, text: str) -> "Cutoff":
        """Read `YYYY-MM-DD@YYYY-MM-DD` (the form of `str(cutoff)`); raise ValueError on any other text."""
        day, _, known = text.partition("@")
        return cls(date.fromisoformat(day), date.fromisoformat(known or day))

    def previous(self, others: Iterable["Cutoff"]) -> "Cutoff | None":
        """Return the cutoff before this one, of the last earlier day, as known then; None if there is none."""
        return max((c for c in others if c.day < self.day and c.known <= self.known), default=None)


@dataclass(frozen=True)
class Coverage:
    """Until which day the releases tell what was published, and from which date on that is known.

    `releases` are pairs (known, until): a delivery covers the time until its own date, a correction no more than the
    deliveries that it corrects.
    """

    releases: tuple[tuple[date, date], ...]

    @classmethod
    def of(cls, release_dates: Iterable[date]) -> "Coverage":
        """Return what deliveries of these dates cover."""
        return cls(tuple((day, day) for day in release_dates))

    @property
    def newest(self) -> date:
        """The last day that is covered."""
        return max(until for _, until in self.releases)

    @property
    def known(self) -> date:
        """The date of the newest release, be it a delivery or a correction."""
        return max(known for known, _ in self.releases)

    def covers(self, cutoff: Cutoff) -> bool:
        """Whether a cutoff's day is covered by what was known then."""
        return cutoff.known <= self.known and any(
            known <= cutoff.known and until >= cutoff.day for known, until in self.releases
        )

    def knowable(self, day: date) -> Cutoff:
        """Return the cutoff at `day` as first known; raise NotReadyError if no release covers it."""
        later = [known for known, until in self.releases if until >= day]
        if not later:
            raise NotReadyError(
                f"cutoff {day} is after the newest release; expected a release dated on or after it. Ingest one first."
            )
        return Cutoff(day, min(later))

    def cutoffs(self) -> list[Cutoff]:
        """Return every year's end that is covered and the newest day, as first known, and that day as known now."""
        if not self.releases:
            return []
        first = min(known for known, _ in self.releases)
        ends = {date(year, 12, 31) for year in range(first.year, self.newest.year + 1)}
        days = {day for day in ends if first <= day <= self.newest} | {self.newest}
        return sorted({*map(self.knowable, days), Cutoff(self.newest, self.known)})


@dataclass(frozen=True)
class TrainingWindow:
    """Which cutoffs a training run uses; everything follows from the horizon and the newest release.

    The evaluation cutoff is the newest matured one. Training cutoffs end a horizon before it, so that no training
    label looks at a citation that the evaluation features could not have seen as well.
    """

    training: tuple[Cutoff, ...]
    evaluation: Cutoff
    newest: Cutoff
    horizon_years: int


def scorable_from(cutoff: date, horizon_years: int) -> date:
    """Return the day from which predictions of a cutoff can be held against what came: a horizon later."""
    return years_before(cutoff, -horizon_years)


@dataclass(frozen=True)
class Maturity:
    """What the one horizon makes of the newest release's date: nothing else decides when a label can be used.

    The training window ends, the evaluation lags, and predictions are scored by it.
    """

    newest_release: date
    horizon_years: int
    trained_until: date  # the last day whose label looks at nothing that the evaluation's features did not see
    evaluated_until: date  # the last day whose label is complete; the evaluation lags by a horizon
    scorable_from: date  # the first day on which predictions of the newest release can be scored

    @classmethod
    def of(cls, newest_release: date, horizon_years: int) -> "Maturity":
        """Return the three dates that follow from a horizon."""
        evaluated = _last_scorable(newest_release, horizon_years)
        trained = _last_scorable(evaluated, horizon_years)
        return cls(newest_release, horizon_years, trained, evaluated, scorable_from(newest_release, horizon_years))

    def reaches(self, day: date) -> bool:
        """Whether the label at `day` is complete, so that it can evaluate, and score predictions."""
        return day <= self.evaluated_until

    def at(self, evaluation: date) -> "Maturity":
        """Return what had matured at the cutoff that evaluates: what a model may learn from."""
        return Maturity.of(evaluation, self.horizon_years)


def _last_scorable(day: date, horizon_years: int) -> date:
    """Return the last day whose predictions can be scored on `day`; 29 February can on the 28th, as the day before."""
    found = years_before(day, horizon_years)
    later = found + timedelta(days=1)
    return later if scorable_from(later, horizon_years) <= day else found


def training_window(cutoffs: Sequence[Cutoff], maturity: Maturity, at_most: int, at_least: int = 1) -> TrainingWindow:
    """Split cutoffs into training and evaluation; raise TooLittleDataError if the history is too short for both."""
    ordered, horizon_years = sorted(cutoffs), maturity.horizon_years
    matured = [c for c in ordered if maturity.reaches(c.day)]
    training = [c for c in matured if maturity.at(matured[-1].day).reaches(c.day)]
    if len(training) < at_least:
        found = f"{len(training)} of {at_least} training cutoffs" if training else "nothing to train on"
        years = 2 * horizon_years + at_least
        raise TooLittleDataError(
            f"{found}: {len(matured)} of {len(ordered)} cutoffs have matured by {maturity.newest_release}, and "
            f"training needs {at_least} at least {horizon_years} years before the newest matured. Ingest a history of "
            f"{years} years or more, or lower HOTAREA_HORIZON_YEARS or HOTAREA_TRAINING_CUTOFFS_MIN."
        )
    return TrainingWindow(tuple(training[-at_most:]), matured[-1], ordered[-1], horizon_years)
