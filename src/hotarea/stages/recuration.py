"""Re-curation: tells what the source told otherwise of known works from what changed in the world.

The newest cutoff is built once more in a home aside, in which each work that was known on a day stays as it was.
"""

from contextlib import suppress
from datetime import date
from pathlib import Path

import msgspec

from hotarea.domain import records
from hotarea.domain.errors import JobError, PublishError
from hotarea.domain.job import Job
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import jobs
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger


class Question(msgspec.Struct, frozen=True):
    """How the newest cutoff would be known if no work had been told otherwise since a day, and for which champion."""

    cutoff: Cutoff
    since: date
    model_version: int


class Plan(msgspec.Struct, frozen=True):
    """What is asked, and the releases that answer it."""

    question: Question
    releases: list[str]


def is_possible(settings: Settings, known: date) -> bool:
    """Whether a release after a day may have told anything otherwise that was known by then."""
    with Ledger(settings.ledger) as ledger:
        later = {r.release_id for r in ledger.all(records.Release) if r.release_date > known}
        comparisons = sorted(ledger.all(records.Comparison), key=lambda c: c.compared_at)
        compared = {c.release_id: c for c in comparisons}  # the last of each: one before may be of what was refused
    unlike = [c.works["again"] - c.works["unchanged"] + c.ended["known"] for r, c in compared.items() if r in later]
    return bool(later - compared.keys()) or any(unlike)


def plan(settings: Settings, question: Question) -> Path:
    """Make the home in which nothing was told otherwise since a day; return the file of the plan that builds there."""
    from hotarea.stores import first_told

    files.sweep(Layout(settings.home))
    with Ledger(settings.ledger) as ledger:
        known = [r.release_id for r in ledger.all(records.Release) if r.release_date <= question.cutoff.known]
    file = Layout(settings.home).aside("drift") / "plan.json"
    first_told.build(Layout(settings.home), Layout(_aside(settings, file).home), known, question.since)
    file.write_bytes(msgspec.json.encode(Plan(question, known)))
    return file


def job(settings: Settings, plan: Path) -> Job:
    """Return the job that builds the newest cutoff's features from works as they were told first."""
    decided = _read(plan)
    home = _aside(settings, plan).home
    return Job(
        "beam_jobs.document_features",
        (
            f"--home={home}",
            f"--output={home}",
            *jobs.how_to_run(settings),
            *(f"--release={release}" for release in decided.releases),
            f"--cutoff={decided.question.cutoff}",
        ),
    )


def built(settings: Settings, plan: Path) -> Settings:
    """Return the settings of that home once its features are built; raises `JobError` if they are not."""
    import pyarrow.parquet as pq

    from hotarea.stores import definitions

    cutoff, aside = _read(plan).question.cutoff, _aside(settings, plan)
    rows = sum(pq.read_metadata(part).num_rows for part in files.parts(Layout(aside.home).feature_set(cutoff)))
    if not rows:
        raise JobError(
            f"{aside.home} holds no features of cutoff {cutoff}; expected what the job builds. Run it again."
        )
    with Ledger(aside.ledger) as ledger, suppress(PublishError):  # an attempt before this one
        ledger.add(records.FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=rows, seconds=0, run_id="aside"))
    definitions.apply(aside)
    return aside


def question(plan: Path) -> Question:
    """Return what a plan answers."""
    return _read(plan).question


def _read(plan: Path) -> Plan:
    try:
        return msgspec.json.decode(plan.read_bytes(), type=Plan)
    except (OSError, msgspec.DecodeError) as error:
        raise JobError(f"{plan} cannot be read: {error}. Look at drift again.") from error


def _aside(settings: Settings, plan: Path) -> Settings:
    """Return the settings of the home in which works stay as they were told first; its state is its own."""
    changed = {"home": plan.parent / "home", "ledger_url": None, "registry_url": None, "online_store": "sqlite"}
    return Settings.model_validate(settings.model_dump() | changed)
