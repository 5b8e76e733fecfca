"""Quarantine: what was rejected and why, and a second try at it, after the rules changed or a person corrected it.

What can be used now is ingested as a release of its own, dated by the day: it becomes known then, and changes nothing
that was known before. It is read by the same job, judged by the same suites and published by the same step as any
other release. What still can't be used stays, with its new reason.
"""

import gzip
import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from hotarea.domain import quarantine
from hotarea.domain.delivery import Delivery, Partition, Plan, Retried
from hotarea.domain.errors import NotReadyError, PublishError, RawDataError
from hotarea.domain.news import can_be_known
from hotarea.domain.quarantine import Key, Quarantined
from hotarea.domain.records import RETRIED, Release, Retry
from hotarea.domain.rejects import Wrong
from hotarea.domain.settings import Settings
from hotarea.stages import ingest, jobs, staged_releases
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.quarantine import Quarantine

log = logging.getLogger(__name__)

_NAMED = 5  # records that a message names


@dataclass(frozen=True)
class RetryOutcome:
    """What became of a retry."""

    release: str | None  # that holds what could be used; None if nothing could, or while it is not published
    ingested: int
    still_rejected: dict[str, int]  # by reason
    ingested_before: dict[str, int]  # by the release that ingested them
    to_deliver_again: dict[str, str] = field(default_factory=dict)  # rows that are no works: by file, what to do
    plan: Path | None = None  # of what is to be ingested


def counts(settings: Settings) -> list[dict[str, Any]]:
    """Return how many records are in quarantine by release, reason and status."""
    return _opened(settings).counts()


def records(
    settings: Settings,
    release: str | None = None,
    reason: str | None = None,
    status: str | None = "open",
    limit: int | None = None,
) -> Iterator[Quarantined]:
    """Yield rejected records, oldest release first: the open ones, or those that are asked for."""
    return _opened(settings).records(release, reason, status, limit)


def staged(
    settings: Settings, release: str | None = None, reason: str | None = None, limit: int | None = None
) -> Iterator[Quarantined]:
    """Yield rejected records of releases that were not published, as the newest plan of each left them.

    They are there until they are swept, or the release is published.
    """
    published = {Layout(settings.home).release(r.release_id).name for r in _remembered(settings)[0]}
    newest = {folder.parent.name: folder for folder in Layout(settings.home).quarantines_aside()}
    found = Quarantine([folder for name, folder in newest.items() if name not in published], [], [])
    for record in found.records(release, reason, None, limit):
        yield replace(record, status="staged")


def export(settings: Settings, file: Path, release: str | None = None, reason: str | None = None) -> int:
    """Write the open records to a new file for a person to correct; return how many.

    Raises `PublishError` if the file exists: it may hold corrections.
    """
    written, lines = 0, quarantine.written_out(records(settings, release, reason))
    try:
        with file.open("x", encoding="utf-8", newline="\n") as out:
            for written, line in enumerate(lines):  # noqa: B007
                out.write(f"{line}\n")
    except FileExistsError as error:
        raise PublishError(
            f"{file} exists and may hold corrections; expected a new file. Name another one, or remove this one first."
        ) from error
    return (written + 1 - len(quarantine.INSTRUCTIONS)) // 2


def plan(
    settings: Settings, run_id: str, source: Path | None = None, release: str | None = None, reason: str | None = None
) -> RetryOutcome:
    """Try the open records again, or those of a file that was written out and corrected; plan what can be used.

    What can't is remembered with its reason, if that is new; rows that are no records of works are left alone. Raises
    `NotReadyError` if a release is dated by the day already, `RawDataError` if the file names records that are not in
    quarantine, or if there is nothing but rows that are no records of works.
    """
    given = _given(source) if source else None
    wanted = _wanted(settings, given, release, reason)
    todo = [r for r in wanted if r.status == "open" and r.delivered]
    again = _to_deliver_again([r for r in wanted if r.status == "open" and not r.delivered])
    before = [r for r in wanted if r.status == "ingested"]
    if again and not (todo or before):
        raise RawDataError(_told(again))
    texts = {r.key: (given or {}).get(r.key, r.record) for r in todo}
    wrong = {r.key: found for r in todo if r.delivered and (found := quarantine.tried(texts[r.key], r.delivered))}
    usable = [r for r in todo if r.key not in wrong]
    made = _planned(settings, run_id, usable, texts) if usable else None
    _remember(settings, [r for r in todo if r.key in wrong], wrong, run_id)
    if again:
        log.info("%s", _told(again))
    return RetryOutcome(
        release=None,
        ingested=len(usable),
        still_rejected=_counted(found.reason.value for found in wrong.values()),
        ingested_before=_counted(str(r.ingested_by) for r in before),
        to_deliver_again=again,
        plan=made,
    )


def run(
    settings: Settings, run_id: str, source: Path | None = None, release: str | None = None, reason: str | None = None
) -> RetryOutcome:
    """Try records again in this process, ingest what can be used, and return what became of them."""
    found = plan(settings, run_id, source, release, reason)
    if found.plan is None:
        return found
    jobs.run(ingest.job(settings, found.plan))
    staged_releases.validate(settings, found.plan, run_id)
    (published,) = staged_releases.publish(settings, found.plan, run_id)
    files.discard(found.plan.parent)
    return replace(found, release=published, plan=None)


