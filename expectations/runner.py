"""Runs a suite on files: GX over DuckDB, its verdict as plain data, its Data Docs page."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import duckdb
import great_expectations as gx
import pyarrow as pa
from great_expectations.core.expectation_validation_result import ExpectationSuiteValidationResult
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

from expectations import citations, database, document_features, documents, predictions, raw_works, training_set
from expectations.datadocs import write_page
from expectations.files import damages, schemas
from expectations.suite import (
    SCHEMA_DIFFERENCE,
    Context,
    Suite,
    count_expectations,
    schema_differences,
    schema_expectation,
)
from hotarea.domain.errors import SettingsError, ValidationError

SUITES: dict[str, Suite] = {
    "raw_works": raw_works.SUITE,
    "documents": documents.SUITE,
    "citations": citations.SUITE,
    "document_features": document_features.SUITE,
    "training_set": training_set.SUITE,
    "predictions": predictions.SUITE,
}

_EXAMPLES = 5


@dataclass(frozen=True)
class SuiteVerdict:
    """What a suite says of one dataset.

    `success` is false if a critical check failed. `failures` holds every check that failed, of any severity, as
    `{"check", "severity", "column", "expected", "observed", "examples"}`, critical ones first. `checks` is how many
    were run.
    """

    success: bool
    failures: list[dict[str, Any]]
    report: Path
    checks: int


def validate(dataset: str, files: Sequence[Path], subject: str, reports: Path, context: Context) -> SuiteVerdict:
    """Run the suite of `dataset` on all rows of all files and write its Data Docs page below `reports`.

    `subject` is the release id, the cutoff (`day@known`) or the training's id. A file that cannot be read is a critical
    failure as well. Raises `SettingsError` for a dataset without a suite.
    """
    suite = _suite(dataset)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"great_expectations|sqlalchemy|duckdb")
        results = _results(suite, files, subject, context)
        report = write_page(_whole(dataset, subject, results), reports, dataset, subject, uuid4().hex[:12])
    failures = _failures(results)
    return SuiteVerdict(all(f["severity"] != "critical" for f in failures), failures, report, len(results))


def _suite(dataset: str) -> Suite:
    if dataset not in SUITES:
        raise SettingsError(f"dataset {dataset!r} has no suite; expected one of {', '.join(SUITES)}")
    return SUITES[dataset]


def _results(suite: Suite, files: Sequence[Path], subject: str, context: Context) -> list[Any]:
    """Return what GX says of each check: only of the schema's if the files do not get past it."""
    try:
        different = schema_differences(suite.schema(context), schemas(files))
    except ValidationError as error:
        different = [str(error)]
    if different:
        return _schema_results(different)
    try:
        results = _row_results(suite, files, subject, context)
    except (duckdb.Error, OSError, pa.ArrowException) as error:
        lost = damages([*files, *_beside(context)])
        if lost:
            return _schema_results(lost)
        raise ValidationError(
            f"{subject} cannot be looked at: {error}; expected readable files and room to work"
        ) from error
    lost = damages(files) if any(map(_failed_to_compute, results)) else []
    return _schema_results(lost) if lost else results


def _schema_results(different: list[str]) -> list[Any]:
    with database.table(pa.table({SCHEMA_DIFFERENCE: different})) as name:
        return _checked(name, [schema_expectation()], ())


def _beside(context: Context) -> Iterator[Path]:
    """Yield the files that the dataset is compared with."""
    listed = (value for value in context.values() if isinstance(value, list | tuple))
    return (path for value in listed for path in value if isinstance(path, Path) and path.suffix == ".parquet")


def _row_results(suite: Suite, files: Sequence[Path], subject: str, context: Context) -> list[Any]:
    checks = suite.expectations(subject, context) + count_expectations(context)
    with database.view(database.rows(files, suite.schema(context))) as given:
        seen = f"SELECT *, CAST(NULL AS VARCHAR) AS {SCHEMA_DIFFERENCE} FROM ({suite.seen(given, context)})"
        with (database.table if suite.kept else database.view)(seen) as name:
            results = _checked(name, checks, suite.identity)
        fields = suite.fields(given, context)
    if fields is None:
        return results
    with database.table(fields) as name:
        return results + _checked(name, suite.field_expectations(), ("field",))


