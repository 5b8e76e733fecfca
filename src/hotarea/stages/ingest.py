"""Ingest: raw releases into the lake, each once; what cannot be used goes to quarantine.

What is delivered again with other content, or late, becomes known as a correction: with the newest release that comes
beside it, or as a release of its own, dated by the day. `plan` decides what is new, the Beam job builds it aside, and
`staged_releases` judges and publishes it.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain import raw_layout, removals, tables
from hotarea.domain.corrections import listed
from hotarea.domain.delivery import Correction, Delivery, Plan, shown
from hotarea.domain.errors import NotReadyError, RawDataError
from hotarea.domain.job import Job
from hotarea.domain.news import Files, News, can_be_known, correction_date, news, read_before
from hotarea.domain.records import Release
from hotarea.domain.rejects import Reject, quarantine
from hotarea.domain.repetition import repeated_files
from hotarea.domain.settings import Settings
from hotarea.stages import jobs, staged_releases
from hotarea.stores import layout as files
from hotarea.stores import raw
from hotarea.stores.layout import REMOVALS, Layout
from hotarea.stores.ledger import read

log = logging.getLogger(__name__)

_PLAN = "plan.json"

_Ended = tuple[pa.Table, list[Reject]]
"""Rows of `tables.REMOVALS`, and rows that cannot be used."""


def plan(
    settings: Settings,
    run_id: str,
    folder: Path | None = None,
    until: date | None = None,
    *,
    anew: bool = False,
) -> Path | None:
    """Decide which releases of a raw folder are new, and which correct what is known; return the plan's file, if any.

    The folder is the settings' `raw`, or the sample corpus, unless given; releases after `until` are left for later.
    Files of the size and date of change that the ledger remembers are unchanged; all are read if `anew`. Raises
    `RawDataError` if the folder is unreadable, of another corpus or incomplete.
    """
    source = (folder or settings.raw or _sample(settings)).expanduser().resolve()
    today = _today()
    layout, releases, contents = Layout(settings.home), read(settings.ledger, Release), raw.Contents(anew)
    found = raw.find(source)
    decided = _news(found, releases, contents, today, until)
    if not decided:
        log.info("nothing to ingest: what %s holds is in the %d releases of the lake", source, len(releases))
        return None
    deliveries, correction = _dated(settings, decided, releases, contents, today)
    _check_repeated([*deliveries, *(correction.deliveries if correction else ())], releases)
    ended = {file.path.name: removals.read(file) for file in found.removals()}
    files.sweep(layout)
    made = _made(settings, run_id, found, deliveries, correction, today)
    written = write_plan(settings, made, releases, ended)
    log.info("%d releases to ingest from %s, the newest %s", len(deliveries), source, deliveries[-1].release_id)
    if correction:
        log.info("%d deliveries changed or came late: told by the newest", len(correction.deliveries))
    return written


def _made(  # noqa: PLR0913, PLR0917 - each a different thing
    settings: Settings,
    run_id: str,
    found: raw.RawFolder,
    deliveries: Sequence[Delivery],
    correction: Correction | None,
    today: date,
) -> Plan:
    """Return the plan of a folder's deliveries, which are built aside."""
    return Plan(
        run_id,
        str(found.folder),
        found.form,
        str(Layout(settings.home).aside("ingest")),
        today,
        tuple(deliveries),
        correction,
        era=raw_layout.era(found.form, found.manifest),
        rejected_share=settings.rejected_share,
    )


def write_plan(
    settings: Settings, made: Plan, releases: Iterable[Release], ended: Mapping[str, _Ended] | None = None
) -> Path:
    """Write a plan, and what its releases tell of ended ids, by the file that lists them; return the plan's file.

    `releases` are those in the lake that it was made on.
    """
    known, ended = tuple(release.release_id for release in releases), ended or {}
    _write_removals(settings, made, ended, known)
    whole = msgspec.structs.replace(made, known=known, removal_files=tuple(sorted(ended)))
    return files.write_aside(Path(made.folder) / _PLAN, msgspec.json.encode(whole))


def pending(settings: Settings, folder: Path) -> News:
    """Return what of a raw folder is to be read: new releases, and corrections that can be known now."""
    releases = read(settings.ledger, Release)
    decided = _news(raw.find(folder), releases, raw.Contents(), _today())
    if not decided.new and not can_be_known(releases, _today()):
        return News((), (), ())
    return decided


def job(settings: Settings, plan: Path) -> Job:
    """Return the Beam job of a plan."""
    return Job("beam_jobs.ingest_works", (f"--plan={plan}", *jobs.how_to_run(settings)))