def _opened(settings: Settings) -> Quarantine:
    releases, retries = _remembered(settings)
    return Quarantine([Layout(settings.home).quarantine(r.release_id) for r in releases], releases, retries)


def _remembered(settings: Settings) -> tuple[list[Release], list[Retry]]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(Release), ledger.all(Retry)


def _today() -> date:
    return datetime.now(UTC).date()


def _given(source: Path) -> dict[Key, str]:
    try:
        text = source.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RawDataError(
            f"{source} cannot be read: {error}; expected a file of `quarantine show --export`"
        ) from error
    return quarantine.read_back(text, str(source))


def _wanted(
    settings: Settings, given: Mapping[Key, str] | None, release: str | None, reason: str | None
) -> list[Quarantined]:
    """Return the records to try: those of the file, or all that are open."""
    if given is None:
        return [*records(settings, release, reason)]
    found = [r for r in records(settings, release, reason, status=None) if r.key in given]
    strange = sorted(given.keys() - {r.key for r in found})
    if strange and not (release or reason):
        named = ", ".join(f"{file} line {line} of release {name}" for name, file, line in strange[:_NAMED])
        raise RawDataError(f"not in quarantine: {named}; expected records as they were written out. Export them anew.")
    again = [r for r in found if r.status == "read again"]
    if again:
        raise RawDataError(
            f"{again[0].file} line {again[0].line} of release {again[0].release} was delivered and read again since; "
            "expected records that are open. Export them anew."
        )
    return found


def _to_deliver_again(rows: Sequence[Quarantined]) -> dict[str, str]:
    """Return by file which of its rows are no records of works, and what to do about them."""
    lines: dict[str, set[int]] = {}
    for row in rows:
        lines.setdefault(row.file, set()).add(row.line)
    return {
        file: f"{_numbered(sorted(found))} no record of a work: correct the file itself and deliver it again; it is "
        "read whole with the next ingest, by which its other rows gain what belongs to this one."
        for file, found in sorted(lines.items())
    }


def _numbered(lines: Sequence[int]) -> str:
    if len(lines) == 1:
        return f"line {lines[0]} is"
    more = f", and {len(lines) - _NAMED} more," if len(lines) > _NAMED else ""
    return f"lines {', '.join(map(str, lines[:_NAMED]))}{more} are each"


def _told(again: Mapping[str, str]) -> str:
    return " ".join(f"{file} {advice}" for file, advice in again.items())


def _planned(settings: Settings, run_id: str, usable: Sequence[Quarantined], texts: Mapping[Key, str]) -> Path:
    """Write the usable records as partitions of a release of the day, and its plan."""
    layout, today = Layout(settings.home), _today()
    releases = _remembered(settings)[0]
    if not can_be_known(releases, today):
        newest = max(r.release_date for r in releases)
        raise NotReadyError(
            f"what is retried can be known from {today} on at the earliest, but release {newest} is in the lake, and "
            "what was known then can't change. Retry on a later day (UTC)."
        )
    _sweep(layout, releases)
    aside = layout.aside("retry")
    folder = layout.retried(today.isoformat())
    partitions = [
        _partition(folder, aside.name, day, [texts[r.key] for r in usable if r.delivered == day])
        for day in sorted({r.delivered for r in usable if r.delivered})
    ]
    made = Plan(
        run_id,
        max(releases, key=lambda r: r.release_date).source,
        "works",
        str(aside),
        today,
        (Delivery(today.isoformat(), today, tuple(partitions)),),
        retried=tuple(Retried(r.file, r.line, r.digest) for r in usable),
    )
    return ingest.write_plan(settings, made, releases)


def _sweep(layout: Layout, releases: Sequence[Release]) -> None:
    """Remove what was left for long, with the records of retries of which nothing was published."""
    published = {layout.retried(r.release_id) for r in releases}
    files.sweep(layout, *(f for f in layout.all_retried.glob("release=*") if f not in published))


def _partition(folder: Path, plan: str, day: date, lines: Sequence[str]) -> Partition:
    name = f"updated_date={day}/part_0000.gz"
    content = gzip.compress("".join(f"{line}\n" for line in lines).encode("utf-8", errors="replace"), mtime=0)
    path = files.write_aside(folder / plan / name, content)  # another plan of the day may still be read
    return Partition(
        name=f"{RETRIED}{folder.name}/{name}",
        path=str(path),
        bytes=len(content),
        records=len(lines),
        sha256=hashlib.sha256(content).hexdigest(),
        mtime_ns=path.stat().st_mtime_ns,
        delivered=day,
    )


def _remember(settings: Settings, rejected: Sequence[Quarantined], wrong: Mapping[Key, Wrong], run_id: str) -> None:
    """Remember of the records that can't be used what was not said of them before."""
    with Ledger(settings.ledger) as ledger:
        ledger.add(
            *(
                Retry(
                    file=r.file,
                    line=r.line,
                    digest=r.digest,
                    accepted_in=None,
                    reason=wrong[r.key].reason.value,
                    detail=wrong[r.key].detail,
                    run_id=run_id,
                )
                for r in rejected
                if (r.reason, r.detail) != (wrong[r.key].reason.value, wrong[r.key].detail)
            )
        )


def _counted(words: Iterator[str]) -> dict[str, int]:
    found = list(words)
    return {word: found.count(word) for word in sorted(set(found))}