def _checked(name: str, checks: Sequence[Any], identity: Sequence[str]) -> list[Any]:
    """Return GX's results of checks on a table or view.

    A check that must hold for every row is first only counted, all such checks together; examples are looked for
    where it fails, which costs more. Of all others the observed value or share is told as well.
    """
    strict = [check for check in checks if _is_of_every_row(check)]
    with _batch(name) as batch:
        first = _validated(batch, strict, "BOOLEAN_ONLY")
        left = [result.expectation_config.to_domain_obj() for result in first if not result.success]
        wanted = {
            "result_format": "SUMMARY",
            "partial_unexpected_count": _EXAMPLES,
            **({"unexpected_index_column_names": list(identity)} if identity else {}),
        }
        second = _validated(batch, [*left, *(check for check in checks if not _is_of_every_row(check))], wanted)
    return [*(result for result in first if result.success), *second]


def _is_of_every_row(check: Any) -> bool:
    return getattr(check, "mostly", None) == 1


def _validated(batch: Any, checks: Sequence[Any], wanted: str | Mapping[str, Any]) -> list[Any]:
    if not checks:
        return []
    found: list[Any] = batch.validate(
        gx.ExpectationSuite(name="checks", expectations=checks), result_format=wanted
    ).results
    return found


def _whole(dataset: str, subject: str, results: Sequence[Any]) -> Any:
    """Return all results of a subject as GX's own, for its page."""
    good = sum(result.success for result in results)
    return ExpectationSuiteValidationResult(
        success=good == len(results),
        results=list(results),
        suite_name=dataset,
        statistics={
            "evaluated_expectations": len(results),
            "successful_expectations": good,
            "unsuccessful_expectations": len(results) - good,
            "success_percent": 100 * good / len(results),
        },
        meta={
            "run_id": RunIdentifier(run_name=subject, run_time=datetime.now(UTC)),
            "great_expectations_version": gx.__version__,
            "active_batch_definition": {"data_asset_name": dataset},
        },
    )


@contextmanager
def _batch(name: str) -> Iterator[Any]:
    """Give GX a table or view of the database."""
    source = _source()
    asset = source.add_table_asset(name, table_name=name)
    try:
        yield asset.add_batch_definition_whole_table("all_rows").get_batch()
    finally:
        source.delete_asset(name)


@cache
def _source() -> Any:
    """Return the database as GX knows it, made once per process."""
    return ephemeral_context().data_sources.add_sql("duckdb", connection_string=f"duckdb:///{database.NAME}")


@cache
def ephemeral_context() -> Any:
    """Return GX's context, one for the process, that keeps nothing on disk and tells nobody."""
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites={},  # `expectations.datadocs` writes the pages; GX would make a temporary folder for them
        progress_bars={"globally": False},
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _failures(results: Sequence[Any]) -> list[dict[str, Any]]:
    failed = [_failure(r) for r in results if not r.success]
    order = ("critical", "warning", "info")
    return sorted(failed, key=lambda f: (order.index(f["severity"]), f["column"], f["expected"]))


def _failure(checked: Any) -> dict[str, Any]:
    """Return one failed check as plain data; a check that could not be computed is critical whatever it is about."""
    config = checked.expectation_config
    known = checked.to_json_dict()["result"]
    severity = config.severity.value if known else "critical"
    return {
        "check": config.type,
        "severity": severity,
        "column": _columns(config.kwargs),
        "expected": config.description,
        "observed": _observed(known) if known else f"the check could not be computed: {_trouble(checked)}",
        "examples": _examples(known),
    }


def _columns(kwargs: dict[str, Any]) -> str:
    named = (kwargs.get(key) for key in ("column", "column_A", "column_B"))
    return ", ".join([*(name for name in named if name), *kwargs.get("column_list", [])])


def _observed(known: dict[str, Any]) -> str:
    """Return what was found: how many differ of those that the check looked at, or the one value it looked at."""
    if "unexpected_count" not in known:
        return str(known.get("observed_value"))
    missing = known.get("missing_count", 0)
    looked_at = known["element_count"] - missing
    share = 100 * known["unexpected_count"] / looked_at
    rows = "rows with a value" if missing else "rows"
    return f"{known['unexpected_count']:,} of {looked_at:,} {rows} ({share:.3g} %) differ"


def _examples(known: dict[str, Any]) -> list[Any]:
    """Return a few offending rows, as their identity and value where the dataset has an identity, else as values."""
    rows = [row for row in known.get("partial_unexpected_index_list") or [] if isinstance(row, dict)]
    return (rows or known.get("partial_unexpected_list") or [])[:_EXAMPLES]


def _failed_to_compute(checked: Any) -> bool:
    return not checked.success and not checked.to_json_dict()["result"]


def _trouble(checked: Any) -> str:
    information = checked.exception_info
    first = information if "exception_message" in information else next(iter(information.values()))
    return str(first["exception_message"])
