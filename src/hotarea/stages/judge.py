"""Judging: the suites of `expectations/` on files, staged or published, remembered in the ledger, told by alerts."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from hotarea.domain.errors import HotareaError, ValidationError
from hotarea.domain.records import Validation
from hotarea.domain.settings import Settings
from hotarea.stages import reports
from hotarea.stages.validation_alert import tell
from hotarea.stores.layout import Layout, parts
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)


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
class Subject:
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
    subject's context. All subjects are judged, their Data Docs written, their outcome remembered, and what failed is
    sent as an alert, unless nobody is to be told, before `ValidationError` is raised for those that broke a critical
    expectation.
    """
    subjects = _subjects(dataset, files, earlier or Earlier({}), contexts or {})
    found = judge_each(settings, subjects, run_id, tells=tells)
    if found.error:
        raise found.error
    return found.outcomes


def _subjects(
    dataset: str, files: Mapping[str, Sequence[Path]], earlier: Earlier, contexts: Mapping[str, Mapping[str, Any]]
) -> list[Subject]:
    """Return what is to be judged, in the order of their names."""
    return [
        Subject(
            dataset,
            name,
            files[name],
            earlier=earlier.folders.get(name, ()),
            corrections=earlier.corrections,
            context=contexts.get(name, {}),
        )
        for name in sorted(files)
    ]


def judge_each(
    settings: Settings, subjects: Sequence[Subject], run_id: str, *, tells: bool = True, whole: bool = False
) -> Verdicts:
    """Judge every subject, write the Data Docs, remember and tell; `whole`: they are all that is in service."""
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


def _judge(settings: Settings, subject: Subject, run_id: str) -> Validation:
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


def _context(subject: Subject) -> dict[str, Any]:
    context: dict[str, Any] = {"earlier": subject.earlier, "corrections": subject.corrections}
    context["is_correction"] = any(file.parent.parent in subject.corrections for file in subject.files)
    if subject.rows is not None:
        context["rows"] = subject.rows
    context |= subject.context
    if subject.dataset == "citations":
        releases = sorted({file.parent.parent for file in subject.files})
        context["documents"] = [part for r in releases for part in parts(r / "documents")]
    return context


def _remember(settings: Settings, record: Validation) -> None:
    with Ledger(settings.ledger) as ledger:
        ledger.add(record)


def _first(record: Validation) -> str:
    failure = record.failures[0]
    return f"{failure['column'] or 'rows'}: {failure['expected'].rstrip('.')}; observed {failure['observed']}"