def run(
    settings: Settings,
    run_id: str,
    folder: Path | None = None,
    until: date | None = None,
    *,
    anew: bool = False,
) -> list[str]:
    """Ingest all that is new in this process; return the ids of the published releases."""
    made = plan(settings, run_id, folder, until, anew=anew)
    if made is None:
        return []
    jobs.run(job(settings, made))
    staged_releases.validate(settings, made, run_id)
    published = staged_releases.publish(settings, made, run_id)
    files.discard(made.parent)
    return published


def _sample(settings: Settings) -> Path:
    folder = Layout(settings.home).sample
    if not folder.is_dir():
        raise NotReadyError(
            f"there is no raw data: HOTAREA_RAW is not set and {folder} does not exist. "
            "Name a raw folder, or generate the sample corpus with `hotarea sample`."
        )
    return folder


def _today() -> date:
    return datetime.now(UTC).date()


def _news(
    found: raw.RawFolder,
    releases: Sequence[Release],
    contents: raw.Contents,
    today: date,
    until: date | None = None,
) -> News:
    """Tell what is to be read; raise `RawDataError` if a folder does not continue what was ingested before."""
    known = read_before(releases)
    delivered = found.deliveries(today, known)
    if known and not _continues(found, delivered, known):
        newest = max(releases, key=lambda release: release.release_date)
        raise RawDataError(
            f"{found.folder} has none of the {len(known)} releases that were ingested from {newest.source}; expected "
            "the same corpus, continued. Take another HOTAREA_HOME for another corpus."
        )
    decided = news(delivered, releases, contents.differ, until)
    # what comes without a new release is known from today on only
    return decided if decided.new or (until or today) >= today else News((), (), ())


def _continues(found: raw.RawFolder, delivered: Iterable[Delivery], known: Mapping[str, Files]) -> bool:
    """Whether any of what is delivered was ingested before; a file of JSON lines that grew has another date now."""
    names = {name for files in known.values() for name in files} if found.form == "works" else set()
    return any(d.release_id in known or any(p.name in names for p in d.partitions) for d in delivered)


def _dated(
    settings: Settings, decided: News, releases: Sequence[Release], contents: raw.Contents, today: date
) -> tuple[list[Delivery], Correction | None]:
    """Return the releases to make of what is to be read, and what corrects in the last of them."""
    new = list(decided.new)
    if not decided.corrections:
        return raw.verified(new, contents), None
    known = correction_date(decided, releases, today)
    whole = raw.verified([*new, *decided.corrections], contents)
    deliveries, corrections = whole[: len(new)], tuple(whole[len(new) :])
    if not new:
        deliveries = [Delivery(known.isoformat(), known, ())]
    correction = Correction(
        deliveries=corrections,
        home=str(settings.home),
        delivered=tuple(r.release_id for r in releases if r.has_contents),
        corrected=tuple(r.release_id for r in releases if r.corrects),
        covers=None if new else max(d.release_date for d in corrections),
    )
    return deliveries, correction


def _check_repeated(deliveries: Sequence[Delivery], releases: Iterable[Release]) -> None:
    """Raise `RawDataError` if a file is the same as another, of these deliveries or of those that were ingested."""
    anew = {partition.name for delivery in deliveries for partition in delivery.partitions}
    known = [file for release in releases for file in release.files if file["name"] not in anew]
    problems = repeated_files(deliveries, known)
    if problems:
        raise RawDataError(f"{shown(problems)}. Nothing was ingested; deliver each partition once.")


def _write_removals(settings: Settings, made: Plan, ended: Mapping[str, _Ended], known: Iterable[str]) -> None:
    """Write to each planned release the removals that it is the first to tell; bad rows go to the newest's quarantine.

    The files are cumulative, so each release tells what none before it told.
    """
    layout, nothing = Layout(settings.home), tables.REMOVALS.empty_table()
    told = [listed(pq.read_table(layout.release(release) / REMOVALS)) for release in known]
    news = removals.untold(
        pa.concat_tables([nothing, *(rows for rows, _ in ended.values())]), pa.concat_tables([nothing, *told])
    )
    allotted = removals.allotted(news, [d.release_date for d in made.deliveries])
    for delivery, rows in zip(made.deliveries, allotted, strict=True):
        (made.built(delivery.release_id) / "quarantine").mkdir(parents=True)
        pq.write_table(rows, made.built(delivery.release_id) / REMOVALS)
    newest = made.deliveries[-1].release_id
    bad = [quarantine(newest, name, rejects) for name, (_, rejects) in ended.items() if rejects]
    if bad:
        pq.write_table(pa.concat_tables(bad), made.built(newest) / "quarantine" / REMOVALS)
    waiting = news.num_rows - sum(rows.num_rows for rows in allotted)
    if waiting:
        log.info("%d removals are dated after %s and wait for the next release", waiting, newest)
