"""Runs a suite on files: GX in one in-memory context per process, its verdict as plain data, its Data Docs page."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import great_expectations as gx
import pandas as pd
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

from expectations import citations, document_features, documents
from expectations.datadocs import write_page
from expectations.files import read, schemas
from expectations.findings import finding
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
    "documents": documents.SUITE,
    "citations": citations.SUITE,
    "document_features": document_features.SUITE,
}

_EXAMPLES = 5


@dataclass(frozen=True)
class Outcome:
    """What a suite says of one dataset.

    `success` is false if a critical check failed. `failures` holds every check that failed, of any severity, as
    `{"check", "severity", "column", "expected", "observed", "examples"}`, critical ones first.
    """

    success: bool
    failures: list[dict[str, Any]]
    report: Path


def validate(dataset: str, files: Sequence[Path], subject: str, reports: Path, context: Context) -> Outcome:
    """Run the suite of `dataset` on all files together and write its Data Docs page below `reports`.

    `subject` is the release id or the cutoff (`day@known`). A file that cannot be read is a critical failure as well.
    Raises `SettingsError` for a dataset without a suite.
    """
    suite = _suite(dataset)
    frame, checks = _prepare(suite, files, subject, context)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"great_expectations|pandas")
        result = _run(dataset, frame, checks, subject, suite.identity)
        report = write_page(result, reports, dataset, subject, uuid4().hex[:12])
    failures = _failures(result)
    return Outcome(all(failure["severity"] != "critical" for failure in failures), failures, report)


def _suite(dataset: str) -> Suite:
    if dataset not in SUITES:
        raise SettingsError(f"dataset {dataset!r} has no suite; expected one of {', '.join(SUITES)}")
    return SUITES[dataset]


def _prepare(suite: Suite, files: Sequence[Path], subject: str, context: Context) -> tuple[pd.DataFrame, list[Any]]:
    """Return what GX shall look at and with which checks: only the schema's if the files do not get past it."""
    try:
        different = schema_differences(suite.schema, schemas(files))
        if not different:
            return _frame(suite, files, context), suite.expectations(subject, context) + count_expectations(context)
    except ValidationError as error:
        different = [str(error)]
    return pd.DataFrame({SCHEMA_DIFFERENCE: different}), [schema_expectation()]


def _frame(suite: Suite, files: Sequence[Path], context: Context) -> pd.DataFrame:
    rows = read(files, suite.schema)
    frame = suite.frame(rows, context)
    frame[SCHEMA_DIFFERENCE] = finding(rows, {})
    return frame


def _run(dataset: str, frame: pd.DataFrame, checks: list[Any], subject: str, identity: tuple[str, ...]) -> Any:
    """Validate; where something fails, again with the rows that failed, which costs more."""
    batch = _batches(dataset).get_batch(batch_parameters={"dataframe": frame})
    suite = gx.ExpectationSuite(name=dataset, expectations=checks)
    result = batch.validate(suite, result_format="BASIC")
    if not result.success:
        named = [name for name in identity if name in frame]
        details = {"unexpected_index_column_names": named} if named else {}
        wanted = {"result_format": "SUMMARY", "partial_unexpected_count": _EXAMPLES, **details}
        result = batch.validate(suite, result_format=wanted)
    result.meta["run_id"] = RunIdentifier(run_name=subject, run_time=datetime.now(UTC))
    return result


@cache
def _context() -> Any:
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(),
        data_docs_sites={},  # `expectations.datadocs` writes the pages; GX would make a temporary folder for them
        progress_bars={"globally": False},
        analytics_enabled=False,
    )
    return gx.get_context(mode="ephemeral", project_config=config)


@cache
def _batches(dataset: str) -> Any:
    """Return what turns a frame into a batch, made once per process and dataset."""
    asset = _context().data_sources.add_pandas(f"{dataset}_files").add_dataframe_asset(dataset)
    return asset.add_batch_definition_whole_dataframe("all_files")


def _failures(result: Any) -> list[dict[str, Any]]:
    failed = [_failure(r) for r in result.results if not r.success]
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
    if rows:
        return [{name: _plain(value) for name, value in row.items()} for row in rows[:_EXAMPLES]]
    return [_plain(value) for value in (known.get("partial_unexpected_list") or [])[:_EXAMPLES]]


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _trouble(checked: Any) -> str:
    information = checked.exception_info
    first = information if "exception_message" in information else next(iter(information.values()))
    return str(first["exception_message"])
