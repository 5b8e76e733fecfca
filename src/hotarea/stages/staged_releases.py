"""Releases that are built and not published yet: judged, and then made visible, oldest first."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pyarrow.parquet as pq

from hotarea.domain.delivery import Delivery, Plan
from hotarea.domain.errors import NotReadyError, PublishError
from hotarea.domain.records import Release, Retry
from hotarea.domain.release_outcome import ReleaseOutcome
from hotarea.domain.settings import Settings
from hotarea.stages import job_runs, validation_alert
from hotarea.stages.judge import Earlier, check_many
from hotarea.stores import layout as files
from hotarea.stores.layout import REMOVALS, Layout
from hotarea.stores.ledger import Ledger, read
from hotarea.stores.lock import exclusive

if TYPE_CHECKING:
    from hotarea.stages.compare import Delivered
    from hotarea.stores.release_measures import Known


class _Result(msgspec.Struct):
    releases: list[ReleaseOutcome]


def validate(settings: Settings, plan: Path, run_id: str, *, tells: bool = True) -> None:
    """Compare every release that is not published yet with those before it, and judge it and what was read of it.

    A release of which part seems to be missing, compared with those before it, is told by an alert and passes: a year
    that is not over looks the same. Nobody is alerted unless it `tells`.
    Raises `ValidationError` if one is not to be trusted, or breaks a critical expectation.
    """
    from hotarea.stages import compare  # its SQL engine takes a while to load

    made = _read_plan(plan)
    folders = {d.release_id: made.built(d.release_id) for d in made.deliveries if made.built(d.release_id).is_dir()}
    done = {release.release_id for release in read(settings.ledger, Release)}
    delivered = _delivered(made, folders.keys() - done)
    compared = compare.check(settings, _known(settings, made), delivered, run_id, tells=tells)
    kinds = [part for folder in folders.values() for part in files.parts(folder / "raw_works")]
    if kinds:
        newest = made.deliveries[-1].release_id
        contexts = {newest: {"era": made.era, "rejected_share": made.rejected_share}}
        check_many(settings, "raw_works", {newest: kinds}, run_id, contexts=contexts, tells=tells)
    earlier = _earlier(settings, made)
    for dataset in ("documents", "citations"):
        parts = {release: files.parts(folder / dataset) for release, folder in folders.items()}
        check_many(settings, dataset, parts, run_id, earlier, tells=tells)
    if tells and compared:  # of a release that is rejected, what rejects it is told and no more
        validation_alert.tell(settings, compared, in_service=False)


def publish(settings: Settings, plan: Path, run_id: str) -> list[str]:
    """Move the releases and their quarantine into place and remember them, oldest first; return their ids.

    A release that is in the ledger is done; a folder without its ledger record is what an interrupted publication
    left, and gives way. In the plan's folder only the plan and the job's result stay, until they are swept. Raises
    `PublishError`, and changes nothing, if another run published to the lake since the plan was made.
    """
    made = _read_plan(plan)
    outcomes = _outcomes(made)
    with Ledger(settings.ledger) as ledger:
        with exclusive(Layout(settings.home).lake / "publish.lock"):
            _publish_all(settings, made, outcomes, ledger, run_id)
        job_runs.remember(ledger, "ingest_works", msgspec.json.decode(made.result.read_bytes()), run_id)
    files.clear(plan.parent)
    return [delivery.release_id for delivery in made.deliveries]


def _read_plan(plan: Path) -> Plan:
    try:
        return msgspec.json.decode(plan.read_bytes(), type=Plan)
    except OSError as error:
        raise NotReadyError(f"ingest plan {plan} cannot be read: {error.strerror}. Plan the ingest again.") from error


def _known(settings: Settings, made: Plan) -> "list[Known]":
    """Return all releases, published or built, oldest first."""
    from hotarea.stores.release_measures import Known

    layout, releases = Layout(settings.home), read(settings.ledger, Release)
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


def _held(made: Plan, outcome: ReleaseOutcome) -> int | None:
    """Return how many works the deliveries held that a release corrects; None if it corrects none."""
    if made.retries:
        return outcome.documents
    return outcome.held if made.correction and outcome.release_id == made.deliveries[-1].release_id else None


def _earlier(settings: Settings, made: Plan) -> Earlier:
    """Return what was before each release, published or built."""
    known = _known(settings, made)
    folders = [k.folder for k in known]
    corrections = {folder for k in known if k.is_correction for folder in (k.folder, made.built(k.release))}
    return Earlier({k.release: folders[:at] for at, k in enumerate(known)}, corrections)


def _outcomes(made: Plan) -> dict[str, ReleaseOutcome]:
    try:
        result = msgspec.json.decode(made.result.read_bytes(), type=_Result)
    except OSError as error:
        raise NotReadyError(
            f"{made.result} cannot be read: {error.strerror}. Run the plan's Beam job first."
        ) from error
    return {outcome.release_id: outcome for outcome in result.releases}


def _publish_all(
    settings: Settings, made: Plan, outcomes: Mapping[str, ReleaseOutcome], ledger: Ledger, run_id: str
) -> None:
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


def _record(settings: Settings, made: Plan, delivery: Delivery, outcome: ReleaseOutcome, run_id: str) -> Release:
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
        removals=pq.read_metadata(layout.release(delivery.release_id) / REMOVALS).num_rows,
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
        removal_files=[*made.removal_files] if delivery == made.deliveries[-1] else [],
        era=made.era,
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
