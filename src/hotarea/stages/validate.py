"""Validation: the suites of `expectations/` on staged or published files, remembered in the ledger, told by alerts."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

from hotarea.domain.alert import Alert
from hotarea.domain.errors import NotReadyError, SettingsError, ValidationError
from hotarea.domain.records import FeatureSet, Release, Validation
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages.alert import send
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

DATASETS = ("documents", "citations", "document_features")

_INDEXED = 500  # the newest validations that the Data Docs index lists
_LISTED = 5  # failed checks that an alert spells out


def check(settings: Settings, dataset: str, files: Sequence[Path], subject: str, run_id: str) -> None:
    """Validate the files of one release or cutoff; the same as `check_many` with one subject."""
    check_many(settings, dataset, {subject: files}, run_id)


def check_many(settings: Settings, dataset: str, files: Mapping[str, Sequence[Path]], run_id: str) -> list[Validation]:
    """Validate the files of several subjects (release ids, or cutoffs as `day@known`) and return the ledger's records.

    Citations are compared with the documents of the same release, which stand beside them as
    `documents/part-*.parquet`. All subjects are judged, their Data Docs written, their outcome remembered, and what
    failed is sent as an alert, before `ValidationError` is raised for those that broke a critical expectation.
    """
    outcomes = [_judge(settings, dataset, subject, files[subject], run_id) for subject in sorted(files)]
    _index(settings)
    failed = [v for v in outcomes if not v.success]
    if failed:
        raise ValidationError(
            f"{dataset} of {', '.join(v.subject for v in failed)} broke a critical expectation and was not published: "
            f"{_first(failed[0])}. Full report: {failed[0].report}"
        )
    return outcomes


def run(settings: Settings, run_id: str, dataset: str | None = None, subject: str | None = None) -> list[Validation]:
    """Validate again what is published: everything, or one dataset, or one subject.

    Raises `NotReadyError` if nothing of that is published, `ValidationError` if anything breaks a critical expectation.
    """
    if dataset is not None and dataset not in DATASETS:
        raise SettingsError(f"dataset {dataset!r} has no suite; expected one of {', '.join(DATASETS)}")
    published = {d: _published(settings, d, subject) for d in DATASETS if dataset in {None, d}}
    if not any(published.values()):
        raise NotReadyError(
            f"nothing is published of {dataset or 'any dataset'} {subject or ''}; ingest a release first"
        )
    outcomes: list[Validation] = []
    broken: list[str] = []
    for name, files in published.items():
        try:
            outcomes += check_many(settings, name, files, run_id)
        except ValidationError as error:
            broken.append(str(error))
    if broken:
        raise ValidationError("; ".join(broken))
    return outcomes


def _published(settings: Settings, dataset: str, subject: str | None) -> dict[str, list[Path]]:
    """Return the files of every published subject of a dataset, as the ledger has them."""
    layout, ledger = Layout(settings.home), Ledger(settings.ledger)
    if dataset == "document_features":
        sets = [Cutoff(s.cutoff, s.known) for s in ledger.all(FeatureSet)]
        folders = {str(cutoff): layout.feature_set(cutoff) for cutoff in sets}
    else:
        folders = {r.release_id: layout.release(r.release_id) / dataset for r in ledger.all(Release)}
    ledger.close()
    return {name: sorted(f.glob("part-*.parquet")) for name, f in folders.items() if subject in {None, name}}


def _judge(settings: Settings, dataset: str, subject: str, files: Sequence[Path], run_id: str) -> Validation:
    from expectations.runner import validate

    outcome = validate(dataset, files, subject, Layout(settings.home).reports, _context(dataset, files))
    record = Validation(
        validation_id=f"{dataset}-{subject}-{uuid4().hex[:12]}",
        dataset=dataset,
        subject=subject,
        success=outcome.success,
        failures=outcome.failures,
        report=str(outcome.report),
        run_id=run_id,
    )
    _remember(settings, record)
    log.info("%s %s: %s, report %s", dataset, subject, "valid" if record.success else "invalid", record.report)
    told = [f for f in record.failures if f["severity"] in {"critical", "warning"}]
    if told:
        send(settings, _alert(record, told))
    return record


def _context(dataset: str, files: Sequence[Path]) -> dict[str, Any]:
    if dataset != "citations":
        return {}
    releases = sorted({file.parent.parent for file in files})
    return {"documents": [part for r in releases for part in sorted((r / "documents").glob("part-*.parquet"))]}


def _remember(settings: Settings, record: Validation) -> None:
    ledger = Ledger(settings.ledger)
    ledger.add(record)
    ledger.close()


def _first(record: Validation) -> str:
    failure = record.failures[0]
    return f"{failure['column'] or 'rows'}: expected {failure['expected']} observed {failure['observed']}"


def _alert(record: Validation, failures: Sequence[Mapping[str, Any]]) -> Alert:
    """Return what to tell of one subject: every failed check, the first few spelled out."""
    subject = f"{record.dataset} {record.subject}"
    verdict = "passed with warnings" if record.success else "was rejected; the data in service stays as it was"
    more = len(failures) - _LISTED
    rest = [f"and {more} more checks"] if more > 0 else []
    listed = failures[:_LISTED]
    return Alert(
        title=f"hotarea: {subject} {'has warnings' if record.success else 'failed validation'}",
        what=f"{subject} {verdict}. Failed checks: "
        + "; ".join([*(f"{f['check']} of {f['column'] or 'the table'} ({f['severity']})" for f in listed), *rest]),
        where=f"dataset {record.dataset}, {_kind(record.dataset)} {record.subject}",
        expected=" ".join(f["expected"] for f in listed),
        observed="; ".join(_observed(f) for f in listed),
        report=record.report,
        run_id=record.run_id,
        severity="warning" if record.success else "critical",
    )


def _kind(dataset: str) -> str:
    return "cutoff" if dataset == "document_features" else "release"


def _observed(failure: Mapping[str, Any]) -> str:
    examples = "".join(f", for example {example}" for example in failure["examples"][:1])
    return f"{failure['column'] or 'rows'}: {failure['observed']}{examples}"


def _index(settings: Settings) -> None:
    """Write the Data Docs index anew from what the ledger remembers."""
    from expectations.datadocs import Entry, write_index

    reports, ledger = Layout(settings.home).reports, Ledger(settings.ledger)
    known = (Entry(v.dataset, v.subject, v.success, Path(v.report), v.validated_at) for v in ledger.all(Validation))
    here = [entry for entry in known if entry.report.is_relative_to(reports)]
    ledger.close()
    write_index(reports, sorted(here, key=lambda entry: entry.validated_at, reverse=True)[:_INDEXED])
