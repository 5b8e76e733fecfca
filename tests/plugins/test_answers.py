"""The trigger of a question: what the triggerer makes of it again, and what it finds in a ledger or not."""

import asyncio
import importlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from airflow.sdk import Param
from hotarea_airflow import answers

from hotarea.domain.records import Approval, Decision
from hotarea.domain.settings import Settings
from tests.conftest import Published

HELD = Decision(
    training_id="t1",
    model_version=1,
    champion_version=None,
    accepted=False,
    verdict="hold",
    checks=[],
    reasons=[],
    metrics={},
    run_id="gate",
    decided_at=datetime(2024, 1, 1, 12, 0, 0, 1, tzinfo=UTC),
)


def trigger() -> answers.AnswerTrigger:
    return answers.AnswerTrigger(
        training_id="t1",
        decided_at=HELD.decided_at.isoformat(),
        ti_id=uuid4(),
        options=[answers.APPROVE, answers.REJECT],
        params={"why": Param(None, type=["null", "string"], description="why").serialize()},
        defaults=[answers.REJECT],
        timeout_datetime=datetime(2100, 1, 1, tzinfo=UTC),
    )


def test_the_triggerer_makes_the_same_again():
    first = trigger()
    place, values = first.serialize()
    module, _, name = place.rpartition(".")

    again = getattr(importlib.import_module(module), name)(**values)

    assert type(again) is answers.AnswerTrigger
    assert again.serialize() == first.serialize()
    assert (again.training_id, again.decided_at) == ("t1", first.decided_at)
    assert again.poke_interval == answers.EVERY_S
    assert answers.EVERY_S <= 60


def test_a_ledger_that_cannot_be_read_or_holds_no_answer_ends_no_question(settings: Settings, monkeypatch):
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    assert asyncio.run(asyncio.to_thread(trigger()._from_ledger)) is None
    monkeypatch.setenv("HOTAREA_LEDGER_URL", "postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    assert trigger()._from_ledger() is None


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """How the question was closed in Airflow's UI."""
    found: list[dict[str, Any]] = []
    monkeypatch.setattr(answers, "update_hitl_detail_response", lambda **told: found.append(told))
    return found


@pytest.fixture
def asked(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Published:
    """A home in which a person is asked about a candidate."""
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    home = Published(settings)
    home.remember(HELD)
    return home


def approved(home: Published) -> None:
    home.remember(
        Approval(
            training_id="t1",
            decided_at=HELD.decided_at,
            model_version=1,
            approved=True,
            by="ada",
            reason="seen",
            run_id="c",
        )
    )


def test_it_waits_while_a_person_may_answer_and_goes_on_with_the_answer(asked, closed):
    assert trigger()._from_ledger() is None
    approved(asked)
    asked.champion(7)  # what follows from the answer, the promotion finds out

    event = trigger()._from_ledger()

    assert (event.payload["chosen_options"], event.payload["responded_by_user"]) == ([answers.APPROVE], None)
    assert [told["params_input"] for told in closed] == [{"why": "seen"}]


def anew(verdict: str) -> Callable[[Published], None]:
    later = replace(HELD, verdict=verdict, champion_version=7, decided_at=HELD.decided_at + timedelta(hours=1))
    return lambda home: home.remember(later)


@pytest.mark.parametrize(
    ("happened", "said", "known_as"),
    [
        pytest.param(
            lambda home: home.champion(7), "champion changed.*hotarea train --force", "", id="champion changed"
        ),
        pytest.param(anew("hold"), "decided anew.*hotarea approve t1", "gate/waiting", id="held anew"),
        pytest.param(anew("promote"), "decided anew.*hotarea promote t1", "gate/waiting", id="accepted"),
        pytest.param(anew("reject"), "decided anew.*nothing left to answer", "gate/waiting", id="refused"),
    ],
)
def test_a_question_that_can_have_no_answer_any_more_ends(asked, closed, happened, said, known_as):
    happened(asked)

    event = trigger()._from_ledger()

    assert (event.payload["error_type"], event.payload["problem"]) == (answers.IN_VAIN, known_as)
    assert re.search(said, event.payload["error"])
    assert [told["params_input"] for told in closed] == [{"why": event.payload["error"]}]
    assert len(event.payload["error"]) <= 500  # so long may a reason be


def test_each_event_says_which_decision_was_asked_about(asked, closed, monkeypatch):
    async def unanswered(_: object) -> None:
        """Nobody answers in Airflow."""

    async def first(waiting: answers.AnswerTrigger) -> Any:
        return await anext(aiter(waiting.run()))

    monkeypatch.setattr(answers.HITLTrigger, "_handle_response", unanswered)
    approved(asked)

    event = asyncio.run(first(trigger()))

    assert (event.payload["decided_at"], event.payload["chosen_options"]) == (HELD.decided_at.isoformat(), ["Approve"])
