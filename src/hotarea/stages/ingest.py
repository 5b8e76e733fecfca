"""Ingest: raw releases into the lake, each once; what cannot be used goes to quarantine.

What is delivered again with other content, or late, becomes known as a correction: with the newest release that comes
beside it, or as a release of its own, dated by the day. `plan` decides what is new, the Beam job builds it aside,
`validate` judges it, and `publish` makes release after release visible, oldest first.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain import removals, tables
from hotarea.domain.corrections import listed
from hotarea.domain.delivery import Correction, Delivery, Partition, Plan, shown
from hotarea.domain.errors import NotReadyError, PublishError, RawDataError
from hotarea.domain.job import Job
from hotarea.domain.news import Files, News, can_be_known, correction_date, news, read_before
from hotarea.domain.outcome import Outcome
from hotarea.domain.records import Release, Retry
from hotarea.domain.rejects import Reject, quarantine
from hotarea.domain.repetition import repeated_files
from hotarea.domain.settings import Settings
from hotarea.stages import job_runs, jobs, raw_works
from hotarea.stores import layout as files
from hotarea.stores import raw
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    from hotarea.stages.compare import Delivered
    from hotarea.stages.validate import Earlier
    from hotarea.stores.release_measures import Known

log = logging.getLogger(__name__)

_PLAN = "plan.json"
_REMOVALS = "removals.parquet"

_Ended = tuple[pa.Table, list[Reject]]
"""Rows of `tables.REMOVALS`, and rows that cannot be used."""


class _Result(msgspec.Struct):
    releases: list[Outcome]


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
    layout, releases, contents = Layout(settings.home), _releases(settings), raw.Contents(anew)
    found = raw.find(source)
    decided = _news(found, releases, contents, today, until)
    if not decided:
        log.info("nothing to ingest: what %s holds is in the %d releases of the lake", source, len(releases))
        return None
    deliveries, correction = _dated(settings, decided, releases, contents, today)
    _check_repeated([*deliveries, *(correction.deliveries if correction else ())], releases)
    ended = {file.path.name: removals.read(file) for file in found.removals()}
    files.sweep(layout)
    aside = layout.aside("ingest")
    made = Plan(
        run_id,
        str(source),
        found.form,
        str(aside),
        today,
        tuple(deliveries),
        correction,
        rejected_share=settings.rejected_share,
    )
    written = write_plan(settings, made, releases, ended)
    log.info("%d releases to ingest from %s, the newest %s", len(deliveries), source, deliveries[-1].release_id)
    if correction:
        log.info("%d deliveries changed or came late: told by the newest", len(correction.deliveries))
    return written


def write_plan(
    settings: Settings, made: Plan, releases: Iterable[Release], ended: Mapping[str, _Ended] | None = None
) -> Path:
    """Write a plan, and what its releases tell of ended ids, by the file that lists them; return the plan's file.

    `releases` are those in the lake that it was made on.
    """
    known = tuple(release.release_id for release in releases)
    _write_removals(settings, made, ended or {}, known)
    return files.write_aside(Path(made.folder) / _PLAN, msgspec.json.encode(msgspec.structs.replace(made, known=known)))


def pending(settings: Settings, folder: Path) -> News:
    """Return what of a raw folder is to be read: new releases, and corrections that can be known now."""
    releases = _releases(settings)
    decided = _news(raw.find(folder), releases, raw.Contents(), _today())
    if not decided.new and not can_be_known(releases, _today()):
        return News((), (), ())
    return decided


def job(settings: Settings, plan: Path) -> Job:
    """Return the Beam job of a plan."""
    return Job("beam_jobs.ingest_works", (f"--plan={plan}", *jobs.how_to_run(settings)))


def validate(settings: Settings, plan: Path, run_id: str, *, tells: bool = True) -> None:
    """Compare every release that is not published yet with those before it, and judge it and what was read of it.

    A release of which part seems to be missing, compared with those before it, is told by an alert and passes: a year
    that is not over looks the same. Nobody is alerted unless it `tells`.
    Raises `ValidationError` if one is not to be trusted, or breaks a critical expectation.
    """
    from hotarea.stages import compare, validation_alert
    from hotarea.stages.validate import check_many

    made = _read(plan)
    folders = {d.release_id: made.built(d.release_id) for d in made.deliveries if made.built(d.release_id).is_dir()}
    done = {release.release_id for release in _releases(settings)}
    delivered = _delivered(made, folders.keys() - done)
    compared = compare.check(settings, _known(settings, made), delivered, run_id, tells=tells)
    if folders and not made.retries:  # lines that were corrected one by one have no layout
        newest = made.deliveries[-1].release_id
        source, folder = raw.find(Path(made.source)), plan.parent / "raw_works"
        found = raw_works.heads(source, _read_files(made), folder, made.rejected_share)
        contexts = {newest: found.context}
        check_many(settings, "raw_works", {newest: found.files}, run_id, contexts=contexts, tells=tells)
    earlier = _earlier(settings, made)
    for dataset in ("documents", "citations"):
        parts = {release: sorted((folder / dataset).glob("part-*.parquet")) for release, folder in folders.items()}
        check_many(settings, dataset, parts, run_id, earlier, tells=tells)
    if tells and compared:  # of a release that is rejected, what rejects it is told and no more
        validation_alert.tell(settings, compared, in_service=False)


def publish(settings: Settings, plan: Path, run_id: str) -> list[str]:
    """Move the releases and their quarantine into place and remember them, oldest first; return their ids.

    A release that is in the ledger is done; a folder without its ledger record is what an interrupted publication
    left, and gives way. In the plan's folder only the plan and the job's result stay, until they are swept. Raises
    `PublishError`, and changes nothing, if another run published to the lake since the plan was made.
    """
    made = _read(plan)
    outcomes = _outcomes(made)
    ledger = Ledger(settings.ledger)
    try:
        with files.exclusive(Layout(settings.home).state / "lake.lock"):
            _publish_all(settings, made, outcomes, ledger, run_id)
        job_runs.remember(ledger, "ingest_works", msgspec.json.decode(made.result.read_bytes()), run_id)
    finally:
        ledger.close()
    files.clear(plan.parent)
    return [delivery.release_id for delivery in made.deliveries]


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
    validate(settings, made, run_id)
    published = publish(settings, made, run_id)
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


def _releases(settings: Settings) -> list[Release]:
    ledger = Ledger(settings.ledger)
    releases = ledger.all(Release)
    ledger.close()
    return releases


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
    told = [listed(pq.read_table(layout.release(release) / _REMOVALS)) for release in known]
    news = removals.untold(
        pa.concat_tables([nothing, *(rows for rows, _ in ended.values())]), pa.concat_tables([nothing, *told])
    )
    allotted = removals.allotted(news, [d.release_date for d in made.deliveries])
    for delivery, rows in zip(made.deliveries, allotted, strict=True):
        (made.built(delivery.release_id) / "quarantine").mkdir(parents=True)
        pq.write_table(rows, made.built(delivery.release_id) / _REMOVALS)
    newest = made.deliveries[-1].release_id
    bad = [quarantine(newest, name, rejects) for name, (_, rejects) in ended.items() if rejects]
    if bad:
        pq.write_table(pa.concat_tables(bad), made.built(newest) / "quarantine" / _REMOVALS)
    waiting = news.num_rows - sum(rows.num_rows for rows in allotted)
    if waiting:
        log.info("%d removals are dated after %s and wait for the next release", waiting, newest)


def _read(plan: Path) -> Plan:
    try:
        return msgspec.json.decode(plan.read_bytes(), type=Plan)
    except OSError as error:
        raise NotReadyError(f"ingest plan {plan} cannot be read: {error.strerror}. Plan the ingest again.") from error


def _read_files(made: Plan) -> list[Partition]:
    """Return every file that the plan reads, once."""
    return [*{a.partition.path: a.partition for a in made.assignments}.values()]


def _known(settings: Settings, made: Plan) -> "list[Known]":
    """Return all releases, published or built, oldest first."""
    from hotarea.stores.release_measures import Known

    layout, releases = Layout(settings.home), _releases(settings)
    corrections = {r.release_id: r.is_correction for r in releases}
    corrections |= {d.release_id: made.is_correction(d) for d in made.deliveries}
    done = {r.release_id for r in releases}
    folders = {r: made.built(r) if r not in done and made.built(r).is_dir() else layout.release(r) for r in corrections}
    return [Known(r, folders[r], corrections[r]) for r in sorted(corrections, key=date.fromisoformat)]


def _delivered(made: Plan, releases: Iterable[str]) -> "dict[str, Delivered]":
    """Return what came of the built releases, and what their manifest promised."""
    from hotarea.stages.compare import Delivered

    outcomes = _outcomes(made)
    found = {}
    for release in releases:
        outcome = outcomes[release]
        found[release] = Delivered(
            promised=made.promised(release),
            arrived={"files": len(made.files(release)), "bytes": outcome.bytes, "records": outcome.records},
            quarantined=outcome.quarantined,
            held=_held(made, outcome),
        )
    return found


def _held(made: Plan, outcome: Outcome) -> int | None:
    """Return how many works the deliveries held that a release corrects; None if it corrects none."""
    if made.retries:
        return outcome.documents
    return outcome.held if made.correction and outcome.release_id == made.deliveries[-1].release_id else None


def _earlier(settings: Settings, made: Plan) -> "Earlier":
    """Return what was before each release, published or built."""
    from hotarea.stages.validate import Earlier

    known = _known(settings, made)
    folders = [k.folder for k in known]
    corrections = {folder for k in known if k.is_correction for folder in (k.folder, made.built(k.release))}
    return Earlier({k.release: folders[:at] for at, k in enumerate(known)}, corrections)


def _outcomes(made: Plan) -> dict[str, Outcome]:
    try:
        result = msgspec.json.decode(made.result.read_bytes(), type=_Result)
    except OSError as error:
        raise NotReadyError(
            f"{made.result} cannot be read: {error.strerror}. Run the plan's Beam job first."
        ) from error
    return {outcome.release_id: outcome for outcome in result.releases}


def _publish_all(settings: Settings, made: Plan, outcomes: Mapping[str, Outcome], ledger: Ledger, run_id: str) -> None:
    releases = ledger.all(Release)
    _check_known(made, releases, {made.run_id, run_id})
    done = {release.release_id for release in releases}
    for delivery in made.deliveries:
        if delivery.release_id not in done:
            _publish(Layout(settings.home), made, delivery.release_id)
            record = _record(settings, made, delivery, outcomes[delivery.release_id], run_id)
            ledger.add(record, *_retries(made, record))


def _check_known(made: Plan, releases: Iterable[Release], own_runs: Collection[str]) -> None:
    """Raise `PublishError` if the lake holds what the plan was made without: it may be what the plan changes."""
    own = {d.release_id for d in made.deliveries}
    others = [
        r for r in releases if r.release_id not in made.known and (r.release_id not in own or r.run_id not in own_runs)
    ]
    if others:
        raise PublishError(
            f"run {others[0].run_id} published release {others[0].release_id} while this one was being made; expected "
            f"{len(made.known)} releases in the lake, as when it was planned. Nothing was published of it: start it "
            "anew, and it is planned on what the lake holds now."
        )


def _publish(layout: Layout, made: Plan, release_id: str) -> None:
    built = made.built(release_id)
    for source, destination in (
        (built / "quarantine", layout.quarantine(release_id)),
        (built, layout.release(release_id)),
    ):
        if source.exists():
            files.discard(destination)
            files.publish(source, destination)


def _record(settings: Settings, made: Plan, delivery: Delivery, outcome: Outcome, run_id: str) -> Release:
    layout = Layout(settings.home)
    correction = made.correction if delivery == made.deliveries[-1] else None
    reasons = pq.read_table(layout.quarantine(delivery.release_id), columns=["reason"])["reason"].to_pylist()
    return Release(
        release_id=delivery.release_id,
        release_date=delivery.release_date,
        source=made.source,
        files=[
            {
                "name": p.name,
                "bytes": p.bytes,
                "mtime_ns": p.mtime_ns,
                "records": outcome.partition_records[p.name],
                "sha256": p.sha256,
            }
            for p in made.files(delivery.release_id)
        ],
        documents=outcome.documents,
        citations=outcome.citations,
        removals=pq.read_metadata(layout.release(delivery.release_id) / _REMOVALS).num_rows,
        quarantined={reason: reasons.count(reason) for reason in sorted(set(reasons))},
        seconds=outcome.seconds,
        run_id=run_id,
        superseded=outcome.superseded,
        unknown_citing=outcome.unknown_citing,
        self_citations=outcome.self_citations,
        repeated_references=outcome.repeated_references,
        corrects=[d.release_id for d in correction.deliveries] if correction else [],
        covers=made.covers if delivery == made.deliveries[-1] else None,
        corrected=outcome.corrected,
        withdrawn=outcome.withdrawn,
    )


def _retries(made: Plan, release: Release) -> list[Retry]:
    return [
        Retry(
            file=r.file,
            line=r.line,
            digest=r.digest,
            accepted_in=release.release_id,
            reason="",
            detail="",
            run_id=release.run_id,
        )
        for r in made.retried
    ]
