"""The suite of a feature set; its subject is the cutoff, as `day@known`."""

from datetime import UTC, date, datetime, time
from math import inf
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from great_expectations import expectations as gxe

from expectations.findings import differs, finding, outside
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import tables
from hotarea.domain.windows import Cutoff

_KEYS = ("document_id", "event_timestamp", "created_timestamp")
_UNDEFINED_WITHOUT_CITATION = ("rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y")
_REQUIRED = tuple(n for n in (*_KEYS, *tables.RANKED) if n not in _UNDEFINED_WITHOUT_CITATION)
_RANGES = dict.fromkeys(tables.RANKED, (0.0, inf)) | {"citing_share_1y": (0.0, 1.0), "acceleration": (-inf, inf)}
_SMALLEST = 5e-324  # the least float above 0: percentiles are in (0, 1]

# (smaller, larger, why)
_ORDERED = (
    ("cite_count_1y", "cite_count_2y", "The last year is part of the last two."),
    ("cite_count_2y", "cite_count_5y", "The last two years are part of the last five."),
    ("cite_count_5y", "cite_count", "The last five years are part of all."),
    ("size_1y", "size_2y", "The last year is part of the last two."),
    ("size_2y", "size_5y", "The last two years are part of the last five."),
    ("cite_count_5y", "size_5y", "The document itself belongs to its area."),
)
_COMPARED = sorted({name for pair in _ORDERED for name in pair[:2]})


def frame(rows: pa.Table, context: Context) -> pd.DataFrame:  # noqa: ARG001
    """Return keys, the counts that are compared with each other, and four findings over all features."""
    seen: pd.DataFrame = rows.select([*_KEYS, *_COMPARED]).to_pandas()
    uncited = pc.equal(rows["cite_count"], 0)
    seen["unexpected_null"] = finding(rows, {name: pc.is_null(rows[name]) for name in _REQUIRED})
    seen["out_of_range"] = finding(rows, {name: outside(rows[name], *span) for name, span in _RANGES.items()})
    seen["undefined_ratio"] = finding(
        rows, {name: differs(pc.is_null(rows[name]), uncited) for name in _UNDEFINED_WITHOUT_CITATION}
    )
    seen["undefined_percentile"] = finding(
        rows, {f"{n}_pct": differs(pc.is_null(rows[f"{n}_pct"]), pc.is_null(rows[n])) for n in tables.RANKED}
    )
    seen["percentile_out_of_range"] = finding(
        rows, {f"{n}_pct": outside(rows[f"{n}_pct"], _SMALLEST, 1.0) for n in tables.RANKED}
    )
    return seen


def expectations(subject: str, context: Context) -> list[Any]:  # noqa: ARG001
    """Return the checks for the features of one cutoff."""
    return [schema_expectation(), *_presence(), *_stamps(Cutoff.parse(subject)), *_order(), *_values()]


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
    equal = [
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
    later = gxe.ExpectColumnPairValuesAToBeGreaterThanB(
        column_A="created_timestamp",
        column_B="event_timestamp",
        or_equal=True,
        severity="critical",
        description="No row is known before its cutoff.",
        notes="A row known too early would leak into training sets of the past.",
    )
    return [*equal, later]


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
        for smaller, larger, reason in _ORDERED
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


SUITE = Suite(tables.FEATURES, ("document_id",), frame, expectations)
