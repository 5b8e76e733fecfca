"""The suite of a feature set; its subject is the cutoff, as `day@known`.

The context may have `before`: the files of the feature set of the cutoff before, by which the number of rows, the
shares of nulls and the distributions are judged.
"""

from datetime import UTC, date, datetime, time
from math import ceil
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from great_expectations import expectations as gxe

from expectations import database
from expectations.fields import compared, distribution_expectation, null_share_expectation
from expectations.findings import columns, differs, finding, nulls, outside
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import limits, tables
from hotarea.domain.windows import Cutoff

_KEYS = ("document_id", "event_timestamp", "created_timestamp")
_UNDEFINED_WITHOUT_CITATION = ("rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y")
_REQUIRED = tuple(n for n in (*_KEYS, *tables.RANKED) if n not in _UNDEFINED_WITHOUT_CITATION)
_RANGES = dict.fromkeys(tables.RANKED, (0.0,)) | {"citing_share_1y": (0.0, 1.0), "acceleration": ()}
_QUOTIENTS = {
    "rate": ("size_5y", "cite_count"),
    "rate_1y": ("size_1y", "cite_count + 1"),
    "rate_2y": ("size_2y", "cite_count + 1"),
}
_SMALLEST = 5e-324  # the least float above 0: percentiles are in (0, 1]

ORDERED = (
    ("cite_count_1y", "cite_count_2y", "The last year is part of the last two."),
    ("cite_count_2y", "cite_count_5y", "The last two years are part of the last five."),
    ("cite_count_5y", "cite_count", "The last five years are part of all."),
    ("size_1y", "size_2y", "The last year is part of the last two."),
    ("size_2y", "size_5y", "The last two years are part of the last five."),
    ("cite_count_5y", "size_5y", "The document itself belongs to its area."),
)
"""Counts of which the first is at most the second, and why."""

_COMPARED = sorted({name for pair in ORDERED for name in pair[:2]})


def seen(given: str, context: Context) -> str:  # noqa: ARG001
    """Return keys, the counts that are compared with each other, ages, and findings over all features."""
    uncited = "cite_count = 0"
    found = {
        "age_years": f"CASE WHEN (SELECT count(*) FROM {given}) >= {limits.SHARE_ROWS} THEN age_years ELSE 0 END",
        "unexpected_null": finding(nulls(_REQUIRED)),
        "out_of_range": finding({name: outside(name, *span) for name, span in _RANGES.items()}),
        "ratio_differs": finding({name: _differing(name, *parts) for name, parts in _QUOTIENTS.items()}),
        "undefined_ratio": finding({n: differs(f"{n} IS NULL", uncited) for n in _UNDEFINED_WITHOUT_CITATION}),
        "undefined_percentile": finding(
            {f"{n}_pct": differs(f"{n}_pct IS NULL", f"{n} IS NULL") for n in tables.RANKED}
        ),
        "percentile_out_of_range": finding({f"{n}_pct": outside(f"{n}_pct", _SMALLEST, 1.0) for n in tables.RANKED}),
    }
    return f"SELECT {', '.join([*_KEYS, *_COMPARED])}, {columns(found)} FROM {given}"


def _differing(ratio: str, numerator: str, denominator: str) -> str:
    off = f"abs({ratio} * ({denominator}) - {numerator}) > 1e-9 * {numerator}"
    return f"isfinite({ratio}) AND ({denominator}) > 0 AND {off}"


def fields(given: str, context: Context) -> pa.Table | None:
    """Return how often each ratio is null, and how each feature is spread, compared with the cutoff before."""
    if not context.get("before"):
        return None
    with database.view(database.rows(context["before"], tables.FEATURES)) as there:
        return compared(given, there, _UNDEFINED_WITHOUT_CITATION, tables.RANKED)


