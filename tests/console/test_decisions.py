from datetime import UTC, datetime

import pytest
from rich.console import Console

from hotarea.console import decisions
from hotarea.domain.records import Approval, Champion
from tests.evidence import CONTESTED, FIRST, beaten_by
from tests.stores.test_decision_report import UNDECIDED, decision


def shown(evidence, answer: Approval | None = None) -> str:
    console = Console(record=True, width=170, force_terminal=True)
    decisions.show(console, decision(evidence), answer)
    return " ".join(console.export_text().split())


@pytest.mark.parametrize(
    ("evidence", "verdict", "follows"),
    [
        (
            FIRST,
            "PROMOTE version 1 of 2020-12-31-0123456789, against no champion",
            "hotarea promote puts it in service",
        ),
        (CONTESTED, "PROMOTE version 2 of 2020-12-31-0123456789, against champion version 1", "hotarea promote"),
        (
            UNDECIDED,
            "HOLD version 2",
            "a person decides: Required Actions in Airflow, or hotarea approve 2020-12-31-0123456789 --reason … or "
            "hotarea reject 2020-12-31-0123456789 --reason …",
        ),
        (beaten_by(FIRST, "rate"), "REJECT version 1", "the champion stays as it is"),
    ],
)
def test_the_verdict_every_check_and_what_follows_are_shown(evidence, verdict, follows):
    text = shown(evidence)

    assert verdict in text
    assert follows in text
    assert all(check["name"] in text for check in decision(evidence).checks)


def test_what_stands_against_the_candidate_comes_last_above_the_verdict():
    text = shown(UNDECIDED)

    assert text.rindex("passed ") < text.index("held champion: average_precision") < text.index("HOLD version 2")


def test_an_answer_takes_the_place_of_the_question():
    held = decision(UNDECIDED)
    answer = Approval(
        training_id="t",
        decided_at=held.decided_at,
        model_version=2,
        approved=True,
        by="ada [admin]",
        reason="fine",
        run_id="r",
    )

    assert "ada [admin] approved it: fine" in shown(UNDECIDED, answer)


def test_a_timeline_of_before_it_told_so_much_is_shown_too():
    console = Console(record=True, width=170, force_terminal=True)
    old = Champion(
        sequence=1,
        model_name="m",
        model_version=1,
        feature_service="s",
        metrics={},
        reason="rolled back from version 2: [wrong]",
        run_id="r",
        promoted_at=datetime(2024, 1, 1, tzinfo=UTC),
    )

    decisions.show_champions(console, [old])

    text = " ".join(console.export_text().split())
    assert "1 2024-01-01 00:00 1 rolled back – – – rolled back from version 2: [wrong]" in text
