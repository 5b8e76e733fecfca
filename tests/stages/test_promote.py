from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotarea.domain import records
from hotarea.domain.errors import GateError
from hotarea.domain.settings import Settings
from hotarea.domain.training import MODEL_NAME
from hotarea.stages import promote, rollback
from hotarea.stores import registry
from hotarea.stores.ledger import Ledger
from tests.champions import METRICS, RATE, decide, promoted, timeline
from tests.templates import copied


@pytest.fixture
def home(three_versions: Path, settings: Settings) -> Settings:
    return copied(three_versions, settings)


def test_an_accepted_candidate_is_put_in_service_with_figures_as_the_reason(home):
    decide(home, 1, None)

    champion = promote.run(home, "t1", "run")

    assert (champion.model_name, champion.model_version) == (MODEL_NAME, 1)
    assert champion.feature_service == "hot_area_model_v1"
    assert champion.metrics == METRICS
    assert champion.reason == ("average precision 0.760 at 2017-12-31, best baseline rate 0.610; the first champion")
    assert registry.champion(home) == 1
    assert timeline(home) == [1]


def test_the_next_champion_is_compared_with_the_one_before(home):
    promoted(home, 1)
    decide(home, 2, against=1)

    champion = promote.run(home, None, "run")

    assert champion.model_version == 2
    assert champion.reason.endswith("champion version 1 0.760 on the same rows")
    assert registry.champion(home) == 2


def test_a_promotion_that_is_repeated_changes_nothing(home):
    decide(home, 1, None)
    first = promote.run(home, "t1", "run")

    assert promote.run(home, "t1", "again") == first
    assert timeline(home) == [1]


def test_a_promotion_that_is_repeated_after_a_rollback_does_not_undo_it(home):
    promoted(home, 1, 2)
    rollback.run(home, "rollback", "wrong topics")

    assert promote.run(home, "t2", "retry").model_version == 2
    assert timeline(home) == [1, 2, 1]
    assert registry.champion(home) == 1


def test_a_refused_candidate_is_not_promoted(home):
    decide(home, 1, None, accepted=False)

    with pytest.raises(GateError, match="the gate refused version 1 of t1: it is no better than a coin"):
        promote.run(home, "t1", "run")
    assert (timeline(home), registry.champion(home)) == ([], None)


@pytest.mark.parametrize("training_id", [None, "t1"])
def test_without_a_decision_nothing_is_promoted(home, training_id):
    with pytest.raises(GateError, match="no decision of the gate covers"):
        promote.run(home, training_id, "run")


def test_a_refused_candidate_is_passed_over_where_none_is_named(home):
    decide(home, 1, None)
    decide(home, 2, None, accepted=False)

    assert promote.run(home, None, "run").model_version == 1


def test_an_acceptance_against_another_champion_is_refused(home):
    decide(home, 1, None)
    decide(home, 2, None)
    promote.run(home, "t1", "run")

    with pytest.raises(GateError, match="accepted against champion version None, but version 1 is in service"):
        promote.run(home, "t2", "run")
    assert timeline(home) == [1]


def test_a_candidate_that_was_decided_on_anew_is_promoted_by_the_last_decision(home):
    decide(home, 1, None)
    decide(home, 2, None)
    promote.run(home, "t1", "run")
    with Ledger(home.ledger) as ledger:
        [first] = ledger.all(records.Decision, training_id="t2")
        better = {**METRICS, "average_precision": 0.8}
        metrics = {"model": better, "rate": RATE, "champion": METRICS}
        ledger.add(replace(first, champion_version=1, metrics=metrics, decided_at=records.now()))

    champion = promote.run(home, "t2", "run")

    assert champion.metrics == better
    assert champion.reason == (
        "average precision 0.800 at 2017-12-31, best baseline rate 0.610, champion version 1 0.760 on the same rows"
    )
    assert timeline(home) == [1, 2]


@pytest.mark.parametrize(("training_id", "said"), [(None, "no decision of the gate covers"), ("t1", "worse")])
def test_an_acceptance_that_a_later_refusal_took_back_is_not_promoted(home, training_id, said):
    decide(home, 1, None)
    with Ledger(home.ledger) as ledger:
        [first] = ledger.all(records.Decision)
        ledger.add(replace(first, accepted=False, verdict="reject", reasons=["worse"], decided_at=records.now()))

    with pytest.raises(GateError, match=said):
        promote.run(home, training_id, "run")
    assert timeline(home) == []


@pytest.mark.parametrize("step", ["promote", "rollback"])
def test_of_two_that_follow_the_same_champion_one_is_refused_and_changes_nothing(home, monkeypatch, step):
    """Another promotion comes after the champion was looked up, and before the entry is written."""
    promoted(home, 1, 2)
    decide(home, 3, against=2)
    seen = registry.tags

    def meanwhile(settings: Settings, version: int) -> dict[str, str]:
        monkeypatch.setattr(registry, "tags", seen)
        rollback.run(settings, "first", "came first", version=1)
        return seen(settings, version)

    monkeypatch.setattr(registry, "tags", meanwhile)

    with pytest.raises(GateError, match="the champion changed meanwhile"):
        promote.run(home, "t3", "run") if step == "promote" else rollback.run(home, "second", "came second")
    assert (timeline(home), registry.champion(home)) == ([1, 2, 1], 1)


def test_a_clock_that_went_back_does_not_change_who_is_in_service(home, monkeypatch):
    promoted(home, 1)
    decide(home, 2, against=1)
    monkeypatch.setattr(records, "now", lambda: datetime(2001, 1, 1, tzinfo=UTC))
    promote.run(home, "t2", "run")
    rolled = rollback.run(home, "rollback", "wrong topics")

    assert rolled.promoted_at.year == 2001
    assert (timeline(home), registry.champion(home)) == ([1, 2, 1], 1)


def test_a_version_that_is_gone_from_the_registry_is_not_promoted(home):
    decide(home, 9, None)

    with pytest.raises(GateError, match="has no version 9"):
        promote.run(home, "t9", "run")
    assert timeline(home) == []


def test_an_interruption_between_ledger_and_registry_is_mended_by_running_again(home, monkeypatch):
    decide(home, 1, None)
    with monkeypatch.context() as broken:
        broken.setattr(registry, "crown", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            promote.run(home, "t1", "run")
    assert (timeline(home), registry.champion(home)) == ([1], None)

    promote.run(home, "t1", "run")

    assert (timeline(home), registry.champion(home)) == ([1], 1)


def test_an_alias_that_was_moved_by_hand_is_put_back(home):
    promoted(home, 1)
    registry.crown(home, 3)

    promote.run(home, "t1", "run")

    assert registry.champion(home) == 1
