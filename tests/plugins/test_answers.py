"""The trigger of a question: what the triggerer makes of it again, and a ledger that cannot be read."""

import asyncio
import importlib
from datetime import UTC, datetime
from uuid import uuid4

from airflow.sdk import Param
from hotarea_airflow import answers

from hotarea.domain.settings import Settings


def trigger() -> answers.AnswerTrigger:
    return answers.AnswerTrigger(
        training_id="t1",
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
    assert (again.training_id, again.poke_interval) == ("t1", answers.EVERY_S)
    assert answers.EVERY_S <= 60


def test_a_ledger_that_cannot_be_read_or_holds_no_answer_ends_no_question(settings: Settings, monkeypatch):
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    assert asyncio.run(asyncio.to_thread(trigger()._from_ledger)) is None
    monkeypatch.setenv("HOTAREA_LEDGER_URL", "postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    assert trigger()._from_ledger() is None
