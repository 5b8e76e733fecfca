"""Open problems: what is told once, what is a repeat, and what is over. Pure functions of the ledger's records."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hotarea.domain.alert import Alert, Recovery
from hotarea.domain.records import Problem

_OURS = "hotarea: "


def opened(alert: Alert, occurrence: int, subjects: Sequence[str], moment: datetime) -> Problem:
    """Return the record of a problem that nobody has been told of."""
    return Problem(
        problem=alert.problem,
        occurrence=occurrence,
        severity=alert.severity,
        title=alert.title,
        text=alert.full_text,
        told=alert.identities,
        subjects=sorted(subjects),
        report=alert.report,
        run_id=alert.run_id,
        opened_at=moment,
        seen_at=moment,
        told_at=moment,
    )


def seen_again(
    problem: Problem, alert: Alert, subjects: Sequence[str], moment: datetime, reminder: timedelta
) -> Problem:
    """Return the record of an open problem after it was seen once more.

    It is told again (`told_at` is the moment) if it shows what it has not shown before, or was told as long ago as
    the reminder.
    """
    news = set(alert.identities) - set(problem.told)
    due = bool(news) or moment - problem.told_at >= reminder
    return replace(
        problem,
        seen=problem.seen + 1,
        title=alert.title,
        text=alert.full_text,
        told=sorted(news | set(problem.told)),
        subjects=sorted({*problem.subjects, *subjects}),
        report=alert.report or problem.report,
        run_id=alert.run_id,
        seen_at=moment,
        told_at=moment if due else problem.told_at,
    )


def again(problem: Problem, alert: Alert) -> Alert:
    """Return what to tell of a problem that is still open."""
    since = f"Open since {_moment(problem.opened_at)}, seen {problem.seen} times."
    return replace(alert, title=f"{alert.title} (still open)", what=f"{alert.what} {since}")


def recovered(problem: Problem, recovery: Recovery, moment: datetime) -> Alert:
    """Return what to tell of a problem that is over."""
    times = "once" if problem.seen == 1 else f"{problem.seen} times"
    lasted = f"The problem was open for {_duration(moment - problem.opened_at)}, since {_moment(problem.opened_at)}"
    return Alert(
        problem=problem.problem,
        title=f"{_OURS}recovered: {problem.title.removeprefix(_OURS)}",
        what=f"{recovery.what} {lasted}, and seen {times}.",
        where=recovery.where,
        report=recovery.report,
        run_id=recovery.run_id,
        severity="recovered",
    )


def _moment(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"


def _duration(value: timedelta) -> str:
    hours, minutes = divmod(round(value.total_seconds() / 60), 60)
    if hours >= 48:
        return f"{round(hours / 24)} days"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else "less than a minute"
