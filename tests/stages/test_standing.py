"""Which decisions stand, and when a training needs nothing more: the last decision on it counts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from hotarea.domain import records
from hotarea.domain.errors import GateError
from hotarea.domain.settings import Settings
from hotarea.stages import approval, standing
from hotarea.stores.ledger import Ledger
from tests.conftest import Published

TRAINING = "2020-12-31-0123456789"
SERVING = {
    "name": "serving: document_citations",
    "verdict": "failed",
    "value": 0.5,
    "threshold": 0.0,
    "reason": "differs",
}
FLOOR = {"name": "floor: lift", "verdict": "failed", "value": 1.0, "threshold": 4.0, "reason": "weak"}
HELD = {"name": "drift: rate", "verdict": "held", "value": 2.0, "threshold": 1.0, "reason": "moved"}


@pytest.fixture
def ledger(settings: Settings) -> Iterator[Ledger]:
    with Ledger(settings.ledger) as opened:
        yield opened


def decided(verdict: str, day: int, *checks: dict, against: int | None = None) -> records.Decision:
    return records.Decision(
        training_id=TRAINING, model_version=1, champion_version=against, accepted=verdict == "promote", verdict=verdict,
        checks=[*checks], reasons=[], metrics={}, run_id="test", decided_at=datetime(2024, 1, day, tzinfo=UTC),
    )  # fmt: skip


def answered(decision: records.Decision, *, approved: bool) -> records.Approval:
    return records.Approval(
        training_id=TRAINING, decided_at=decision.decided_at, model_version=1, approved=approved, by="ada", reason="so",
        run_id="test",
    )  # fmt: skip


def written(day: int) -> records.Materialization:
    moment = datetime(2024, 1, day, tzinfo=UTC)
    return records.Materialization(
        view="document_citations", cutoff=date(2020, 12, 31), rows=1, seconds=0, run_id="test", materialized_at=moment
    )


HOLD, PROMOTE = decided("hold", 1, HELD), decided("promote", 2)
FOR_SERVING = decided("reject", 1, SERVING, HELD)


@pytest.mark.parametrize(
    ("remembered", "champion", "why", "stands"),
    [
        pytest.param([], None, None, False, id="nothing decided"),
        pytest.param([HOLD], None, "the gate holds", True, id="held"),
        pytest.param([HOLD], 7, None, False, id="held against another champion"),
        pytest.param([HOLD, answered(HOLD, approved=False)], 7, "ada refused", True, id="refused by a person"),
        pytest.param([HOLD, answered(HOLD, approved=True)], None, None, True, id="approved, and not promoted yet"),
        pytest.param([HOLD, PROMOTE], None, None, True, id="held, and accepted later"),
        pytest.param([PROMOTE], 7, None, False, id="accepted against another champion"),
        pytest.param([PROMOTE, decided("hold", 3, HELD, against=7)], 7, "the gate holds", True, id="and then held"),
        pytest.param([decided("reject", 1, FLOOR)], 7, "the gate refused", True, id="refused"),
        pytest.param([decided("reject", 1, FLOOR, SERVING), written(2)], None, "refused", True, id="also for serving"),
        pytest.param([FOR_SERVING], None, "the gate refused", False, id="refused for serving"),
        pytest.param([FOR_SERVING, written(1)], None, "the gate refused", False, id="nothing was written since"),
        pytest.param([FOR_SERVING, written(2)], None, None, False, id="refused for what was written anew since"),
        pytest.param([HOLD], 1, "was promoted", True, id="in service"),
    ],
)
def test_the_last_decision_on_a_training_counts(  # noqa: PLR0917 - a row of the table
    settings, ledger, remembered, champion, why, stands
):
    for record in remembered:
        ledger.add(record)
    if champion:
        Published(settings).champion(champion)

    said = standing.settled(ledger, TRAINING)

    assert (said is None) == (why is None)
    assert why is None or why in (said or "")
    assert (standing.decision(ledger, TRAINING) is not None) == stands


def test_a_model_that_was_promoted_is_not_made_again_for_a_newer_cutoff(settings, ledger):
    ledger.add(PROMOTE)
    Published(settings).champion(1)
    Published(settings).champion(7)

    assert "was promoted" in (standing.settled(ledger, "2021-12-31-0123456789") or "")
    assert standing.settled(ledger, "2021-12-31-9876543210") is None


def test_a_hold_of_before_is_not_what_waits_for_a_person(ledger):
    ledger.add(HOLD, PROMOTE)

    with pytest.raises(GateError, match="no candidate waits"):
        approval.held(ledger, None)
    ledger.add(replace(HOLD, decided_at=datetime(2024, 1, 3, tzinfo=UTC)))
    assert approval.held(ledger, None).decided_at.day == 3
