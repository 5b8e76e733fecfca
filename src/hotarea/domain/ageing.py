"""How models age: each version on the documents of later cutoffs, beside one that was new then."""

from collections.abc import Iterable, Sequence
from datetime import date
from statistics import fmean

from hotarea.domain.replay import PRECISION, Ageing, Score, Step, told_at


def ageing(steps: Sequence[Step], scores: Iterable[Score]) -> tuple[Ageing, ...]:
    """Return how each version's average precision went with the years since its newest cutoff.

    Cutoffs differ in difficulty, so what counts is the share of what the newest candidate of that time reached on the
    same documents; where it was not new itself, as none was trained for half a year, nothing is told.
    """
    trained = {step.candidate.version: step.cutoff for step in steps if step.candidate}
    crowned = {step.champion for step in steps}
    found = {(s.version, s.cutoff): s.metrics[PRECISION] for s in scores if PRECISION in s.metrics}
    new = {day: value for (who, day), value in found.items() if value and who is not None and who == _new(steps, day)}
    table = []
    for version, since in sorted(trained.items()):
        here = dict(sorted((cutoff, value) for (who, cutoff), value in found.items() if who == version))
        if here:
            first = min(since, *here)  # a delivery makes known the year's end before it as well
            precision = {_age(first, day): value for day, value in here.items()}
            relative = {_age(first, day): here[day] / new[day] for day in here if day in new}
            table.append(Ageing(version, since, version in crowned, precision, relative))
    return tuple(table)


def staleness(table: Iterable[Ageing]) -> dict[int, float]:
    """Return by years since training the mean share of a new candidate's average precision that was left."""
    by_age: dict[int, list[float]] = {}
    for row in table:
        for age, share in row.relative.items():
            by_age.setdefault(age, []).append(share)
    return {age: fmean(by_age[age]) for age in sorted(by_age)}


def _new(steps: Sequence[Step], cutoff: date) -> int | None:
    """Return the newest candidate when a cutoff became known; None if it was not new by then."""
    until = steps[: told_at(steps, cutoff) + 1]
    last = next((step for step in reversed(until) if step.candidate), None)
    if last is None or last.candidate is None or _age(min(last.cutoff, cutoff), cutoff):
        return None
    return last.candidate.version


def _age(since: date, cutoff: date) -> int:
    """Return how many years lie between two days, to the nearest; half a year is rounded up.

    So a delivery in December is as new at the year's end as one in January, and no two years have the same age.
    """
    months = 12 * (cutoff.year - since.year) + cutoff.month - since.month
    return (months + 6) // 12
