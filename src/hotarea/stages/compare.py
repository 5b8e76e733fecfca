"""Comparison: each release against its manifest and against what was known before it, before it is trusted.

Remembered in the ledger, shown as a page beside the Data Docs, and told by an alert where there is a finding.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from hotarea.domain import comparison, limits
from hotarea.domain.comparison import Measures
from hotarea.domain.errors import NotReadyError, ValidationError
from hotarea.domain.records import Comparison, Release, Validation, now
from hotarea.domain.settings import Settings
from hotarea.stages import reports, validation_alert
from hotarea.stages.judge import Verdicts
from hotarea.stores import release_measures, release_report
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.release_measures import Known

log = logging.getLogger(__name__)

DATASET = "releases"
"""What the ledger's validations call a comparison."""

_VALUES = 50  # of a field that the ledger keeps


@dataclass(frozen=True)
class Delivered:
    """What came of a release, and what its manifest promised."""

    promised: Mapping[str, int] = field(default_factory=dict)  # files, bytes, records
    arrived: Mapping[str, int] = field(default_factory=dict)
    quarantined: Mapping[str, int] = field(default_factory=dict)
    held: int | None = None  # of a correction: works that the corrected deliveries held


def check(
    settings: Settings,
    releases: Sequence[Known],
    delivered: Mapping[str, Delivered],
    run_id: str,
    *,
    tells: bool = True,
) -> list[Validation]:
    """Compare the releases that were `delivered` with those before them; `releases` are all, oldest first.

    All are compared and remembered before `ValidationError` is raised for those that are not to be trusted, which is
    told unless nobody is to be alerted. What only warns is returned, for the caller to tell if nothing worse is found.
    """
    compared = _compare(settings, releases, delivered, run_id, in_service=False)
    tells = tells and not all(c.success for c in compared)
    found = _judged(settings, compared, "Nothing was published.", in_service=False, tells=tells)
    if found.error:
        raise found.error
    return found.outcomes


def again(settings: Settings, run_id: str, release: str | None = None) -> None:
    """Compare every published release again, or one, by today's rules.

    All are compared, remembered and told before `ValidationError` is raised for those that are not to be trusted.
    Raises `NotReadyError` if the release is not in the lake.
    """
    found = verdicts(settings, run_id, release)
    if not found.outcomes:
        raise NotReadyError(_not_there(release, _published(settings)[1]))
    if found.error:
        raise found.error


def verdicts(settings: Settings, run_id: str, release: str | None = None) -> Verdicts:
    """Compare as `again` does, and give back what is not to be trusted too; of a release that is not there, nothing."""
    releases, delivered = _published(settings)
    wanted = {name: found for name, found in delivered.items() if release in {None, name}}
    compared = _compare(settings, releases, wanted, run_id, in_service=True)
    return _judged(settings, compared, "Deliver it right, and ingest again.", in_service=True, whole=release is None)


def published(settings: Settings, run_id: str, release: str | None = None) -> Comparison:
    """Return how a published release, or else the newest, compared when it came; compare it now if nobody has."""
    releases, delivered = _published(settings)
    with Ledger(settings.ledger) as ledger:
        done = sorted(ledger.all(Comparison), key=lambda c: c.compared_at)
    newest = done[-1].release_id if done else releases[-1].release if releases else None
    wanted = release or newest
    remembered = [c for c in done if c.release_id == wanted]
    if remembered:
        return remembered[-1]
    if wanted not in delivered:
        raise NotReadyError(_not_there(wanted, delivered))
    (found,) = _compare(settings, releases, {wanted: delivered[wanted]}, run_id, in_service=True)
    _remember(settings, found)
    return found


def is_in_service(settings: Settings, release: str) -> bool:
    """Whether a release is published, and not one that was refused."""
    return release in _published(settings)[1]


def _judged(  # noqa: PLR0913 - what is compared, and who is told
    settings: Settings,
    compared: Sequence[Comparison],
    advice: str,
    *,
    in_service: bool,
    tells: bool = True,
    whole: bool = False,
) -> Verdicts:
    """Remember comparisons and tell of their findings; the error names the releases that are not to be trusted."""
    outcomes = [_remember(settings, found) for found in compared]
    reports.index(settings)
    problem = validation_alert.tell(settings, outcomes, in_service=in_service, whole=whole) if tells else ""
    bad = [c for c in compared if not c.success]
    if not bad:
        return Verdicts(outcomes, None)
    error = ValidationError(
        f"{_names(c.release_id for c in bad)} {'is' if len(bad) == 1 else 'are'} not to be trusted: "
        f"{_causes(bad[0])}. {advice} Full report: {bad[0].report}",
        problem=problem,
    )
    return Verdicts(outcomes, error)


def _not_there(release: str | None, delivered: Iterable[str]) -> str:
    known = ", ".join(delivered) or "none"
    return f"release {release or 'of any date'} is not in the lake; expected one of {known}. Ingest it first."


