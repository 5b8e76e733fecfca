"""The arbiter's rules, as a truth table: who may start a training when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotarea.domain.records import TrainingStart, TriggerRequest
from hotarea.domain.triggers import (
    ACCEPTED,
    DEFERRED,
    DRIFT,
    NEW_DATA,
    ON_DEMAND,
    PERFORMANCE,
    REASONS,
    SCHEDULE,
    SKIPPED,
    Ask,
    Cooldown,
    Data,
    Past,
    TriggerPolicy,
    answer,
    is_news,
    is_scheduled,
)

NOW = datetime(2026, 5, 20, 12, tzinfo=UTC)
POLICY = TriggerPolicy(
    budget_per_week=3,
    joined_minutes=60,
    schedule_days=30,
    cooldown_hours=Cooldown(on_demand=0, new_data=0, schedule=24, performance_drop=24, drift=24),
)
NEW = Data("2024-12-31-aaaaaaaaaa")
SETTLED = replace(NEW, settled="2023-12-31-aaaaaaaaaa was trained on the same rows, and its version 1 was promoted")
YOUNG = Data(None, young="nothing to train on: 2 of 3 cutoffs have matured")


def ask(reason: str, **more: bool) -> Ask:
    return Ask(reason, "about", "run", **more)


def started(hours_ago: float, training_id: str = "2020-12-31-bbbbbbbbbb", number: int = 1) -> TrainingStart:
    moment = NOW - timedelta(hours=hours_ago)
    return TrainingStart(number=number, training_id=training_id, request_id="r", reason=DRIFT, started_at=moment)


DONE = {"2020-12-31-bbbbbbbbbb"}


@pytest.mark.parametrize(
    ("wish", "data", "past", "outcome", "why"),
    [
        *((ask(reason), NEW, Past(), ACCEPTED, "is trained") for reason in REASONS),
        *((ask(reason), SETTLED, Past(), SKIPPED, "same data as last time") for reason in REASONS),
        *((ask(reason), YOUNG, Past(), SKIPPED, "too little data: nothing to train on") for reason in REASONS),
        (ask(ON_DEMAND, force=True), SETTLED, Past(), SKIPPED, "same data"),
        (ask(ON_DEMAND, same_data=True), SETTLED, Past(), ACCEPTED, "is trained"),
        (ask(ON_DEMAND, force=True, same_data=True), YOUNG, Past(), SKIPPED, "too little data"),
        (ask(DRIFT), NEW, Past([started(23)], DONE), DEFERRED, "cooldown of 24 hours"),
        (ask(PERFORMANCE), NEW, Past([started(23)], DONE), DEFERRED, "cooldown"),
        (ask(SCHEDULE), NEW, Past([started(23)], DONE), DEFERRED, "cooldown"),
        (ask(DRIFT), NEW, Past([started(24)], DONE), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, Past([started(0.1)], DONE), ACCEPTED, "is trained"),
        (ask(ON_DEMAND), NEW, Past([started(0.1)], DONE), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, Past([started(h) for h in (1, 80, 167)], DONE), DEFERRED, "budget of 3 trainings"),
        (ask(NEW_DATA), NEW, Past([started(h) for h in (1, 80, 169)], DONE), ACCEPTED, "is trained"),
        (ask(ON_DEMAND, force=True), NEW, Past([started(h) for h in (1, 2, 3)], DONE), ACCEPTED, "by force"),
        (ask(NEW_DATA), NEW, Past([started(0.9, "2024-12-31-aaaaaaaaaa")]), SKIPPED, "it is being trained"),
        (ask(NEW_DATA), NEW, Past([started(0.9, "2023-12-31-aaaaaaaaaa")]), SKIPPED, "it is being trained"),
        (ask(NEW_DATA), NEW, Past([started(1.1, "2024-12-31-aaaaaaaaaa")]), ACCEPTED, "is trained"),
        (ask(ON_DEMAND, force=True), NEW, Past([started(0.9, "2024-12-31-aaaaaaaaaa")]), ACCEPTED, "by force"),
    ],
)
def test_what_becomes_of_a_request(wish: Ask, data: Data, past: Past, outcome: str, why: str) -> None:
    found = answer(wish, data, past, POLICY, NOW)

    assert (found.outcome, why in found.why) == (outcome, True), found.why


def test_who_is_deferred_is_told_until_when() -> None:
    cooling = answer(ask(DRIFT), NEW, Past([started(23)], DONE), POLICY, NOW)
    spent = answer(ask(NEW_DATA), NEW, Past([started(h) for h in (1, 80, 90, 160)], DONE), POLICY, NOW)

    assert cooling.until == NOW + timedelta(hours=1)
    assert spent.until == NOW + timedelta(hours=168 - 90)  # then two are left of the last seven days


@given(
    hours=st.lists(st.floats(0, 400), max_size=8),
    reason=st.sampled_from(REASONS),
)
def test_a_request_that_was_deferred_is_accepted_at_its_time(hours: list[float], reason: str) -> None:
    past = Past([started(h) for h in hours], DONE)
    found = answer(ask(reason), NEW, past, POLICY, NOW)
    for _ in range(2):  # after the cooldown, the budget may be what holds it
        if found.outcome == DEFERRED:
            assert found.until is not None
            assert found.until > NOW
            found = answer(ask(reason), NEW, past, POLICY, found.until)

    assert found.outcome == ACCEPTED


def test_the_schedule_asks_after_its_days_and_not_before() -> None:
    first = [started(30 * 24)]
    request = TriggerRequest(
        request_id="r",
        reason=SCHEDULE,
        subject="",
        asked_by="",
        outcome=SKIPPED,
        why="",
        training_id=None,
        asked_at=NOW,
    )

    assert is_scheduled([], first, 30, NOW)
    assert not is_scheduled([], [started(30 * 24 - 1)], 30, NOW)
    assert not is_scheduled([request], first, 30, NOW + timedelta(days=29))
    assert is_scheduled([request], first, 30, NOW + timedelta(days=30))
    assert not is_scheduled([], [], 30, NOW)  # before the first training there is nothing to repeat


@pytest.mark.parametrize(
    ("outcome", "more", "evaluated", "again"),
    [
        (SKIPPED, {}, (), False),
        (DEFERRED, {"until": NOW - timedelta(minutes=1)}, (), True),
        (DEFERRED, {"until": NOW + timedelta(minutes=1)}, (), False),
        (ACCEPTED, {"asked_at": NOW - timedelta(minutes=59)}, (), False),
        (ACCEPTED, {"asked_at": NOW - timedelta(minutes=60)}, (), True),  # it came to nothing
        (ACCEPTED, {"asked_at": NOW - timedelta(minutes=60)}, ("trained",), False),
    ],
)
def test_the_same_is_asked_again_only_if_it_was_not_told_for_good(
    outcome: str, more: dict[str, datetime], evaluated: tuple[str, ...], again: bool
) -> None:
    earlier = TriggerRequest(
        request_id="r",
        reason=DRIFT,
        subject="about",
        asked_by="",
        outcome=outcome,
        why="",
        training_id="trained",
        **more,
    )

    assert is_news(ask(DRIFT), [earlier], evaluated, POLICY, NOW) is again
    assert is_news(replace(ask(DRIFT), subject="another cutoff"), [earlier], evaluated, POLICY, NOW)


def test_a_reason_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="reason 'whim'; expected one of on_demand"):
        ask("whim")
