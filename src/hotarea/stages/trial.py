"""Tries a raw folder: what its ingest would say of it, in a home of its own that is thrown away."""

import shutil
from dataclasses import replace
from pathlib import Path

from hotarea.domain.errors import HotareaError
from hotarea.domain.records import Validation
from hotarea.domain.settings import Settings
from hotarea.stages import ingest, jobs, reports
from hotarea.stages.validate import Verdicts
from hotarea.stores.layout import Layout, discard
from hotarea.stores.ledger import Ledger


def run(settings: Settings, run_id: str, raw: Path) -> Verdicts:
    """Read and judge a raw folder as if it were the first of a home; nothing is published and nobody is alerted.

    The reports are kept and remembered in the settings' home, each under the name of the raw folder.
    """
    aside = Layout(settings.home).aside("trial")
    changed = {"home": aside, "raw": raw, "ledger_url": None, "alert_urls": ()}
    scratch = Settings.model_validate(settings.model_dump() | changed)
    error = None
    try:
        plan = ingest.plan(scratch, run_id)
        if plan is not None:
            jobs.run(ingest.job(scratch, plan))
            ingest.validate(scratch, plan, run_id)
    except HotareaError as raised:
        error = raised
    try:
        return Verdicts([_kept(settings, scratch, found, raw) for found in _judged(scratch)], error)
    finally:
        discard(aside)
        reports.index(settings)


def _judged(scratch: Settings) -> list[Validation]:
    ledger = Ledger(scratch.ledger)
    found = sorted(ledger.all(Validation), key=lambda v: v.validated_at)
    ledger.close()
    return found


def _kept(settings: Settings, scratch: Settings, found: Validation, raw: Path) -> Validation:
    """Keep a report, and remember it."""
    page = Path(found.report)
    destination = Layout(settings.home).reports / page.relative_to(Layout(scratch.home).reports)
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(page, destination)
    kept = replace(found, subject=f"{raw.name} {found.subject}", report=str(destination))
    ledger = Ledger(settings.ledger)
    ledger.add(kept)
    ledger.close()
    return kept
