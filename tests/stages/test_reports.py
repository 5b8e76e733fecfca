"""How long reports are kept: the old go, but never the one that a subject's newest validation points to."""

from datetime import timedelta
from pathlib import Path

import pytest

from hotarea.domain.records import TRIAL, Validation, now
from hotarea.domain.settings import Settings
from hotarea.stages import reports
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger


@pytest.fixture
def month(settings: Settings) -> Settings:
    return settings.model_copy(update={"reports_kept_days": 30})


def validated(settings: Settings, subject: str, days_ago: int, report: Path | None = None) -> Path:
    """Remember a validation of so many days ago, with its page."""
    moment = now() - timedelta(days=days_ago)
    folder = Layout(settings.home).reports / "validations" / "documents" / subject
    page = report or folder / f"{moment:%Y%m%dT%H%M%S.%fZ}" / "page.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("all is well")
    ledger = Ledger(settings.ledger)
    ledger.add(
        Validation(
            validation_id=f"{subject}-{days_ago}",
            dataset="documents",
            subject=subject,
            success=True,
            failures=[],
            report=str(page),
            run_id="r",
            validated_at=moment,
        )
    )
    ledger.close()
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
