"""Each of the five reasons causes a training, or rightly does not; two that ask at once start one."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from hotarea.domain import records, triggers
from hotarea.domain.records import DriftCheck, LivePerformance, TrainingStart, TriggerRequest, now
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ACCEPTED, DEFERRED, SKIPPED, Ask
from hotarea.stages import arbiter, gate, materialize, monitor, promote, train
from hotarea.stages.arbiter import Wanted
from hotarea.stores.ledger import Ledger
from tests.histories import History, end


@pytest.fixture
def short(with_registry: Settings) -> Settings:
    """A home with a history whose horizon is one year: trains on 2011 to 2013, evaluates 2014, scores 2015."""
    settings = with_registry.model_copy(update={"horizon_years": 1, "training_cutoffs": 3})
    History(settings).publish(range(2010, 2016))
    return settings


def remember(settings: Settings, *found: records.Record) -> None:
    with Ledger(settings.ledger) as ledger:
        ledger.add(*found)


def all_of(settings: Settings, kind: type) -> list:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(kind)


def promoted(settings: Settings) -> None:
    """Train a champion on demand, as the command line does."""
    materialize.run(settings, "first")  # the gate asks whether what is served agrees
    answer, plan = arbiter.plan(settings, "first", Wanted("the first one"))
    assert (answer.outcome, plan is not None) == (ACCEPTED, True)
    training_id = train.carry_out(settings, plan, "first")
    assert gate.run(settings, training_id, "first").accepted
    promote.run(settings, training_id, "first")


def aged(settings: Settings, days: float) -> None:
    """Move the trainings that were started into the past."""
    with Ledger(settings.ledger) as ledger:
        for start in ledger.all(TrainingStart):
            assert ledger.replace(start, replace(start, started_at=start.started_at - timedelta(days=days)))


def alarm(day, version: int = 1) -> DriftCheck:
    return DriftCheck(
        cutoff=day, known=day, model_version=version, reference="r", features={}, world={}, limits={}, importance={},
        predictions=0.5, new_documents={}, label_share=None, over=["predictions"], alarms=["predictions"],
        reasons=["they moved"], recurated=[], report="", run_id="m",
    )  # fmt: skip


def drop(day, version: int = 1) -> LivePerformance:
    return LivePerformance(
        cutoff=day, known=day, model_version=version, rows=900, hot=90, metrics={"model": {"average_precision": 0.4}},
        expected=0.8, dropped=True, run_id="m",
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


def test_the_same_data_is_trained_on_by_nobody_again(short: Settings) -> None:
    promoted(short)
    aged(short, 40)
    remember(short, alarm(end(2015)), drop(end(2014)))

    answers = monitor.ask(short, "m")
    by_hand, plan = arbiter.plan(short, "p", Wanted("once more", force=True))

    # what is wrong with the champion cannot be mended by what it learned from
    assert outcomes(answers) == dict.fromkeys((triggers.PERFORMANCE, triggers.DRIFT, triggers.SCHEDULE), SKIPPED)
    assert all(a.why.startswith("same data as last time") for a in answers)
    assert (by_hand.outcome, plan) == (SKIPPED, None)
    assert len(all_of(short, TrainingStart)) == 1


def test_of_the_same_data_on_demand_it_is_evaluated_again_if_that_is_said(short: Settings) -> None:
    promoted(short)

    answer, plan = arbiter.plan(short, "p", Wanted("against the new champion", same_data=True))

    assert answer.outcome == ACCEPTED
    assert plan is not None
    assert train.carry_out(short, plan, "p") == answer.training_id


@pytest.mark.parametrize(
    ("reason", "record"), [(triggers.DRIFT, alarm(end(2016))), (triggers.PERFORMANCE, drop(end(2014)))]
)
def test_drift_and_dropped_performance_start_a_training_after_the_cooldown(
    short: Settings, reason: str, record: records.Record
) -> None:
    promoted(short)
    History(short).publish([2016])
    remember(short, record)

    cooling = {a.reason: a for a in monitor.ask(short, "m1")}
    aged(short, 2)
    with Ledger(short.ledger) as ledger:
        asked = ledger.all(TriggerRequest, reason=reason)[0]
        ledger.replace(asked, replace(asked, until=now()))
    later = outcomes(monitor.ask(short, "m2"))

    assert cooling[reason].outcome == DEFERRED
    assert cooling[reason].why.startswith("cooldown of 24 hours")
    # meanwhile the new data itself was reason enough
    assert cooling[triggers.NEW_DATA].outcome == ACCEPTED
    assert later == {reason: ACCEPTED}


def test_an_alarm_against_an_earlier_champion_is_nobodys_reason(short: Settings) -> None:
    promoted(short)
    remember(short, alarm(end(2015), version=7), drop(end(2014), version=7))

    assert monitor.ask(short, "m") == []


def test_the_schedule_asks_when_it_is_time_and_only_then(short: Settings) -> None:
    promoted(short)
    assert monitor.ask(short, "m1") == []
    aged(short, 31)
    first = monitor.ask(short, "m2")
    assert outcomes(first) == {triggers.SCHEDULE: SKIPPED}
    assert monitor.ask(short, "m3") == []
    History(short).publish([2016])
    due = arbiter.ask(short, Ask(triggers.SCHEDULE, "the clock", "m4"))
    assert due.outcome == ACCEPTED


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
    done = [
        TrainingStart(number=n, training_id=f"2009-12-31-{n:010d}", request_id="r", reason="new_data")
        for n in range(1, 6)
    ]
    remember(short, *done)

    (answer,) = monitor.ask(short, "m")
    forced, plan = arbiter.plan(short, "p", Wanted("it matters", force=True))

    assert (answer.outcome, answer.why) == (DEFERRED, "the week's budget of 5 trainings is spent")
    assert (forced.outcome, plan is not None) == (ACCEPTED, True)


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

    assert Counter(a.outcome for a in answers) == {ACCEPTED: 1, SKIPPED: 7}
    assert all("it is being trained" in a.why for a in answers if a.outcome == SKIPPED)
    assert [s.number for s in all_of(short, TrainingStart)] == [1]
