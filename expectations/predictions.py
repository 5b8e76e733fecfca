"""The suite of a model's predictions; its subject is the cutoff and the model's version, as `day@known-vVERSION`.

The context has `features` (the files of the cutoff's feature set), `retracted` (a file of the ids that are served no
prediction), `served` (what each row says of itself), and it may have `before`: the files of the same model's
predictions at an earlier cutoff.
"""

from typing import Any

import pyarrow as pa
from great_expectations import expectations as gxe

from expectations import database
from expectations.fields import compared, distribution_expectation
from expectations.findings import columns, finding, nulls, outside
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import limits, tables
from hotarea.domain.predictions import POPULATION, Served

_SCORE = "hot_area_score"
_ASKED = pa.schema([tables.FEATURES.field(name) for name in ("document_id", POPULATION)])
_ID = pa.schema([tables.FEATURES.field("document_id")])


def asked(context: Context) -> str:
    """Return the query for the ids that had to be scored."""
    features = database.rows(context["features"], _ASKED)
    retracted = database.rows(context["retracted"], _ID)
    return f"SELECT document_id FROM ({features}) WHERE {POPULATION} >= 1 AND document_id NOT IN ({retracted})"


def seen(given: str, context: Context) -> str:
    """Return ids and scores, and findings: over other files, and over what rows say of themselves."""
    served: Served = context["served"]
    wrong = f"isfinite({_SCORE}) AND {_SCORE} BETWEEN 0 AND 1 AND ({_SCORE} > {served.threshold!r}) <> hot_area"
    by = {
        name: f"{name} <> {database.text(str(getattr(served, name)))}" for name in ("model_name", "feature_service")
    } | {"model_version": f"model_version <> {served.model_version}"}
    stamps = {"event_timestamp": served.cutoff} | ({"created_timestamp": served.scored_at} if served.scored_at else {})
    found = {
        "not_asked": finding({"document_id": f"document_id NOT IN ({asked(context)})"}),
        "unexpected_null": finding(nulls(name for name in tables.PREDICTIONS.names if name != "document_id")),
        "score_out_of_range": finding({_SCORE: outside(_SCORE, 0.0, 1.0)}),
        "hot_differs": finding({"hot_area": wrong}),
        "by_another_model": finding(by),
        "of_another_time": finding(
            {name: f"{name} <> TIMESTAMPTZ {database.text(stamp.isoformat())}" for name, stamp in stamps.items()}
        ),
    }
    return f"SELECT document_id, {_SCORE}, hot_area, CAST(hot_area AS INTEGER) AS is_hot, {columns(found)} FROM {given}"


def fields(given: str, context: Context) -> pa.Table | None:
    """Return how the scores are spread, compared with the same model's at the cutoff before."""
    if not context.get("before"):
        return None
    with database.view(database.rows(context["before"], tables.PREDICTIONS)) as there:
        return compared(given, there, (), [_SCORE])


def expectations(subject: str, context: Context) -> list[Any]:  # noqa: ARG001
    """Return the checks for the predictions of one model at one cutoff."""
    count = database.value(f"SELECT count(*) FROM ({asked(context)})")
    served: Served = context["served"]
    return [schema_expectation(), *_presence(count), *_scores(served, count), *_origin(served)]


def _presence(count: int) -> list[Any]:
    return [
        gxe.ExpectTableRowCountToEqual(
            value=count,
            severity="critical",
            description=f"There are {count:,} predictions, as many as cited documents that are not retracted.",
            notes="Who has none is answered null online, as if nobody cited it.",
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="document_id",
            severity="critical",
            description="document_id is never null.",
            notes="A prediction is of a document.",
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="document_id",
            severity="critical",
            description="A document has one prediction.",
            notes="Of two, the online store would keep one by chance.",
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="not_asked",
            severity="critical",
            description="Only documents that are cited at the cutoff and not retracted are scored.",
            notes="The model learned from no others.",
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="unexpected_null",
            severity="critical",
            description="No column is null.",
            notes="A score that is null online means that there is none.",
        ),
    ]


def _scores(served: Served, count: int) -> list[Any]:
    least, most = limits.PREDICTED_HOT_SHARE
    return [
        gxe.ExpectColumnValuesToBeNull(
            column="score_out_of_range",
            severity="critical",
            description="Scores are numbers from 0 to 1.",
            notes="They are probabilities.",
        ),
        gxe.ExpectColumnUniqueValueCountToBeBetween(
            column=_SCORE,
            min_value=min(count, 2),
            severity="critical",
            description="The model tells documents apart: not all scores are equal.",
            notes="Equal scores come from a model that reads none of its features.",
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="hot_differs",
            severity="critical",
            description=f"hot_area is whether the score is above {served.threshold:g}, the model's threshold.",
            notes="Readers take one or the other, and must not be told different things.",
        ),
        gxe.ExpectColumnMeanToBeBetween(
            column="is_hot",
            min_value=least,
            max_value=most,
            severity="warning",
            description=f"Between {least:.0%} and {most:.0%} of areas are predicted hot.",
            notes="The threshold is the 0.9 quantile of the scores at the evaluation cutoff; another share is drift.",
        ),
    ]


def _origin(served: Served) -> list[Any]:
    return [
        gxe.ExpectColumnValuesToBeNull(
            column="by_another_model",
            severity="critical",
            description=(
                f"All predictions are of {served.model_name}, version {served.model_version}, and of "
                f"{served.feature_service}."
            ),
            notes="What is served says which model it comes from; a mix cannot be rolled back.",
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="of_another_time",
            severity="critical",
            description=f"All predictions are of the cutoff {served.cutoff:%Y-%m-%d}, and were scored at one moment.",
            notes="Point-in-time joins take the row of the latest of both.",
        ),
    ]


SUITE = Suite(
    lambda _: tables.PREDICTIONS,
    ("document_id",),
    seen,
    expectations,
    fields,
    lambda: [distribution_expectation("this model's scores at the cutoff before", "warning")],
    kept=True,
)
