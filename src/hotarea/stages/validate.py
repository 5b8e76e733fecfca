"""Validation: the suites of `expectations/` on staged or published files, remembered in the ledger, told by alerts."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from hotarea.domain.errors import NotReadyError, SettingsError, ValidationError
from hotarea.domain.records import FeatureSet, Release, Validation
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages.validation_alert import tell
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

DATASETS = ("documents", "citations", "document_features")

_INDEXED = 500  # the newest validations that the Data Docs index lists


@dataclass(frozen=True)
class Earlier:
    """The folders of the releases before each one, oldest first, and those that are nothing but corrections."""

    folders: Mapping[str, Sequence[Path]]
    corrections: Collection[Path] = ()


@dataclass(frozen=True)
class _Subject:
    """What one suite is run on once."""

    dataset: str
    name: str  # a release id, or a cutoff as `day@known`
    files: Sequence[Path]
    in_service: bool = False
    rows: int | None = None  # as the ledger remembers them
    earlier: Sequence[Path] = ()  # folders of the releases before it, oldest first
    corrections: Collection[Path] = ()  # folders of releases that are nothing but corrections

    def __str__(self) -> str:
        return f"{self.dataset} {self.name}"


def check_many(
    settings: Settings,
    dataset: str,
    files: Mapping[str, Sequence[Path]],
    run_id: str,
    earlier: Earlier | None = None,
) -> list[Validation]:
    """Validate staged files of several subjects (release ids, or cutoffs as `day@known`); return the ledger's records.

    Citations are compared with the documents of the same release, which stand beside them as
    `documents/part-*.parquet`; a release's volume with what was there `earlier`. All subjects are judged, their Data
    Docs written, their outcome remembered, and what failed is sent as an alert, before `ValidationError` is raised for
    those that broke a critical expectation.
    """
    before = earlier or Earlier({})
    subjects = [
        _Subject(dataset, name, files[name], earlier=before.folders.get(name, ()), corrections=before.corrections)
        for name in sorted(files)
    ]
    return _judge_all(settings, subjects, run_id)


def run(settings: Settings, run_id: str, dataset: str | None = None, subject: str | None = None) -> list[Validation]:
    """Validate again what is published: everything, or one dataset, or one subject.

    Numbers of rows are compared with the ledger's as well. Raises `NotReadyError` if nothing of that is published,
    `ValidationError` if anything breaks a critical expectation.
    """
    if dataset is not None and dataset not in DATASETS:
        raise SettingsError(f"dataset {dataset!r} has no suite; expected one of {', '.join(DATASETS)}")
    wanted = [s for s in _published(settings) if dataset in {None, s.dataset} and subject in {None, s.name}]
    if not wanted:
        raise NotReadyError(
            f"nothing is published of {dataset or 'any dataset'} {subject or ''}; ingest a release first"
        )
    return _judge_all(settings, wanted, run_id)


def _published(settings: Settings) -> list[_Subject]:
    """Return all that is in service, as the ledger has it."""
    layout, ledger = Layout(settings.home), Ledger(settings.ledger)
    releases, sets = ledger.all(Release), ledger.all(FeatureSet)
    ledger.close()
    found = [
        (dataset, r.release_id, layout.release(r.release_id) / dataset, getattr(r, dataset))
        for dataset in ("documents", "citations")
        for r in releases
    ]
    cutoffs = [(Cutoff(s.cutoff, s.known), s.rows) for s in sets]
    found += [("document_features", str(cutoff), layout.feature_set(cutoff), rows) for cutoff, rows in cutoffs]
    corrections = {layout.release(r.release_id) for r in releases if r.is_correction}
    return [
        _Subject(
            dataset, name, sorted(folder.glob("part-*.parquet")), in_service=True, rows=rows, corrections=corrections
        )
        for dataset, name, folder, rows in found
    ]


def _judge_all(settings: Settings, subjects: Sequence[_Subject], run_id: str) -> list[Validation]:
    outcomes = [_judge(settings, subject, run_id) for subject in subjects]
    _index(settings)
    problem = tell(settings, outcomes, in_service=any(subject.in_service for subject in subjects))
    failed = [v for v in outcomes if not v.success]
    if failed:
        raise ValidationError(
            f"{', '.join(f'{v.dataset} {v.subject}' for v in failed)} broke a critical expectation: "
            f"{_first(failed[0])}. Full report: {failed[0].report}",
            problem=problem,
        )
    return outcomes


def _judge(settings: Settings, subject: _Subject, run_id: str) -> Validation:
    from expectations.runner import validate

    reports = Layout(settings.home).reports
    outcome = validate(subject.dataset, subject.files, subject.name, reports, _context(subject))
    record = Validation(
        validation_id=f"{subject.dataset}-{subject.name}-{uuid4().hex[:12]}",
        dataset=subject.dataset,
        subject=subject.name,
        success=outcome.success,
        failures=outcome.failures,
        report=str(outcome.report),
        run_id=run_id,
    )
    _remember(settings, record)
    log.info("%s: %s, report %s", subject, "valid" if record.success else "invalid", record.report)
    return record


def _context(subject: _Subject) -> dict[str, Any]:
    context: dict[str, Any] = {"earlier": subject.earlier, "corrections": subject.corrections}
    context["is_correction"] = any(file.parent.parent in subject.corrections for file in subject.files)
    if subject.rows is not None:
        context["rows"] = subject.rows
    if subject.dataset == "citations":
        releases = sorted({file.parent.parent for file in subject.files})
        context["documents"] = [part for r in releases for part in sorted((r / "documents").glob("part-*.parquet"))]
    return context


def _remember(settings: Settings, record: Validation) -> None:
    ledger = Ledger(settings.ledger)
    ledger.add(record)
    ledger.close()


def _first(record: Validation) -> str:
    failure = record.failures[0]
    return f"{failure['column'] or 'rows'}: expected {failure['expected']} observed {failure['observed']}"


def _index(settings: Settings) -> None:
    """Write the Data Docs index anew from what the ledger remembers."""
    from expectations.datadocs import Entry, write_index

    reports, ledger = Layout(settings.home).reports, Ledger(settings.ledger)
    known = (Entry(v.dataset, v.subject, v.success, Path(v.report), v.validated_at) for v in ledger.all(Validation))
    here = [entry for entry in known if entry.report.is_relative_to(reports)]
    ledger.close()
    write_index(reports, sorted(here, key=lambda entry: entry.validated_at, reverse=True)[:_INDEXED])
