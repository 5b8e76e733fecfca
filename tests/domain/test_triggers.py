"""The arbiter's rules, as a truth table: who may start a training when."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotarea.domain.records import TrainingPickup, TrainingStart, TriggerRequest
from hotarea.domain.triggers import (
    ACCEPTED,
    DEFERRED,
    DRIFT,
    JOINED,
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
    waiting_days=3,
    schedule_days=30,
    cooldown_hours=Cooldown(on_demand=0, new_data=0, schedule=24, performance_drop=24, drift=24),
)
NEW = Data("2024-12-31-aaaaaaaaaa")
SETTLED = replace(NEW, settled="2023-12-31-aaaaaaaaaa was trained on the same rows, and its version 1 was promoted")
YOUNG = Data(None, young="nothing to train on: 2 of 3 cutoffs have matured")


def ask(reason: str, **more: bool) -> Ask:
    return Ask(reason, "about", "run", **more)


OLD, THIS = "2020-12-31-bbbbbbbbbb", "2024-12-31-aaaaaaaaaa"


def accepted(hours_ago: float, number: int = 1, training_id: str = THIS) -> TrainingStart:
    moment = NOW - timedelta(hours=hours_ago)
    return TrainingStart(number=number, training_id=training_id, request_id="r", reason=DRIFT, started_at=moment)


def taken_up(hours_ago: float, number: int = 1, training_id: str | None = THIS) -> TrainingPickup:
    moment = NOW - timedelta(hours=hours_ago)
    return TrainingPickup(number=number, training_id=training_id, run_id="r", picked_up_at=moment)


def begun(*hours_ago: float, training_id: str | None = OLD, ended: bool = True, waited: float = 0) -> Past:
    """Trainings that were taken up so long ago, and came to an end or did not."""
    starts = [accepted(h + waited, n) for n, h in enumerate(hours_ago, 1)]
    pickups = [taken_up(h, n, training_id) for n, h in enumerate(hours_ago, 1)]
    return Past(starts, pickups, {training_id} if ended and training_id else ())


def waiting(hours_ago: float, *, is_held: bool = False) -> Past:
    """A training that was accepted so long ago, on data of then, and that no run has taken up."""
    return Past([accepted(hours_ago, training_id=OLD)], is_held=is_held)


HELD = Past(is_held=True)
UNDER_WAY = begun(0.9, training_id=THIS, ended=False)


@pytest.mark.parametrize(
    ("wish", "data", "past", "outcome", "why"),
    [
        *((ask(reason), NEW, Past(), ACCEPTED, "is trained") for reason in REASONS),
        *((ask(reason), SETTLED, Past(), SKIPPED, "same data as last time") for reason in REASONS),
        *((ask(reason), YOUNG, Past(), SKIPPED, "too little data: nothing to train on") for reason in REASONS),
        (ask(ON_DEMAND, force=True), SETTLED, Past(), SKIPPED, "same data"),
        (ask(ON_DEMAND, same_data=True), SETTLED, Past(), ACCEPTED, "is trained"),
        (ask(ON_DEMAND, force=True, same_data=True), YOUNG, Past(), SKIPPED, "too little data"),
        (ask(DRIFT), NEW, begun(23), DEFERRED, "cooldown of 24 hours"),
        (ask(PERFORMANCE), NEW, begun(23), DEFERRED, "cooldown"),
        (ask(SCHEDULE), NEW, begun(23), DEFERRED, "cooldown"),
        (ask(DRIFT), NEW, begun(24), ACCEPTED, "is trained"),
        (ask(DRIFT), NEW, begun(23, training_id=None), ACCEPTED, "is trained"),  # there was nothing to train
        (ask(NEW_DATA), NEW, begun(0.1), ACCEPTED, "is trained"),
        (ask(ON_DEMAND), NEW, begun(0.1), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, begun(1, 80, 167), DEFERRED, "budget of 3 trainings"),
        (ask(NEW_DATA), NEW, begun(1, 80, 169), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, begun(1, 80, 167, training_id=None), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, Past([accepted(h, n) for n, h in enumerate((73, 97, 121))]), ACCEPTED, "is trained"),
        (ask(ON_DEMAND, force=True), NEW, begun(1, 2, 3), ACCEPTED, "by force"),
        (ask(NEW_DATA), NEW, begun(0.9, training_id=THIS, ended=False), JOINED, "it is being trained"),
        # the same model of an older newest cutoff may be refused for its drift, which says nothing of the newer one
        *(
            (ask(reason), NEW, begun(0.9, training_id="2023-12-31-aaaaaaaaaa", ended=False), ACCEPTED, "is trained")
            for reason in (ON_DEMAND, NEW_DATA)
        ),
        (ask(NEW_DATA), NEW, begun(0.9, training_id=OLD, ended=False), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, begun(1.1, training_id=THIS, ended=False), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, begun(0.9, training_id=THIS, ended=False, waited=99), JOINED, "being trained"),
        (ask(ON_DEMAND, force=True), NEW, begun(0.9, training_id=THIS, ended=False), ACCEPTED, "by force"),
        # one that waits will learn what is newest, whatever it was accepted for
        *((ask(reason), NEW, waiting(71), JOINED, "once a run takes it up") for reason in set(REASONS) - {ON_DEMAND}),
        (ask(ON_DEMAND), NEW, waiting(71), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, waiting(72), ACCEPTED, "is trained"),
        (ask(NEW_DATA), NEW, waiting(300, is_held=True), JOINED, "once a run takes it up"),
        # while a candidate waits for a person no other is begun, save by force
        *((ask(reason), NEW, HELD, DEFERRED, "a candidate waits for a person") for reason in REASONS),
        (ask(ON_DEMAND), NEW, waiting(1, is_held=True), DEFERRED, "`hotarea approve` or `hotarea reject` answers"),
        (ask(ON_DEMAND, same_data=True), SETTLED, HELD, DEFERRED, "`hotarea train --force` does not wait"),
        (ask(ON_DEMAND, force=True), NEW, HELD, ACCEPTED, "by force"),
        (ask(DRIFT), NEW, replace(begun(23), is_held=True), DEFERRED, "a candidate waits"),
        (ask(NEW_DATA), NEW, replace(UNDER_WAY, is_held=True), JOINED, "it is being trained"),
        (ask(NEW_DATA), SETTLED, HELD, SKIPPED, "same data"),
        (ask(NEW_DATA), YOUNG, HELD, SKIPPED, "too little data"),
    ],
)
def test_what_becomes_of_a_request(wish: Ask, data: Data, past: Past, outcome: str, why: str) -> None:
    found = answer(wish, data, past, POLICY, NOW)

    assert (found.outcome, why in found.why) == (outcome, True), found.why


def test_who_joins_is_told_which_training() -> None:
    assert answer(ask(NEW_DATA), NEW, waiting(1), POLICY, NOW).start == 1
    assert answer(ask(NEW_DATA), NEW, begun(0.5, training_id=THIS, ended=False), POLICY, NOW).start == 1


def test_who_is_deferred_is_told_until_when() -> None:
    cooling = answer(ask(DRIFT), NEW, begun(23), POLICY, NOW)
    spent = answer(ask(NEW_DATA), NEW, begun(1, 80, 90, 160), POLICY, NOW)

    assert cooling.until == NOW + timedelta(hours=1)
    assert spent.until == NOW + timedelta(hours=168 - 90)  # then two are left of the last seven days


@given(
    hours=st.lists(st.floats(0, 400), max_size=8),
    reason=st.sampled_from(REASONS),
)
def test_a_request_that_was_deferred_is_accepted_at_its_time(hours: list[float], reason: str) -> None:
    past = begun(*hours)
    found = answer(ask(reason), NEW, past, POLICY, NOW)
    for _ in range(2):  # after the cooldown, the budget may be what holds it
        if found.outcome == DEFERRED:
            assert found.until is not None
            assert found.until > NOW
            found = answer(ask(reason), NEW, past, POLICY, found.until)

    assert found.outcome == ACCEPTED


def request(outcome: str, reason: str = DRIFT, **more: object) -> TriggerRequest:
    return TriggerRequest(
        request_id="r",
        reason=reason,
        subject="about",
        asked_by="",
        outcome=outcome,
        why="",
        training_id=THIS,
        **{"asked_at": NOW, **more},
    )


def test_the_schedule_asks_after_its_days_and_not_before() -> None:
    first, asked = begun(30 * 24), [request(SKIPPED, SCHEDULE)]

    assert is_scheduled([], first, POLICY, NOW)
    assert not is_scheduled([], begun(30 * 24 - 0.01), POLICY, NOW)
    assert not is_scheduled(asked, first, POLICY, NOW + timedelta(days=29))
    assert is_scheduled(asked, first, POLICY, NOW + timedelta(days=30))
    assert not is_scheduled([], Past(), POLICY, NOW)  # before the first training there is nothing to repeat


DIED = begun(1.1, training_id=THIS, ended=False)
LONG_AGO = begun(40 * 24)


def and_then(*starts: TrainingStart, pickups: tuple[TrainingPickup, ...] = (), ended: str = "") -> Past:
    """A training of 40 days ago that was decided on, and what came after it."""
    return Past([*LONG_AGO.starts, *starts], [*LONG_AGO.pickups, *pickups], {OLD, ended})


@pytest.mark.parametrize(
    ("outcome", "more", "past", "again"),
    [
        *(
            case
            for outcome in (ACCEPTED, JOINED)
            for case in [
                (outcome, {"start": 2}, and_then(accepted(71, 2)), False),  # it waits for its run
                (outcome, {"start": 2}, and_then(accepted(73, 2)), True),  # which never came
                (outcome, {"start": 2}, and_then(accepted(2, 2), pickups=(taken_up(0.9, 2),)), False),
                (outcome, {"start": 2}, and_then(accepted(2, 2), pickups=(taken_up(1.1, 2),)), True),  # which died
                (outcome, {"start": 2}, and_then(accepted(2, 2), pickups=(taken_up(1.1, 2),), ended=THIS), False),
                (outcome, {"start": 2}, and_then(accepted(2, 2), pickups=(taken_up(1.1, 2, None),)), False),
            ]
        ),
        (DEFERRED, {"until": NOW + timedelta(minutes=1)}, LONG_AGO, False),
        (DEFERRED, {"until": NOW}, LONG_AGO, True),
        (DEFERRED, {}, replace(LONG_AGO, is_held=True), False),
        (DEFERRED, {}, LONG_AGO, True),
        (SKIPPED, {}, LONG_AGO, False),
    ],
)
def test_the_schedule_asks_again_for_what_came_to_nothing(
    outcome: str, more: dict[str, object], past: Past, again: bool
) -> None:
    asked = request(outcome, SCHEDULE, asked_at=NOW - timedelta(days=4), **more)

    assert is_scheduled([asked], past, POLICY, NOW) is again


def test_a_training_that_died_is_none_after_which_the_schedule_waits() -> None:
    """Whoever had asked for it."""
    died = and_then(accepted(50, 2), pickups=(taken_up(48, 2),))

    assert is_scheduled([], died, POLICY, NOW)
    assert not is_scheduled([], replace(died, ended={OLD, THIS}), POLICY, NOW)


@pytest.mark.parametrize(
    ("earlier", "past", "again"),
    [
        (request(SKIPPED), Past(), False),
        (request(DEFERRED, until=NOW - timedelta(minutes=1)), Past(), True),
        (request(DEFERRED, until=NOW + timedelta(minutes=1)), Past(), False),
        (request(DEFERRED), HELD, False),  # and a daily look does not ask each time
        (request(DEFERRED), Past(), True),  # a person has answered, or the time for that is over
        *(
            case
            for outcome in (ACCEPTED, JOINED)
            for case in [
                (request(outcome, start=1), begun(0.9, training_id=THIS, ended=False), False),  # is being trained
                (request(outcome, start=1), DIED, True),
                (request(outcome, start=1), begun(1.1, training_id=THIS), False),  # was decided on
                (request(outcome, start=1), begun(1.1, training_id=None), False),  # there was nothing left to train
                (request(outcome, start=1), waiting(71), False),
                (request(outcome, start=1), waiting(73), True),
                (request(outcome, start=1), waiting(73, is_held=True), False),
                (request(outcome, start=None), Past(), True),  # by an earlier version
            ]
        ),
    ],
)
def test_the_same_is_asked_again_only_if_it_was_not_told_for_good(
    earlier: TriggerRequest, past: Past, again: bool
) -> None:
    assert is_news(ask(DRIFT), [earlier], past, POLICY, NOW) is again
    assert is_news(replace(ask(DRIFT), subject="another cutoff"), [earlier], past, POLICY, NOW)


def test_a_reason_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="reason 'whim'; expected one of on_demand"):
        ask("whim")
