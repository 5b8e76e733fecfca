"""The reports of validations: their index, and how long they are kept."""

import logging
from datetime import timedelta
from pathlib import Path

from hotarea.domain.records import Validation, now
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

_INDEXED = 500  # the newest validations that the index lists


def index(settings: Settings) -> None:
    """Write the Data Docs index anew: the newest validations that the ledger remembers and whose page is there."""
    from expectations.datadocs import Entry, write_index

    folder = Layout(settings.home).reports
    known = (Entry(v.dataset, _subject(v), v.success, Path(v.report), v.validated_at) for v in _validations(settings))
    here = [entry for entry in known if entry.report.is_relative_to(folder) and entry.report.is_file()]
    write_index(folder, sorted(here, key=lambda entry: entry.validated_at, reverse=True)[:_INDEXED])


def prune(settings: Settings) -> list[Path]:
    """Remove the pages of validations that are older than `reports_kept_days`; return what was removed.

    The page of a subject's newest validation always stays: it says what is known of data that may be in service, which
    what was tried is not. So does what the ledger does not remember: another task may just be writing it.
    """
    folder, oldest = Layout(settings.home).reports, now() - timedelta(days=settings.reports_kept_days)
    found = _validations(settings)
    judged = (v for v in found if not v.is_trial)
    newest = {(v.dataset, v.subject): v for v in sorted(judged, key=lambda v: v.validated_at)}
    kept = {v.report for v in newest.values()}
    old = [Path(v.report) for v in found if v.validated_at < oldest and v.report not in kept]
    gone = [page for page in old if page.is_relative_to(folder) and page.is_file()]
    for page in gone:
        page.unlink(missing_ok=True)
        if not any(page.parent.iterdir()):
            page.parent.rmdir()
    if gone:
        log.info("removed %d reports that are older than %d days", len(gone), settings.reports_kept_days)
    return gone


def _subject(judged: Validation) -> str:
    return f"trial of {judged.subject}" if judged.is_trial else judged.subject


def _validations(settings: Settings) -> list[Validation]:
    ledger = Ledger(settings.ledger)
    found = ledger.all(Validation)
    ledger.close()
    return found
