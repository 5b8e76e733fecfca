"""Each of the five reasons causes a training, or rightly does not; two that ask at once start one."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from hotarea.domain import records, triggers
from hotarea.domain.records import (
    Approval,
    Champion,
    Decision,
    DriftCheck,
    LivePerformance,
    TrainingPickup,
    TrainingRun,
    TrainingStart,
    TriggerRequest,
    now,
)
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ACCEPTED, DEFERRED, JOINED, SKIPPED, Ask
from hotarea.stages import arbiter, gate, monitor, promote, train
from hotarea.stages.arbiter import Wanted
from hotarea.stores.ledger import Ledger
from tests.conftest import PROJECT, Published
from tests.histories import SHORT, History, end
from tests.stages.pasts import rewrite
from tests.templates import copied, shared


@pytest.fixture
def short(settings: Settings, six_years_online: Path) -> Settings:
    """A home with a history whose horizon is one year: trains on 2011 to 2013, evaluates 2014, scores 2015."""
    return copied(six_years_online, settings.model_copy(update=SHORT))


def remember(settings: Settings, *found: records.Record) -> None:
    with Ledger(settings.ledger) as ledger:
        ledger.add(*found)


def all_of(settings: Settings, kind: type) -> list:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(kind)


def promoted(settings: Settings) -> None:
    """Train a champion on demand, as the command line does."""
    answer, plan = arbiter.plan(settings, "first", Wanted("the first one"))
    assert (answer.outcome, plan is not None) == (ACCEPTED, True)
    training_id = train.carry_out(settings, plan, "first")
    assert gate.run(settings, training_id, "first").accepted
    promote.run(settings, training_id, "first")


@pytest.fixture(scope="session")
def with_champion(six_years_online: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same home with a champion that was asked for on demand."""

    def build(home: Path) -> None:
        promoted(copied(six_years_online, Settings.load(home=home, project=PROJECT, **SHORT)))

    return shared(tmp_path_factory, "six-years-champion", build)


@pytest.fixture
def served(settings: Settings, with_champion: Path) -> Settings:
    """A copy of it."""
    return copied(with_champion, settings.model_copy(update=SHORT))


def aged(settings: Settings, days: float) -> None:
    """Move the trainings that were accepted and taken up, and what was answered, into the past."""
    kinds = {TrainingStart: "started_at", TrainingPickup: "picked_up_at", TriggerRequest: "asked_at"}
    with Ledger(settings.ledger) as ledger:
        for kind, at in kinds.items():
            for found in ledger.all(kind):
                rewrite(ledger, found, replace(found, **{at: getattr(found, at) - timedelta(days=days)}))


POLICY = {"approval": {"wait_hours": 96.0}}


def evaluated(training_id: str) -> TrainingRun:
    return TrainingRun(
        training_id=training_id, model_version=1, feature_service="s", training_cutoffs=[], evaluation_cutoff=end(2014),
        rows=1, metrics={}, run_id="t",
    )  # fmt: skip


def decided(training_id: str, verdict: str, **more: object) -> Decision:
    return Decision(
        training_id=training_id, model_version=1, champion_version=None, accepted=verdict == "promote", checks=[],
        reasons=[], metrics={}, run_id="g", verdict=verdict, **{"policy": POLICY, **more},
    )  # fmt: skip


def answered(held: Decision, *, approved: bool) -> Approval:
    return Approval(
        training_id=held.training_id, decided_at=held.decided_at, model_version=held.model_version, approved=approved,
        by="ada", reason="seen by the test", run_id="a",
    )  # fmt: skip


def alarm(day, version: int = 1) -> DriftCheck:
    return DriftCheck(
        cutoff=day, known=day, model_version=version, reference="r", features={}, world={}, limits={}, importance={},
        predictions=0.5, new_documents={}, label_share=None, over=["predictions"], alarms=["predictions"],
        reasons=["they moved"], recurated=[], report="", run_id="m",
    )  # fmt: skip


def drop(day, version: int = 1) -> LivePerformance:
    return LivePerformance(
        cutoff=day, known=day, model_version=version, rows=900, hot=90, metrics={"model": {"average_precision": 0.4}},
        expected=0.8, expected_rival=None, dropped=True, run_id="m",
    )  # fmt: skip