def expectations(subject: str, context: Context) -> list[Any]:
    """Return the checks for the features of one cutoff."""
    return [
        schema_expectation(),
        *_presence(),
        *_growth(context),
        *_stamps(Cutoff.parse(subject)),
        *_order(),
        *_values(),
    ]


def _growth(context: Context) -> list[Any]:
    fresh = gxe.ExpectColumnMinToBeBetween(
        column="age_years",
        max_value=limits.FRESH_YEARS,
        severity="warning",
        description=f"The youngest of {limits.SHARE_ROWS} documents or more is at most {limits.FRESH_YEARS} years old.",
        notes="Without new documents there are no new citations, and every area cools.",
    )
    if not context.get("before"):
        return [fresh]
    before = sum(pq.read_metadata(file).num_rows for file in context["before"])
    least = ceil((1 - limits.DOCUMENTS_REMOVED) * before)
    rows = gxe.ExpectTableRowCountToBeBetween(
        min_value=least,
        severity="warning",
        description=f"There are at least {least:,} documents: {1 - limits.DOCUMENTS_REMOVED:.0%} of the cutoff before.",
        notes="Documents are added at every cutoff, and few are deleted or merged.",
    )
    return [fresh, rows]


def _presence() -> list[Any]:
    return [
        gxe.ExpectTableRowCountToBeBetween(
            min_value=1,
            severity="critical",
            description="A feature set has at least one document.",
            notes="A cutoff before the first document cannot be trained on or scored.",
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="document_id",
            severity="critical",
            description="A document has one row in a feature set.",
            notes="Point-in-time joins return one of several rows by chance.",
        ),
    ]


def _stamps(cutoff: Cutoff) -> list[Any]:
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column=column,
            min_value=_midnight(day),
            max_value=_midnight(day),
            severity="critical",
            description=f"{column} is {day} 00:00 UTC in every row.",
            notes=reason,
        )
        for column, day, reason in (
            ("event_timestamp", cutoff.day, "A feature set holds one cutoff."),
            ("created_timestamp", cutoff.known, "A feature set became known on one date; later rows are corrections."),
        )
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _order() -> list[Any]:
    return [
        gxe.ExpectColumnPairValuesAToBeGreaterThanB(
            column_A=larger,
            column_B=smaller,
            or_equal=True,
            severity="critical",
            description=f"{smaller} is at most {larger}.",
            notes=reason,
        )
        for smaller, larger, reason in ORDERED
    ]


def _values() -> list[Any]:
    rules = (
        (
            "unexpected_null",
            "Keys, counts and all ratios that are defined without citations are never null.",
            "The model reads null as unknown; a lost value must not pass for it.",
        ),
        (
            "out_of_range",
            "Counts and ratios are finite and at least 0, shares at most 1; acceleration has any sign.",
            "All are counts, quotients of counts, or ages of documents that exist at the cutoff.",
        ),
        (
            "ratio_differs",
            "rate is size_5y / cite_count; rate_1y and rate_2y are size_1y and size_2y / (cite_count + 1).",
            "They are what the baselines rank by; parts of two sets would disagree.",
        ),
        (
            "undefined_ratio",
            f"{', '.join(_UNDEFINED_WITHOUT_CITATION)} are null exactly where cite_count is 0.",
            "They divide by cite_count.",
        ),
        (
            "undefined_percentile",
            "A percentile is null exactly where its feature is null.",
            "Documents without a value are not ranked.",
        ),
        (
            "percentile_out_of_range",
            "Percentiles are within (0, 1].",
            "Mid-rank percentiles include the document itself.",
        ),
    )
    return [
        gxe.ExpectColumnValuesToBeNull(column=column, severity="critical", description=expected, notes=reason)
        for column, expected, reason in rules
    ]


SUITE = Suite(
    lambda _: tables.FEATURES,
    ("document_id",),
    seen,
    expectations,
    fields,
    lambda: [null_share_expectation(), distribution_expectation("the cutoff before", "warning")],
)
