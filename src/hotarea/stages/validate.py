"""Validation: the suites of `expectations/` on staged or published files, remembered in the ledger, told by alerts."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from hotarea.domain.errors import HotareaError, NotReadyError, SettingsError, ValidationError
from hotarea.domain.records import Validation
from hotarea.domain.settings import Settings
from hotarea.stages import reports
from hotarea.stages.validation_alert import tell
from hotarea.stores.layout import Layout, discard
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

DATASETS = ("releases", "raw_works", "documents", "citations", "document_features", "training_set", "predictions")


@dataclass(frozen=True)
class Earlier:
    """The folders of the releases before each one, oldest first, and those that are nothing but corrections."""

    folders: Mapping[str, Sequence[Path]]
    corrections: Collection[Path] = ()


@dataclass(frozen=True)
class Verdicts:
    """What was judged, and the error that stops whoever wanted to use it, if any."""

    outcomes: list[Validation]
    error: HotareaError | None
    note: str = ""  # what they were held against, where that is not plain


@dataclass(frozen=True)
class _Subject:
    """What one suite is run on once."""

    dataset: str
    name: str  # a release id, a cutoff as `day@known`, that and `-vVERSION` of a model, or a training's id
    files: Sequence[Path]
    in_service: bool = False
    rows: int | None = None  # as the ledger remembers them
    earlier: Sequence[Path] = ()  # folders of the releases before it, oldest first
    corrections: Collection[Path] = ()  # folders of releases that are nothing but corrections
    context: Mapping[str, Any] = field(default_factory=dict)  # what else its suite compares it with

    def __str__(self) -> str:
        return f"{self.dataset} {self.name}"


def check_many(  # noqa: PLR0913, PLR0917 - what is judged, and all that it is compared with
    settings: Settings,
    dataset: str,
    files: Mapping[str, Sequence[Path]],
    run_id: str,
    earlier: Earlier | None = None,
    contexts: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    tells: bool = True,
) -> list[Validation]:
    """Validate staged files of several subjects (release ids, or cutoffs as `day@known`); return the ledger's records.

    Citations are compared with the documents of the same release, which stand beside them as
    `documents/part-*.parquet`; a release's volume with what was there `earlier`. What else a suite asks for is in its
    subject's context. All subjects are judged, their Data
    Docs written, their outcome remembered, and what failed is sent as an alert, unless nobody is to be told, before
    `ValidationError` is raised for those that broke a critical expectation.
    """
    before = earlier or Earlier({})
    subjects = [
        _Subject(
            dataset,
            name,
            files[name],
            earlier=before.folders.get(name, ()),
            corrections=before.corrections,
            context=(contexts or {}).get(name, {}),
        )
        for name in sorted(files)
    ]
    found = _judge_each(settings, subjects, run_id, tells=tells)
    if found.error:
        raise found.error
    return found.outcomes


def run(settings: Settings, run_id: str, dataset: str | None = None, subject: str | None = None) -> list[Validation]:
    """Validate again what is published: everything, or one dataset, or one subject.

    Numbers of rows are compared with the ledger's as well. Raises `NotReadyError` if nothing of that is published,
    `ValidationError` if anything breaks a critical expectation.
    """
    found = verdicts(settings, run_id, dataset, subject)
    if found.error:
        raise found.error
    return found.outcomes


def verdicts(settings: Settings, run_id: str, dataset: str | None = None, subject: str | None = None) -> Verdicts:
    """Validate as `run` does, and give back what broke a critical expectation as well."""
    from hotarea.stages import compare

    if dataset is not None and dataset not in DATASETS:
        raise SettingsError(f"dataset {dataset!r} cannot be validated; expected one of {', '.join(DATASETS)}")
    none = Verdicts([], None)
    judged = _held_against_suites(settings, run_id, dataset, subject) if dataset != "releases" else none
    # what is damaged cannot be compared
    is_compared = dataset in {None, "releases"} and not judged.error
    compared = compare.verdicts(settings, run_id, subject) if is_compared else none
    if not compared.outcomes and not judged.outcomes:
        wanted = " ".join(filter(None, (dataset or "any dataset", subject)))
        raise NotReadyError(f"nothing is published of {wanted}; ingest a release first")
    return Verdicts([*compared.outcomes, *judged.outcomes], compared.error or judged.error)


def _held_against_suites(settings: Settings, run_id: str, dataset: str | None, subject: str | None) -> Verdicts:
    from hotarea.stages import published

    folder = Layout(settings.home).aside("validate")
    try:
        found = published.find(settings, folder, dataset, subject)
        wanted = [
            _Subject(
                p.dataset,
                p.name,
                p.files,
                in_service=True,
                rows=p.rows,
                corrections=p.context.get("corrections", ()),
                context=p.context,
            )
            for p in found
        ]
        return _judge_each(settings, wanted, run_id, whole=subject is None)
    finally:
        discard(folder)


def _judge_each(
    settings: Settings, subjects: Sequence[_Subject], run_id: str, *, tells: bool = True, whole: bool = False
) -> Verdicts:
    outcomes = [_judge(settings, subject, run_id) for subject in subjects]
    reports.prune(settings)
    reports.index(settings)
    in_service = any(subject.in_service for subject in subjects)
    problem = tell(settings, outcomes, in_service=in_service, whole=whole) if tells else ""
    return Verdicts(outcomes, _error(outcomes, problem))


def _error(outcomes: Sequence[Validation], problem: str) -> ValidationError | None:
    failed = [v for v in outcomes if not v.success]
    if not failed:
        return None
    return ValidationError(
        f"{', '.join(f'{v.dataset} {v.subject}' for v in failed)} broke a critical expectation: "
        f"{_first(failed[0])}. Full report: {failed[0].report}",
        problem=problem,
    )


def _judge(settings: Settings, subject: _Subject, run_id: str) -> Validation:
    from expectations.runner import validate

    outcome = validate(subject.dataset, subject.files, subject.name, Layout(settings.home).reports, _context(subject))
    record = Validation(
        validation_id=f"{subject.dataset}-{subject.name}-{uuid4().hex[:12]}",
        dataset=subject.dataset,
        subject=subject.name,
        success=outcome.success,
        failures=outcome.failures,
        report=str(outcome.report),
        run_id=run_id,
        checks=outcome.checks,
    )
    _remember(settings, record)
    log.info("%s: %s, report %s", subject, "valid" if record.success else "invalid", record.report)
    return record


def _context(subject: _Subject) -> dict[str, Any]:
    context: dict[str, Any] = {"earlier": subject.earlier, "corrections": subject.corrections}
    context["is_correction"] = any(file.parent.parent in subject.corrections for file in subject.files)
    if subject.rows is not None:
        context["rows"] = subject.rows
    context |= subject.context
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
    return f"{failure['column'] or 'rows'}: {failure['expected'].rstrip('.')}; observed {failure['observed']}"