def _published(settings: Settings) -> tuple[list[Known], dict[str, Delivered]]:
    layout = Layout(settings.home)
    with Ledger(settings.ledger) as ledger:
        records = sorted(ledger.all(Release), key=lambda r: r.release_date)
        compared = sorted(ledger.all(Comparison), key=lambda c: c.compared_at)
    promised = {c.release_id: c.promised for c in compared if c.promised}  # only the manifest of its time says it
    documents = {r.release_id: r.documents for r in records}
    delivered = {
        r.release_id: Delivered(
            promised=promised.get(r.release_id, {}),
            arrived={
                "files": len(r.files),
                "bytes": sum(f["bytes"] for f in r.files),
                "records": sum(f["records"] or 0 for f in r.files),
            },
            quarantined=r.quarantined,
            held=_held(r, documents),
        )
        for r in records
    }
    return [Known(r.release_id, layout.release(r.release_id), r.is_correction) for r in records], delivered


def _held(release: Release, documents: Mapping[str, int]) -> int | None:
    """Return how many works the deliveries held that a release corrects; None if it corrects none."""
    if release.retries:
        return release.documents
    return sum(documents.get(corrected, 0) for corrected in release.corrects) if release.corrects else None


def _compare(
    settings: Settings,
    releases: Sequence[Known],
    delivered: Mapping[str, Delivered],
    run_id: str,
    *,
    in_service: bool,
) -> list[Comparison]:
    reports, measured = Layout(settings.home).reports, _measured(settings, releases, delivered)
    compared = [_comparison(measures, delivered[measures.release], reports, run_id) for measures in measured]
    for found in compared:
        release_report.write(Path(found.report), found, in_service=in_service)
    return compared


def _measured(settings: Settings, releases: Sequence[Known], delivered: Mapping[str, Delivered]) -> list[Measures]:
    wanted = [known.release for known in releases if known.release in delivered]
    held = {name: found.held for name, found in delivered.items() if found.held is not None}
    settings.home.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.home, prefix=".compare-") as aside:
        return release_measures.measure(releases, wanted, Path(aside), held) if wanted else []


def _comparison(measures: Measures, delivered: Delivered, reports: Path, run_id: str) -> Comparison:
    again, new, reasons, moment = measures.again, measures.new, comparison.judge(measures), now()
    name = uuid4().hex[:12]
    page = reports / "validations" / DATASET / measures.release / f"{moment:%Y%m%dT%H%M%S.%fZ}" / f"{name}.html"
    return Comparison(
        comparison_id=f"{measures.release}-{name}",
        release_id=measures.release,
        promised=dict(delivered.promised),
        arrived=dict(delivered.arrived),
        quarantined=dict(delivered.quarantined),
        works={
            "documents": measures.documents,
            "new": new.works,
            "again": again.works,
            "unchanged": again.unchanged,
        },
        recurated=dict(again.changed),
        year_moves={str(years): count for years, count in sorted(again.year_moves.items())},
        references={
            "before": again.references_before,
            "added": again.references_added,
            "removed": again.references_removed,
        },
        ended=asdict(measures.ended),
        drift=comparison.drift(new, measures.usual),
        values={name: _values(measures, name) for name in limits.DRIFT_DISTANCES},
        findings=[finding.plain for finding in reasons],
        success=all(finding.severity != "critical" for finding in reasons),
        report=str(page),
        run_id=run_id,
        compared_at=moment,
    )


def _values(measures: Measures, name: str) -> dict[str, dict[str, int]]:
    """Return the most frequent values of a field, of new works and of those before."""
    now, before = (part.values.get(name, {}) for part in (measures.new, measures.usual))
    frequent = sorted({*now, *before}, key=lambda v: (-now.get(v, 0) - before.get(v, 0), v))[:_VALUES]
    return {
        side: {value: counts[value] for value in frequent if value in counts}
        for side, counts in (("now", now), ("before", before))
    }


def _remember(settings: Settings, found: Comparison) -> Validation:
    """Remember a comparison, and as a validation with the others."""
    judged = Validation(
        validation_id=f"{DATASET}-{found.comparison_id}",
        dataset=DATASET,
        subject=found.release_id,
        success=found.success,
        failures=found.findings,
        report=found.report,
        run_id=found.run_id,
        validated_at=found.compared_at,
        checks=comparison.RULES,
    )
    with Ledger(settings.ledger) as ledger:
        ledger.add(found, judged)
    log.info("release %s: %s, report %s", found.release_id, _told(found), found.report)
    return judged


def _told(found: Comparison) -> str:
    works = found.works
    return f"{works['new']} works are new, {works['again']} came again, {works['unchanged']} of them unchanged"


def _names(releases: Iterable[str]) -> str:
    names = list(releases)
    return f"release {names[0]}" if len(names) == 1 else f"releases {', '.join(names)}"


def _causes(found: Comparison) -> str:
    return "; ".join(f"{f['check']}: {f['observed']}" for f in found.findings if f["severity"] == "critical")
