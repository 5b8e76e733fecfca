"""Tries a raw folder: what its ingest into this home would say of it, in a home beside it that is thrown away."""

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hotarea.domain.errors import HotareaError
from hotarea.domain.records import TRIAL, Release, Validation
from hotarea.domain.settings import Settings
from hotarea.stages import ingest, jobs, reports, staged_releases
from hotarea.stages.judge import Verdicts
from hotarea.stores.layout import Layout, discard
from hotarea.stores.ledger import Ledger, read


def run(settings: Settings, run_id: str, raw: Path) -> Verdicts:
    """Read and judge a raw folder as its ingest into this home would; nothing is published and nobody is alerted.

    Of what the home knows, only what is new or differs is tried. A folder of which all is known is tried as if it were
    the first of a home. The reports are kept and remembered in the settings' home, each under the name of the raw
    folder.
    """
    releases = read(settings.ledger, Release)
    aside = Layout(settings.home).aside("trial")
    try:
        scratch = _home(settings, aside / "known", raw, releases)
        is_news, error = _try(scratch, run_id)
        if not is_news:
            scratch = _home(settings, aside / "anew", raw, [])
            _, error = _try(scratch, run_id)
        outcomes = [_kept(settings, scratch, found, raw) for found in _judged(scratch)]
        note = _note(settings, raw, len(releases), is_news=is_news)
        return Verdicts(outcomes, error and _lasting(error, scratch, settings), note)
    finally:
        discard(aside)
        reports.index(settings)


def _home(settings: Settings, folder: Path, raw: Path, releases: Sequence[Release]) -> Settings:
    """Return the settings of a home that knows some releases, which stay where they are."""
    changed = {"home": folder, "raw": raw, "ledger_url": None, "alert_urls": ()}
    scratch = Settings.model_validate(settings.model_dump() | changed)
    ours, theirs = Layout(settings.home), Layout(scratch.home)
    theirs.lake.mkdir(parents=True)
    for release in releases:
        theirs.release(release.release_id).symlink_to(ours.release(release.release_id), target_is_directory=True)
    with Ledger(scratch.ledger) as ledger:
        ledger.add(*releases)
    return scratch


def _try(scratch: Settings, run_id: str) -> tuple[bool, HotareaError | None]:
    """Return whether the raw folder holds anything that the home does not know, and what an ingest would fail with."""
    try:
        plan = ingest.plan(scratch, run_id)
        if plan is None:
            return False, None
        jobs.run(ingest.job(scratch, plan))
        staged_releases.validate(scratch, plan, run_id, tells=False)
    except HotareaError as raised:
        return True, raised
    return True, None


def _judged(scratch: Settings) -> list[Validation]:
    with Ledger(scratch.ledger) as ledger:
        return sorted(ledger.all(Validation), key=lambda v: v.validated_at)


def _kept(settings: Settings, scratch: Settings, found: Validation, raw: Path) -> Validation:
    """Keep a report, and remember it as that of a trial."""
    page = Path(found.report)
    destination = Layout(settings.home).reports / page.relative_to(Layout(scratch.home).reports)
    destination.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(page, destination)
    kept = replace(
        found,
        validation_id=f"{TRIAL}{found.validation_id}",
        subject=f"{raw.name} {found.subject}",
        report=str(destination),
    )
    with Ledger(settings.ledger) as ledger:
        ledger.add(kept)
    return kept


def _lasting(error: HotareaError, scratch: Settings, settings: Settings) -> HotareaError:
    """Return an error that names what it is about where that stays: in the home, below the same names."""
    return type(error)(str(error).replace(str(scratch.home), str(settings.home)))


def _note(settings: Settings, raw: Path, releases: int, *, is_news: bool) -> str:
    if not releases:
        return ""
    if is_news:
        return f"tried against what {settings.home} holds: what is new to its {releases} releases, or differs from them"
    return (
        f"nothing in {raw} is new to the {releases} releases of {settings.home}: it was tried as if it were the first "
        "of a home. To hold what is published against its expectations, leave --raw out."
    )
