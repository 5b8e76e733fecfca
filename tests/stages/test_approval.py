"""What a person says to a candidate that the gate holds, and what follows from it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hotarea.domain import records
from hotarea.domain.errors import GateError
from hotarea.domain.settings import Settings
from hotarea.stages import approval, gate, promote, standing
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder, write
from tests.conftest import Published
from tests.evidence import FIRST, beaten_by

SLOW = replace(FIRST, rehearsal=replace(FIRST.rehearsal, p99_ms=1_000.0))  # type: ignore[type-var]


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with Ledger(settings.ledger) as opened:
        yield opened


@pytest.fixture
def held(settings: Settings, ledger: Ledger) -> Settings:
    """A home with candidate t1, which the gate holds."""
    decide(settings, ledger, replace(SLOW, training_id="t1"))
    return settings


def decide(settings: Settings, ledger: Ledger, evidence) -> records.Decision:
    folder = TrainingFolder.of(Layout(settings.home), evidence.training_id)
    write(folder.evidence, evidence)
    ledger.add(
        records.TrainingRun(
            training_id=evidence.training_id,
            model_version=evidence.model_version,
            feature_service="s",
            training_cutoffs=[],
            evaluation_cutoff=date(2017, 12, 31),
            rows=1,
            metrics=evidence.metrics,
            run_id="test",
        )
    )
    return gate.run(settings, evidence.training_id, "gate")


def approve(settings: Settings, training_id: str | None = "t1", **changes) -> records.Approval:
    given = {"approved": True, "by": "ada", "reason": "the machine was busy", "run_id": "answer"}
    return approval.answer(settings, training_id, **given | changes)


def page(settings: Settings, ledger: Ledger) -> str:
    return Path(ledger.all(records.Decision)[0].report).read_text()


def test_a_held_candidate_is_not_promoted_and_the_error_says_how_to_answer(held):
    with pytest.raises(GateError, match=r"the gate holds version 1 of t1: milliseconds .*hotarea approve t1"):
        promote.run(held, "t1", "promote")


def test_an_approval_is_remembered_with_who_and_why_and_shown_on_the_page(held, ledger):
    assert "Without an answer within 96.0 hours" in page(held, ledger)

    found = approve(held)

    [decision] = ledger.all(records.Decision)
    assert ledger.all(records.Approval) == [found]
    assert (found.training_id, found.decided_at, found.model_version) == ("t1", decision.decided_at, 1)
    assert (found.approved, found.by, found.reason) == (True, "ada", "the machine was busy")
    assert "<b>ada</b> approved it" in page(held, ledger)


def test_a_refusal_ends_it(held, ledger):
    approve(held, approved=False, reason="not worth it")

    with pytest.raises(GateError, match="ada refused version 1 of t1: not worth it"):
        promote.run(held, "t1", "promote")
    assert gate.explain(held, "t1")[-1] == "ada refused it: not worth it"
    assert gate.run(held, "t1", "again") == ledger.all(records.Decision)[0]


def test_the_first_answer_counts(held, ledger):
    first = approve(held)

    assert approve(held, by="bob") == first
    with pytest.raises(GateError, match="ada approved version 1 already"):
        approve(held, by="bob", approved=False)
    assert ledger.all(records.Approval) == [first]


def test_that_nobody_answers_refuses(held, ledger):
    [decision] = ledger.all(records.Decision)
    found = approval.timed_out(held, "t1", decision.decided_at, "run")

    assert (found.approved, found.by, found.reason) == (False, "nobody", "no person has answered within 96 hours")
    assert approval.timed_out(held, "t1", decision.decided_at, "again") == found


@pytest.fixture
def late(held: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """That home when the time is over, of which no question has taken notice."""
    monkeypatch.setattr(records, "now", lambda: datetime.now(UTC) + timedelta(hours=97))
    return held


def test_an_approval_after_the_time_is_refused(late, ledger):
    with pytest.raises(GateError, match=r"version 1 of t1 waited for an answer until .* UTC and is refused"):
        approve(late)
    with pytest.raises(GateError, match="nobody refused version 1 already"):
        approve(late)

    [answer] = ledger.all(records.Approval)
    assert (answer.approved, answer.by, answer.reason) == (False, "nobody", "no person has answered within 96 hours")
    with pytest.raises(GateError, match="nobody"):
        promote.run(late, "t1", "run")


def test_a_person_may_refuse_at_any_time(late):
    assert approve(late, approved=False).by == "ada"


def test_an_answer_that_came_before_the_time_was_up_counts(held):
    given = approve(held)

    assert approval.timed_out(held, "t1", given.decided_at, "run") == given


@pytest.mark.parametrize(
    ("verdict", "told"), [("hold", "hotarea approve t1"), ("promote", "hotarea promote t1"), ("reject", "nothing left")]
)
def test_what_is_said_to_an_earlier_decision_is_not_taken_for_the_last(held, ledger, verdict, told):
    [first] = ledger.all(records.Decision)
    ledger.add(replace(first, verdict=verdict, accepted=verdict == "promote", decided_at=records.now()))

    with pytest.raises(GateError, match=rf"decided anew: .* it said {verdict} of version 1.*{told}"):
        approval.timed_out(held, "t1", first.decided_at, "run")
    given = {"approved": True, "by": "ada", "reason": "it is as good", "run_id": "run"}
    with pytest.raises(GateError, match="decided anew"):
        approval.remember(held, "t1", **given, decided_at=first.decided_at)
    assert ledger.all(records.Approval) == []


def test_without_a_name_the_newest_candidate_that_waits_is_meant(held, ledger):
    decide(held, ledger, replace(SLOW, training_id="t2", model_version=2))
    decide(held, ledger, replace(FIRST, training_id="t3", model_version=3))

    assert approve(held, None).training_id == "t2"
    assert approve(held, None).training_id == "t1"
    with pytest.raises(GateError, match="no candidate waits for an answer"):
        approve(held, None)
    with pytest.raises(GateError, match="no candidate t9 waits for an answer"):
        approve(held, "t9")


def test_a_hold_that_was_decided_on_anew_waits_no_longer(held, ledger):
    [first] = ledger.all(records.Decision)
    ledger.add(replace(first, verdict="promote", accepted=True, decided_at=records.now()))

    with pytest.raises(GateError, match="waits for an answer"):
        approve(held, None)
    assert standing.settled(ledger, "t1") is None  # it may be promoted


@pytest.mark.parametrize(
    ("evidence", "said"), [(FIRST, "the gate said promote of version 1"), (beaten_by(FIRST, "rate"), "said reject of")]
)
def test_only_what_the_gate_holds_is_answered(settings, ledger, evidence, said):
    decide(settings, ledger, replace(evidence, training_id="t1"))

    with pytest.raises(GateError, match=said):
        approve(settings)
    assert ledger.all(records.Approval) == []


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"by": " "}, "'' is no person's name"),
        ({"by": "nobody"}, "'nobody' is no person's name: gate and nobody say in the ledger"),
        ({"by": " Gate "}, "'Gate' is no person's name.*Say it by --as"),
        ({"reason": " "}, "an answer needs a reason"),
    ],
)
def test_an_answer_needs_a_reason_and_a_persons_name(held, ledger, given, said):
    with pytest.raises(GateError, match=said):
        approve(held, **given)
    assert ledger.all(records.Approval) == []


def test_an_approval_against_another_champion_is_refused_and_the_gate_decides_anew(held, ledger):
    assert "the gate holds its version 1" in (standing.settled(ledger, "t1") or "")
    Published(held).champion(7)

    with pytest.raises(GateError, match=r"but version 7 is in service by now; .* the training again .* --force"):
        approve(held)
    assert standing.settled(ledger, "t1") is None  # so that the training that the message asks for is not skipped
    assert approve(held, approved=False).by == "ada"  # a refusal needs no rival


def test_no_time_out_is_remembered_against_another_champion(held, ledger):
    [decision] = ledger.all(records.Decision)
    Published(held).champion(7)

    with pytest.raises(GateError, match=r"champion changed: .* the training again .* --force") as raised:
        approval.timed_out(held, "t1", decision.decided_at, "run")

    assert ledger.all(records.Approval) == []
    assert standing.settled(ledger, "t1") is None  # so that the gate may decide anew
    assert raised.value.problem == "gate/held"


def test_the_question_names_what_stands_against_the_candidate_and_links_to_the_report(held, ledger):
    [decision] = ledger.all(records.Decision)

    asked = approval.question(held, decision)

    assert (
        "**rehearsal: latency**: milliseconds of the processor, not of the clock, in which 99 % of all answers are "
        "given: 1000" in asked
    )
    assert "[the report](http://127.0.0.1:8080/hotarea/reports/decisions/t1/" in asked
    assert "**floor: roc_auc**" not in asked
    assert f"until {decision.decided_at + timedelta(hours=96):%Y-%m-%d %H:%M} UTC it is rejected" in asked
