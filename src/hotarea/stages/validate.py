"""Validation again: all that is published, held against its suites and compared with what came before it."""

from hotarea.domain.errors import NotReadyError, SettingsError
from hotarea.domain.records import Validation
from hotarea.domain.settings import Settings
from hotarea.stages import published
from hotarea.stages.judge import Subject, Verdicts, judge_each
from hotarea.stores.layout import Layout, discard

DATASETS = ("releases", "raw_works", "documents", "citations", "document_features", "training_set", "predictions")


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
    from hotarea.stages import compare  # its SQL engine takes a while to load

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
    folder = Layout(settings.home).aside("validate")
    try:
        found = published.find(settings, folder, dataset, subject)
        wanted = [
            Subject(
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
        return judge_each(settings, wanted, run_id, whole=subject is None)
    finally:
        discard(folder)
