"""What of a problem is told, and when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from hotarea.domain import problems
from hotarea.domain.alert import Alert, FailedCheck, Recovery

START = datetime(2026, 11, 20, 5, 17, tzinfo=UTC)
REMINDER = timedelta(hours=60)


def alert(*checks: str, run_id: str = "r1") -> Alert:
    findings = tuple(FailedCheck(check=check, observed="much") for check in checks)
    return Alert(
        problem="validation/documents", title="hotarea: t", what="w.", where="h", findings=findings, run_id=run_id
    )


OPEN = problems.opened(alert("a"), 1, ["2012-12-31"], START)


@pytest.mark.parametrize(
    ("after", "checks", "told"),
    [
        (timedelta(hours=1), ["a"], False),
        (timedelta(hours=59.9), ["a"], False),
        (timedelta(hours=60), ["a"], True),
        (timedelta(hours=1), ["a", "b"], True),
        (timedelta(hours=1), ["b"], True),
        (timedelta(hours=1), [], False),
    ],
)
def test_a_repeat_is_told_if_it_shows_something_new_or_after_the_reminder(after, checks, told):
    seen = problems.seen_again(OPEN, alert(*checks, run_id="r2"), ["2013-12-31"], START + after, REMINDER)
    assert (seen.told_at == START + after) is told
    assert (seen.seen, seen.run_id, seen.opened_at, seen.seen_at) == (2, "r2", START, START + after)
    assert seen.subjects == ["2012-12-31", "2013-12-31"]
    assert seen.told == sorted({"a", *checks})


def test_what_comes_and_goes_is_told_once():
    both = problems.seen_again(OPEN, alert("b"), [], START + timedelta(hours=1), REMINDER)
    back = problems.seen_again(both, alert("a"), [], START + timedelta(hours=2), REMINDER)
    assert back.told_at == both.told_at
    assert back.seen == 3


def test_a_daily_repeat_is_told_every_third_day():
    state, told = OPEN, []
    for day in range(1, 7):
        moment = START + timedelta(days=day, seconds=-30 if day % 2 else 30)  # never quite on time
        state = problems.seen_again(state, alert("a"), [], moment, REMINDER)
        told += [day] if state.told_at == moment else []
    assert told == [3, 6]


def test_a_reminder_says_since_when_and_how_often():
    said = problems.again(replace(OPEN, seen=4), alert("a"))
    assert (said.title, said.what) == ("hotarea: t (still open)", "w. Open since 2026-11-20 05:17 UTC, seen 4 times.")


@pytest.mark.parametrize(
    ("lasted", "seen", "words"),
    [
        (timedelta(seconds=10), 1, "open for less than a minute, since 2026-11-20 05:17 UTC, and seen once."),
        (timedelta(minutes=12), 2, "open for 12 min, since 2026-11-20 05:17 UTC, and seen 2 times."),
        (timedelta(hours=30, minutes=5), 2, "open for 30 h 5 min, since"),
        (timedelta(days=3), 3, "open for 3 days, since"),
    ],
)
def test_a_recovery_says_what_passes_and_what_it_was(lasted, seen, words):
    recovery = Recovery(problem="validation/documents", what="It passes.", where="h2", run_id="r9", report="p.html")
    said = problems.recovered(replace(OPEN, seen=seen), recovery, START + lasted)
    assert said.title == "hotarea: recovered: t"
    assert said.what.startswith("It passes. The problem was open for ")
    assert words in said.what
    assert (said.severity, said.where, said.run_id, said.report) == ("recovered", "h2", "r9", "p.html")