def outcomes(answers: list[TriggerRequest]) -> dict[str, str]:
    return {answer.reason: answer.outcome for answer in answers}


def test_new_data_is_trained_on_once(short: Settings) -> None:
    first = monitor.ask(short, "m1")
    again = monitor.ask(short, "m2")

    assert outcomes(first) == {triggers.NEW_DATA: ACCEPTED}
    assert first[0].subject == "cutoff 2015-12-31@2015-12-31"
    assert again == []  # it was answered


def test_a_task_that_is_tried_again_gets_the_answers_that_it_got(short: Settings) -> None:
    first = monitor.ask(short, "m1")

    assert monitor.ask(short, "m1") == first
    assert len(all_of(short, TrainingStart)) == 1


def test_the_same_data_is_trained_on_by_nobody_again(served: Settings) -> None:
    aged(served, 40)
    remember(served, alarm(end(2015)), drop(end(2014)))

    answers = monitor.ask(served, "m")
    by_hand, plan = arbiter.plan(served, "p", Wanted("once more", force=True))

    # what is wrong with the champion cannot be mended by what it learned from
    assert outcomes(answers) == dict.fromkeys((triggers.PERFORMANCE, triggers.DRIFT, triggers.SCHEDULE), SKIPPED)
    assert all(a.why.startswith("same data as last time") for a in answers)
    assert (by_hand.outcome, plan) == (SKIPPED, None)
    assert len(all_of(served, TrainingStart)) == 1


def test_of_the_same_data_on_demand_it_is_evaluated_again_if_that_is_said(served: Settings) -> None:
    answer, plan = arbiter.plan(served, "p", Wanted("against the new champion", same_data=True))

    assert answer.outcome == ACCEPTED
    assert plan is not None
    assert train.carry_out(served, plan, "p") == answer.training_id


@pytest.mark.parametrize(
    ("reason", "record"), [(triggers.DRIFT, alarm(end(2016))), (triggers.PERFORMANCE, drop(end(2014)))]
)
def test_drift_and_dropped_performance_start_a_training_after_the_cooldown(
    served: Settings, reason: str, record: records.Record
) -> None:
    History(served).publish([2016])
    remember(served, record)

    cooling = {a.reason: a for a in monitor.ask(served, "m1")}
    aged(served, 4)  # and nobody took up what the new data had started
    with Ledger(served.ledger) as ledger:
        asked = ledger.all(TriggerRequest, reason=reason)[0]
        rewrite(ledger, asked, replace(asked, until=now()))
    later = outcomes(monitor.ask(served, "m2"))

    assert cooling[reason].outcome == DEFERRED
    assert cooling[reason].why.startswith("cooldown of 24 hours")
    # meanwhile the new data itself was reason enough
    assert cooling[triggers.NEW_DATA].outcome == ACCEPTED
    assert later == {reason: ACCEPTED, triggers.NEW_DATA: JOINED}


def test_an_alarm_against_an_earlier_champion_is_nobodys_reason(served: Settings) -> None:
    remember(served, alarm(end(2015), version=7), drop(end(2014), version=7))

    assert monitor.ask(served, "m") == []


def test_the_schedule_asks_when_it_is_time_and_only_then(served: Settings) -> None:
    assert monitor.ask(served, "m1") == []
    aged(served, 31)
    first = monitor.ask(served, "m2")
    assert outcomes(first) == {triggers.SCHEDULE: SKIPPED}
    assert monitor.ask(served, "m3") == []
    History(served).publish([2016])
    due = arbiter.ask(served, Ask(triggers.SCHEDULE, "the clock", "m4"))
    assert due.outcome == ACCEPTED


@pytest.mark.parametrize("begun", [False, True])
def test_a_scheduled_training_that_nobody_ended_is_asked_for_again(served: Settings, begun: bool) -> None:
    aged(served, 31)
    History(served).publish([2016])
    first = {a.reason: a for a in monitor.ask(served, "m1")}
    if begun:
        assert arbiter.plan(served, "dies", Wanted(), first[triggers.NEW_DATA].request_id)[1] is not None
    assert monitor.ask(served, "m2") == []
    aged(served, 4)

    again = outcomes(monitor.ask(served, "m3"))

    assert outcomes([*first.values()]) == {triggers.NEW_DATA: ACCEPTED, triggers.SCHEDULE: JOINED}
    assert again == {triggers.NEW_DATA: ACCEPTED, triggers.SCHEDULE: JOINED}


