"""The reports of validations and of the gate: their index, and how long they are kept."""

import logging
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from hotarea.domain.records import Champion, Decision, TrainingRun, Validation, now
from hotarea.domain.settings import Settings
from hotarea.domain.subjects import ALONE, of_predictions
from hotarea.domain.windows import Cutoff
from hotarea.stores import served
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

_INDEXED = 500  # the newest validations that the index lists


def index(settings: Settings) -> None:
    """Write the index of reports anew: the newest validations and decisions of the gate whose page is there."""
    from expectations.datadocs import Entry, write_index

    folder = Layout(settings.home).reports
    known = [
        *(
            Entry(v.dataset, _subject(v), v.success, v.failures, Path(v.report), v.validated_at)
            for v in _validations(settings)
        ),
        *(
            Entry("gate", _said(d), d.verdict != "reject", [], Path(d.report), d.decided_at)
            for d in _decisions(settings)
        ),
    ]
    here = [entry for entry in known if entry.report.is_relative_to(folder) and entry.report.is_file()]
    write_index(folder, sorted(here, key=lambda entry: entry.validated_at, reverse=True)[:_INDEXED])


def prune(settings: Settings) -> list[Path]:
    """Remove the pages of validations that are older than `reports_kept_days`; return what was removed.

    The page of a release's or a cutoff's newest validation always stays: it says what is known of data that may be in
    service, which what was tried is not. Of trainings and predictions, each of which is a subject of its own, that of
    the newest stays, and that of what is in service. So does what the ledger does not remember: another task may just
    be writing it.
    """
    folder, oldest = Layout(settings.home).reports, now() - timedelta(days=settings.reports_kept_days)
    found, in_service = _validations(settings), _in_service(settings)
    judged = (v for v in found if not v.is_trial)
    newest = {_kept_for(v, in_service): v for v in sorted(judged, key=lambda v: v.validated_at)}
    kept = {v.report for v in newest.values()}
    old = [Path(v.report) for v in found if v.validated_at < oldest and v.report not in kept]
    gone = [page for page in old if page.is_relative_to(folder) and page.is_file()]
    for page in gone:
        with suppress(OSError):  # other pages lie beside it, or another task prunes at once
            page.unlink(missing_ok=True)
            page.parent.rmdir()
    if gone:
        log.info("removed %d reports that are older than %d days", len(gone), settings.reports_kept_days)
    return gone


def _subject(judged: Validation) -> str:
    return f"trial of {judged.subject}" if judged.is_trial else judged.subject


def _said(decision: Decision) -> str:
    return f"version {decision.model_version}: {decision.verdict}"


def _kept_for(validation: Validation, in_service: Collection[str]) -> tuple[str, str]:
    """Return that of which the newest page stays: a subject, or else its dataset."""
    own = validation.dataset not in ALONE or validation.subject in in_service
    return validation.dataset, validation.subject if own else ""


def _in_service(settings: Settings) -> set[str]:
    """Return the subjects of the newest training, of the champion's, and of its predictions that are served."""
    with Ledger(settings.ledger) as ledger:
        champion, newest = ledger.newest(Champion), ledger.newest(TrainingRun)
        learned = ledger.all(TrainingRun, model_version=champion.model_version) if champion else []
        scored = served.predictions(ledger)
    names = {run.training_id for run in (*learned, newest) if run}
    return names | ({of_predictions(Cutoff(scored.cutoff, scored.known), scored.model_version)} if scored else set())


def _validations(settings: Settings) -> list[Validation]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(Validation)


def _decisions(settings: Settings) -> list[Decision]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(Decision)
