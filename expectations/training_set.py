"""The suite of a training's rows, training and evaluation together; its subject is the training's id.

The context has the plan: `features`, `baselines`, `training` (the cutoffs' days), `evaluation` (its cutoff's day),
`horizon_years` and `hot_quantile`; and `labelled`, how many documents had a label.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from math import ceil
from typing import Any

import pyarrow as pa
from great_expectations import expectations as gxe

from expectations import database
from expectations.fields import compared, distribution_expectation
from expectations.findings import columns, finding, nulls, outside
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import limits, tables

_KEYS = ("document_id", "event_timestamp")
_LABEL = "hot_area"
_SMALLEST = 5e-324  # the least float above 0: percentiles are in (0, 1]


def schema(context: Context) -> pa.Schema:
    """Return the columns of a training's rows: keys, label, features of the model and of the baselines."""
    keys = [tables.FEATURES.field(name) for name in _KEYS]
    values = [pa.field(name, tables.FEATURES.field(name).type) for name in _values(context)]
    return pa.schema([*keys, pa.field(_LABEL, pa.bool_()), *values])


def _values(context: Context) -> Sequence[str]:
    return tuple(dict.fromkeys([*context["features"], *context["baselines"]]))


def seen(given: str, context: Context) -> str:
    """Return keys and labels, the labels of each part, and findings over all features."""
    values = _values(context)
    evaluation = _midnight(context["evaluation"])
    horizon = f"INTERVAL {context['horizon_years']} YEAR"
    ranges = {n: outside(n, _SMALLEST, 1.0) if n.endswith("_pct") else outside(n) for n in values}
    found = {
        "cutoff": "strftime(event_timestamp, '%Y-%m-%d')",
        "is_hot": f"CAST({_LABEL} AS INTEGER)",
        "hot_in_training": f"CASE WHEN event_timestamp < {evaluation} THEN {_LABEL} END",
        "hot_in_evaluation": f"CASE WHEN event_timestamp = {evaluation} THEN {_LABEL} END",
        "feature_null": finding(nulls(values)),
        "out_of_range": finding(ranges),
        "learns_from_later": finding(
            {"event_timestamp": f"event_timestamp < {evaluation} AND event_timestamp + {horizon} > {evaluation}"}
        ),
    }
    return f"SELECT {', '.join([*_KEYS, _LABEL])}, {columns(found)} FROM {given}"


def _midnight(day: date) -> str:
    return f"TIMESTAMPTZ {database.text(datetime.combine(day, time(), UTC).isoformat())}"


def fields(given: str, context: Context) -> pa.Table | None:
    """Return how the model's features are spread at the evaluation cutoff, compared with the training cutoffs."""
    evaluation = _midnight(context["evaluation"])
    here, there = (f"(SELECT * FROM {given} WHERE event_timestamp {sign} {evaluation})" for sign in ("=", "<"))
    return compared(here, there, (), context["features"])


def expectations(subject: str, context: Context) -> list[Any]:  # noqa: ARG001
    """Return the checks for the rows of one training."""
    return [schema_expectation(), *_presence(context), *_identity(), *_time(context), *_labels(context), *_features()]


def _presence(context: Context) -> list[Any]:
    least = ceil((1 - limits.UNKNOWN_LABELLED_SHARE) * context["labelled"])
    return [
        gxe.ExpectTableRowCountToBeBetween(
            min_value=max(1, least),
            severity="warning",
            description=f"At least {least:,} of {context['labelled']:,} labelled documents have features.",
            notes="Labels know later releases than features do; many unknown documents are of another history.",
        ),
        *(
            gxe.ExpectColumnValuesToNotBeNull(
                column=column,
                severity="critical",
                description=f"{column} is never null.",
                notes="A row is a document at a cutoff with a label.",
            )
            for column in (*_KEYS, _LABEL)
        ),
    ]


def _identity() -> list[Any]:
    return [
        gxe.ExpectCompoundColumnsToBeUnique(
            column_list=list(_KEYS),
            severity="critical",
            description="A document has one row at a cutoff.",
            notes="A join that found two rows would weigh the document twice.",
        )
    ]


def _time(context: Context) -> list[Any]:
    days = sorted({str(day) for day in (*context["training"], context["evaluation"])})
    return [
        gxe.ExpectColumnValuesToBeInSet(
            column="cutoff",
            value_set=days,
            severity="critical",
            description=f"All rows are of the cutoffs {', '.join(days)}.",
            notes="What is learned and evaluated is what was planned.",
        ),
        gxe.ExpectColumnUniqueValueCountToBeBetween(
            column="cutoff",
            min_value=len(days),
            severity="critical",
            description=f"Each of the {len(days)} cutoffs has rows.",
            notes="A cutoff whose join found nothing would change the model without a word.",
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="learns_from_later",
            severity="critical",
            description=(
                f"Every training cutoff is at least {context['horizon_years']} years before the evaluation cutoff, "
                f"{context['evaluation']}."
            ),
            notes="A label looks a horizon ahead; a nearer one would know what the model is evaluated on.",
        ),
    ]


def _labels(context: Context) -> list[Any]:
    hot = 1 - context["hot_quantile"]
    least, most = (round(factor * hot, 4) for factor in limits.HOT_SHARE_OF_QUANTILE)
    both = [
        gxe.ExpectColumnUniqueValueCountToBeBetween(
            column=column,
            min_value=2,
            severity="critical",
            description=f"Some areas are hot and some are not, among the {part} rows.",
            notes="Nothing can be learned from one class, or evaluated on it.",
        )
        for column, part in (("hot_in_training", "training"), ("hot_in_evaluation", "evaluation"))
    ]
    share = gxe.ExpectColumnMeanToBeBetween(
        column="is_hot",
        min_value=least,
        max_value=most,
        severity="warning",
        description=f"Between {least:.1%} and {most:.1%} of areas are hot.",
        notes=f"By definition {hot:.0%} are at most, fewer where values are tied at the quantile.",
    )
    return [*both, share]


def _features() -> list[Any]:
    return [
        gxe.ExpectColumnValuesToBeNull(
            column="feature_null",
            severity="critical",
            description="No feature of the model or of a baseline is null.",
            notes="All are defined for cited documents; the model reads null as unknown.",
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="out_of_range",
            severity="critical",
            description="Features are finite, percentiles within (0, 1].",
            notes="A split learned on an infinite value holds for nothing else.",
        ),
    ]


SUITE = Suite(
    schema,
    _KEYS,
    seen,
    expectations,
    fields,
    lambda: [distribution_expectation("the training rows", "info")],
)