def test_a_young_corpus_is_an_outcome(with_registry: Settings) -> None:
    settings = with_registry.model_copy(update={"horizon_years": 1})
    assert monitor.ask(settings, "m0") == []  # nothing was ingested
    History(settings).publish([2010, 2011])

    answers = monitor.ask(settings, "m1")
    answer, plan = arbiter.plan(settings, "p", Wanted(force=True, same_data=True))

    assert outcomes(answers) == {triggers.NEW_DATA: SKIPPED}
    assert (answer.outcome, plan) == (SKIPPED, None)
    assert answer.why.startswith("too little data: nothing to train on: 1 of 2 cutoffs have matured")


def test_the_weeks_budget_bounds_a_source_that_delivers_all_the_time(short: Settings) -> None:
    numbers = [(n, f"2009-12-31-{n:010d}") for n in range(1, 6)]
    done = [TrainingStart(number=n, training_id=i, request_id="r", reason=triggers.NEW_DATA) for n, i in numbers]
    done += [TrainingPickup(number=n, training_id=i, run_id="r") for n, i in numbers]
    remember(short, *done)

    (answer,) = monitor.ask(short, "m")
    forced, plan = arbiter.plan(short, "p", Wanted("it matters", force=True))

    assert (answer.outcome, answer.why) == (DEFERRED, "the week's budget of 5 trainings is spent")
    assert (forced.outcome, plan is not None) == (ACCEPTED, True)


def test_a_request_that_waits_for_its_run_is_not_accepted_again_and_costs_nothing(short: Settings) -> None:
    """As long as train_model is paused, or its run is queued behind a candidate that waits for a person."""
    (request,) = monitor.ask(short, "m1")
    aged(short, 2)
    later = monitor.ask(short, "m2")
    History(short).publish([2016])  # with labels of 2015: other data than were accepted
    (newer,) = monitor.ask(short, "m3")
    waits = all_of(short, TrainingPickup)
    _, plan = arbiter.plan(short, "asset-run", Wanted(), request.request_id)

    assert (later, waits) == ([], [])
    assert (newer.outcome, newer.start) == (JOINED, request.start)
    assert [s.number for s in all_of(short, TrainingStart)] == [1]
    (taken,) = all_of(short, TrainingPickup)
    assert (taken.number, taken.run_id, taken.training_id) == (1, "asset-run", newer.training_id)  # what is newest
    assert plan is not None
    assert plan.parent.name == newer.training_id


@pytest.mark.parametrize("verdict", ["reject", "hold", "promote"])
def test_a_newer_cutoff_does_not_share_the_fate_of_the_same_model_at_an_older_one(
    short: Settings, verdict: str
) -> None:
    """A release without new labels arrives while the cutoff before it is being trained."""
    (first,) = monitor.ask(short, "m1")
    _, plan = arbiter.plan(short, "trains", Wanted(), first.request_id)
    History(short).publish_at(date(2016, 6, 30))
    (newer,) = monitor.ask(short, "m2")
    assert plan is not None
    remember(short, decided(plan.parent.name, verdict))
    if verdict == "promote":
        Published(short).champion(1)
    answer, queued = arbiter.plan(short, "asset-run", Wanted(), newer.request_id)

    assert (newer.outcome, newer.subject) == (ACCEPTED, "cutoff 2016-06-30@2016-06-30")
    assert answer == newer
    # a model that was promoted is not made again for a newer cutoff
    assert (queued and queued.parent.name) == (None if verdict == "promote" else newer.training_id)


