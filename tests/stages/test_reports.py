"""How long reports are kept: the old go, but never the newest of what may be in service."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from hotarea.domain.records import TRIAL, Champion, PredictionSet, TrainingRun, Validation, now
from hotarea.domain.settings import Settings
from hotarea.stages import reports
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger


@pytest.fixture
def month(settings: Settings) -> Settings:
    return settings.model_copy(update={"reports_kept_days": 30})


def validated(
    settings: Settings, subject: str, days_ago: int, report: Path | None = None, dataset: str = "documents"
) -> Path:
    """Remember a validation of so many days ago, with its page."""
    moment = now() - timedelta(days=days_ago)
    folder = Layout(settings.home).reports / "validations" / dataset / subject
    page = report or folder / f"{moment:%Y%m%dT%H%M%S.%fZ}" / "page.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("all is well")
    with Ledger(settings.ledger) as ledger:
        ledger.add(
            Validation(
                validation_id=f"{subject}-{days_ago}",
                dataset=dataset,
                subject=subject,
                success=True,
                failures=[],
                report=str(page),
                run_id="r",
                validated_at=moment,
            )
        )
    return page


def test_old_pages_go_with_their_folder_and_young_ones_stay(month):
    old, young, newest = (validated(month, "2012-12-31", days) for days in (31, 29, 0))
    assert reports.prune(month) == [old]
    assert not old.parent.exists()
    assert young.is_file()
    assert newest.is_file()


def test_the_newest_page_of_a_subject_stays_however_old_it_is(month):
    older, newest = validated(month, "2012-12-31", 400), validated(month, "2012-12-31", 300)
    other = validated(month, "2013-12-31", 200)
    assert reports.prune(month) == [older]
    assert newest.is_file()
    assert other.is_file()


def test_of_a_trial_not_even_the_newest_page_stays(month):
    page = validated(month, f"{TRIAL}2012-12-31", 31)
    assert reports.prune(month) == [page]


def test_what_lies_elsewhere_or_is_not_remembered_is_left_alone(month, tmp_path):
    elsewhere = validated(month, "2012-12-31", 90, tmp_path / "elsewhere" / "page.html")
    validated(month, "2012-12-31", 0)
    strange = Layout(month.home).reports / "validations" / "documents" / "x" / "strange.html"
    strange.parent.mkdir(parents=True)
    strange.write_text("being written")
    assert reports.prune(month) == []
    assert elsewhere.is_file()
    assert strange.is_file()


def test_the_index_lists_the_pages_that_are_there(month):
    old, newest = validated(month, "2012-12-31", 31), validated(month, "2012-12-31", 0)
    reports.prune(month)
    reports.index(month)
    text = (Layout(month.home).reports / "index.html").read_text()
    assert newest.parent.name in text
    assert old.parent.name not in text


def test_pruning_twice_removes_nothing_more(month):
    validated(month, "2012-12-31", 31)
    validated(month, "2012-12-31", 0)
    assert len(reports.prune(month)) == 1
    assert reports.prune(month) == []


def champion(settings: Settings, version: int) -> None:
    """Put a version in service that was trained, and has scored one cutoff."""
    with Ledger(settings.ledger) as ledger:
        day, run = date(2012, 12, 31), {"run_id": "r", "feature_service": "f", "metrics": {}}
        known = {"training_cutoffs": [], "evaluation_cutoff": day, "rows": 1}
        ledger.add(TrainingRun(training_id=f"2012-12-31-t{version}", model_version=version, **known, **run))
        ledger.add(Champion(sequence=version, model_name="m", model_version=version, reason="", **run))
        scored = {"cutoff": day, "known": day, "model_name": "m", "rows": 1, "hot": 0, "run_id": "r"}
        ledger.add(PredictionSet(model_version=version, **scored))


def test_of_trainings_and_predictions_the_newest_stays_and_what_is_in_service(month):
    def all_of(dataset: str, name: str) -> list[Path]:
        return [validated(month, f"{name}{n}", days, dataset=dataset) for n, days in enumerate((400, 300, 200, 100))]

    champion(month, 1)
    trainings, scores = all_of("training_set", "2012-12-31-t"), all_of("predictions", "2012-12-31@2012-12-31-v")
    assert sorted(reports.prune(month)) == sorted([trainings[0], trainings[2], scores[0], scores[2]])
    assert [page.is_file() for page in (trainings[1], trainings[3], scores[1], scores[3])] == [True] * 4
    champion(month, 2)
    assert sorted(reports.prune(month)) == sorted([trainings[1], scores[1]])


def test_a_page_in_service_goes_when_it_was_judged_again(month):
    champion(month, 1)
    old, new = (validated(month, "2012-12-31-t1", days, dataset="training_set") for days in (400, 300))
    assert reports.prune(month) == [old]
    assert new.is_file()


def test_a_page_and_its_folder_that_another_task_removes_at_once_are_gone_all_the_same(month, monkeypatch):
    pages = [validated(month, "2012-12-31", days) for days in (32, 31, 0)]
    unlink = Path.unlink

    def both(page: Path, *, missing_ok: bool) -> None:
        unlink(page)
        page.parent.rmdir()  # by the other
        unlink(page, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", both)
    assert sorted(reports.prune(month)) == sorted(pages[:2])
    assert [page.parent.exists() for page in pages] == [False, False, True]
