"""When a problem of a dataset is over: what waits for its publication, and what is in service."""

import pytest

from hotarea.domain.records import Problem, Validation
from hotarea.domain.settings import Settings
from hotarea.stages import validation_alert
from hotarea.stores.ledger import Ledger

FEATURES = "2012-12-31@2012-12-31"


def judged(dataset: str, subject: str, *broken: str) -> Validation:
    """Return the outcome of a suite, with failures of these severities."""
    return Validation(
        validation_id=f"{dataset}-{subject}",
        dataset=dataset,
        subject=subject,
        success="critical" not in broken,
        failures=[
            {"check": "c", "severity": severity, "column": "", "expected": "", "observed": "", "examples": []}
            for severity in broken
        ],
        report="",
        run_id="r",
    )


def still_open(settings: Settings) -> set[str]:
    with Ledger(settings.ledger) as ledger:
        return {p.problem for p in ledger.all(Problem, closed_at=None)}


@pytest.mark.parametrize(
    ("dataset", "rejected", "passed", "over"),
    [
        ("predictions", f"{FEATURES}-v9", f"{FEATURES}-v10", True),
        ("predictions", f"{FEATURES}-v10", f"{FEATURES}-v9", False),
        ("training_set", "2012-12-31-ffff", "2012-12-31-0000", True),
        ("document_features", "2012-12-31@2013-12-31", "2012-12-31@2012-12-31", False),
    ],
)
def test_what_was_rejected_is_over_with_what_comes_later(dataset, rejected, passed, over, settings):
    assert validation_alert.tell(settings, [judged(dataset, rejected, "critical")], in_service=False)
    validation_alert.tell(settings, [judged(dataset, passed)], in_service=False)
    assert still_open(settings) == (set() if over else {f"validation/{dataset}"})


@pytest.mark.parametrize("severity", ["critical", "warning"])
@pytest.mark.parametrize(
    ("dataset", "before", "after"),
    [
        ("predictions", f"{FEATURES}-v10", f"{FEATURES}-v9"),  # a rollback
        ("training_set", "2012-12-31-ffff", "2012-12-31-0000"),  # a training
    ],
)
def test_what_was_broken_in_service_is_over_when_another_takes_its_place(dataset, before, after, severity, settings):
    validation_alert.tell(settings, [judged(dataset, before, severity)], in_service=True)
    assert len(still_open(settings)) == 1
    validation_alert.tell(settings, [judged(dataset, after)], in_service=True)
    assert still_open(settings) == set()


def test_of_many_in_service_all_must_pass_or_those_that_were_broken(settings):
    def again(*outcomes: Validation, whole: bool = False) -> set[str]:
        validation_alert.tell(settings, outcomes, in_service=True, whole=whole)
        return still_open(settings)

    broken, other = judged("documents", "2012-12-31", "critical"), judged("documents", "2013-12-31")
    assert again(broken, other, whole=True) == {"published/documents"}
    assert again(other) == {"published/documents"}
    assert again(judged("citations", "2012-12-31"), whole=True) == {"published/documents"}
    assert again(judged("documents", "2012-12-31")) == set()
    assert again(broken) == {"published/documents"}
    assert again(other, whole=True) == set()  # the broken one is not in service any more


def test_what_waits_for_its_publication_closes_nothing_that_is_in_service(settings):
    validation_alert.tell(settings, [judged("predictions", f"{FEATURES}-v9", "critical")], in_service=True)
    validation_alert.tell(settings, [judged("predictions", f"{FEATURES}-v10")], in_service=False)
    assert still_open(settings) == {"published/predictions"}