def test_wishes_are_taken_up_again_where_the_training_that_they_joined_died(short: Settings) -> None:
    (request,) = monitor.ask(short, "m1")
    _, plan = arbiter.plan(short, "dies", Wanted(), request.request_id)
    remember(short, alarm(end(2015), version=0))
    (joined,) = monitor.ask(short, "m2")
    meanwhile = monitor.ask(short, "m3")
    assert plan
    remember(short, evaluated(plan.parent.name))  # and its gate never ran
    aged(short, 0.1)
    again = outcomes(monitor.ask(short, "m4"))

    assert (joined.reason, joined.outcome, meanwhile) == (triggers.DRIFT, JOINED, [])
    # both wishes are asked again: the first of them waits for a cooldown after the training that died
    assert again == {triggers.DRIFT: DEFERRED, triggers.NEW_DATA: ACCEPTED}


def test_a_candidate_that_may_serve_and_was_not_promoted_is_not_forgotten(short: Settings) -> None:
    (request,) = monitor.ask(short, "m1")
    _, plan = arbiter.plan(short, "dies", Wanted(), request.request_id)
    assert plan
    remember(short, decided(plan.parent.name, "promote"))
    aged(short, 0.1)

    (again,) = monitor.ask(short, "m2")
    _, plan = arbiter.plan(short, "p", Wanted(), again.request_id)
    Published(short).champion(1)
    aged(short, 0.1)

    assert (again.outcome, plan is not None) == (ACCEPTED, True)
    assert monitor.ask(short, "m3") == []


@pytest.mark.parametrize("approved", [True, False])
def test_while_a_candidate_waits_no_other_is_begun_and_no_wish_is_lost(short: Settings, approved: bool) -> None:
    held = decided("2014-12-31-held", "hold")
    remember(short, held)

    (wish,) = monitor.ask(short, "m1")
    by_hand, plan = arbiter.plan(short, "by hand", Wanted("a person asks"))
    meanwhile = monitor.ask(short, "m2")
    _, forced = arbiter.plan(short, "forced", Wanted("it matters", force=True))
    remember(short, answered(held, approved=approved))
    aged(short, 0.1)  # and whoever trained by force is dead
    (again,) = monitor.ask(short, "m3")

    assert (wish.reason, wish.outcome, wish.until) == (triggers.NEW_DATA, DEFERRED, None)
    assert (by_hand.outcome, plan) == (DEFERRED, None)
    assert "`hotarea approve` or `hotarea reject` answers, `hotarea train --force` does not wait" in by_hand.why
    assert (meanwhile, forced is not None) == ([], True)
    assert (again.subject, again.outcome) == (wish.subject, ACCEPTED)


@pytest.mark.parametrize(("hours", "outcome"), [(96.0, JOINED), (0.001, ACCEPTED)])
def test_while_a_person_is_asked_a_request_waits_however_long_that_takes(
    short: Settings, hours: float, outcome: str
) -> None:
    """Its run is queued behind the one that waits."""
    monitor.ask(short, "m1")
    aged(short, 30)
    policy = {"approval": {"wait_hours": hours}}
    held = decided("2014-12-31-held", "hold", policy=policy, decided_at=now() - timedelta(hours=1))
    remember(short, held)

    answer = arbiter.ask(short, Ask(triggers.SCHEDULE, "the clock", "m2"))

    assert answer.outcome == outcome


def test_a_candidate_whose_champion_was_replaced_holds_nobody_up(short: Settings) -> None:
    """No answer can let it serve any more."""
    remember(short, decided("2014-12-31-held", "hold"))
    Published(short).champion(1)

    _, plan = arbiter.plan(short, "by hand", Wanted("a person asks"))

    assert plan is not None


@pytest.fixture
def joined(short: Settings) -> tuple[TriggerRequest, str]:
    """What was accepted and waits for its run, and what a person trains meanwhile, who does not wait for that."""
    (waits,) = monitor.ask(short, "m1")
    by_hand, plan = arbiter.plan(short, "by hand", Wanted("a person asks"))
    assert (waits.outcome, by_hand.outcome, plan is not None) == (ACCEPTED, ACCEPTED, True)
    return waits, by_hand.training_id or ""


def test_who_takes_up_what_another_run_is_training_leaves_it_to_that(
    short: Settings, joined: tuple[TriggerRequest, str]
) -> None:
    waits, training_id = joined

    answers = [arbiter.plan(short, "asset-run", Wanted(), waits.request_id) for _ in range(2)]  # tried again: the same

    assert [(a.outcome, plan) for a, plan in answers] == [(JOINED, None)] * 2
    assert answers[0][0].why.startswith(f"run by hand trains {training_id} since ")
    pickups = all_of(short, TrainingPickup)
    assert [(p.number, p.run_id, p.training_id) for p in pickups] == [(n, "by hand", training_id) for n in (1, 2)]
    with Ledger(short.ledger) as ledger:
        assert len(triggers.Past(pickups=ledger.all(TrainingPickup)).begun) == 1  # it costs the budget once
    assert monitor.ask(short, "m2") == []


def test_a_wish_that_was_left_to_another_run_shares_its_fate(
    short: Settings, joined: tuple[TriggerRequest, str]
) -> None:
    waits, training_id = joined
    arbiter.plan(short, "asset-run", Wanted(), waits.request_id)
    aged(short, 0.1)  # and whoever trained it is dead
    _, cleared = arbiter.plan(short, "asset-run", Wanted(), waits.request_id)
    again = outcomes(monitor.ask(short, "m2"))
    remember(short, decided(training_id, "reject"))
    aged(short, 0.1)

    assert cleared is not None
    assert again == {triggers.NEW_DATA: ACCEPTED}
    assert monitor.ask(short, "m3") == []


def test_who_trains_by_force_beside_another_run_has_the_plan(
    short: Settings, joined: tuple[TriggerRequest, str]
) -> None:
    answer, plan = arbiter.plan(short, "forced", Wanted("it hangs", force=True))

    assert (answer.outcome, answer.training_id) == (ACCEPTED, joined[1])
    assert plan is not None


def test_a_request_whose_data_was_decided_on_meanwhile_has_nothing_left_to_train(short: Settings) -> None:
    (request,) = monitor.ask(short, "m1")
    remember(short, decided(request.training_id or "", "reject"))  # a person need not wait for the run

    answer, plan = arbiter.plan(short, "late", Wanted(), request.request_id)

    assert (answer, plan) == (request, None)
    assert [(p.number, p.training_id) for p in all_of(short, TrainingPickup)] == [(1, None)]
    aged(short, 5)
    assert monitor.ask(short, "m2") == []


def test_the_command_does_what_the_dags_do(short: Settings) -> None:
    looked = monitor.run(short, "look", look=True)
    found = monitor.run(short, "cli")

    assert (looked.requests, looked.candidate) == ([], None)
    assert outcomes(found.requests) == {triggers.NEW_DATA: ACCEPTED}
    assert found.candidate is not None
    assert (found.candidate.verdict, found.candidate.model_version) == ("promote", 1)
    assert "hotarea score" in found.candidate.left
    assert [c.model_version for c in all_of(short, Champion)] == [1]


def test_the_command_says_what_is_left_to_a_person() -> None:
    assert monitor.left(decided("t", "reject")) == ""
    assert "`hotarea score`" in monitor.left(decided("t", "promote"))
    assert "`hotarea approve t --reason …` or `hotarea reject t --reason …`" in monitor.left(decided("t", "hold"))


def test_the_same_run_gets_the_same_answer(short: Settings) -> None:
    first, plan = arbiter.plan(short, "run", Wanted("a person asks"))
    again, same = arbiter.plan(short, "run", Wanted("a person asks"))

    assert (first, plan) == (again, same)
    assert [s.number for s in all_of(short, TrainingStart)] == [1]


def test_a_run_that_was_requested_reads_the_answer_and_asks_no_more(short: Settings) -> None:
    (request,) = monitor.ask(short, "m")

    answer, plan = arbiter.plan(short, "asset-run", Wanted(), request.request_id)

    assert answer == request
    assert plan is not None
    assert len(all_of(short, TriggerRequest)) == 1


def test_of_many_that_ask_at_once_one_starts_the_training(short: Settings) -> None:
    wishes = [Ask(triggers.ON_DEMAND, "at once", f"run-{n}") for n in range(8)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda wish: arbiter.ask(short, wish), wishes))

    assert Counter(a.outcome for a in answers) == {ACCEPTED: 1, JOINED: 7}
    assert all("it is being trained" in a.why for a in answers if a.outcome == JOINED)
    assert [s.number for s in all_of(short, TrainingStart)] == [1]
