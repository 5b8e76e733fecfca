"""The suite of a release's documents; its subject is the release id.

The context may have `earlier`: the folders of the releases before, by which the number of documents is judged.
"""

from datetime import UTC, date, datetime, time
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from great_expectations import expectations as gxe

from expectations import earlier, limits
from expectations.findings import finding
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import tables

# Types that GX compares as whole columns; dates in seconds, as nanoseconds end at 1677 and 2262
_REQUIRED = pa.schema(
    {
        "document_id": pa.int64(),
        "published": pa.timestamp("s", tz="UTC"),
        "updated": tables.STAMP,
        "is_retracted": pa.bool_(),
        "reference_count": pa.int64(),
    }
)


def frame(rows: pa.Table, context: Context) -> pd.DataFrame:  # noqa: ARG001
    """Return the checked columns of all documents, and the finding `title_missing` where any document has a title."""
    seen: pd.DataFrame = rows.select(_REQUIRED.names).cast(_REQUIRED).to_pandas()
    untitled = pc.is_null(rows["title"])
    titled = pc.any(pc.invert(untitled)).as_py()
    seen["title_missing"] = finding(rows, {"title": untitled} if titled else {})
    seen["topic_id"] = rows["topic_id"].dictionary_encode().to_pandas()
    return seen


def expectations(subject: str, context: Context) -> list[Any]:
    """Return the checks for the documents of one release."""
    released = date.fromisoformat(subject)
    return [
        schema_expectation(),
        *_presence(context),
        *_volume(context),
        *_identity(),
        *_dates(released),
        *_shares(),
    ]


def _presence(context: Context) -> list[Any]:
    least = 0 if context.get("is_correction") else 1
    rows = gxe.ExpectTableRowCountToBeBetween(
        min_value=least,
        severity="critical",
        description="A release has at least one document." if least else "Corrections may tell removals only.",
        notes="A release without documents is a delivery that went wrong.",
    )
    required = [
        gxe.ExpectColumnValuesToNotBeNull(
            column=column,
            severity="critical",
            description=f"{column} is never null.",
            notes="Every later stage reads this column without asking whether it is there.",
        )
        for column in _REQUIRED.names
    ]
    return [rows, *required]


def _volume(context: Context) -> list[Any]:
    least = earlier.least_documents(context)
    if least is None:
        return []
    return [
        gxe.ExpectTableRowCountToBeBetween(
            min_value=least,
            severity="warning",
            description=(
                f"A release has at least {least:,} documents, {limits.USUAL_ROWS_SHARE:.0%} of the median of the "
                f"last {limits.RELEASES_COMPARED}."
            ),
            notes="Part of it may be missing although the manifest agrees; a year that is not over has fewer as well.",
        )
    ]


def _identity() -> list[Any]:
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="document_id",
            min_value=1,
            severity="critical",
            description="Document ids are above 0.",
            notes="An OpenAlex id is the digits after W; 0 and below come from a failed parse.",
        ),
        gxe.ExpectColumnValuesToBeUnique(
            column="document_id",
            severity="critical",
            description="An id has one row in a release.",
            notes="Two versions of one document in a release would be counted twice.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="reference_count",
            min_value=0,
            severity="critical",
            description="Documents have 0 references or more.",
            notes="The number is a count, dangling references included.",
        ),
    ]


def _dates(released: date) -> list[Any]:
    latest = date(released.year + limits.YEARS_AHEAD, 12, 31)
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="published",
            min_value=_midnight(limits.EARLIEST_PUBLISHED),
            max_value=_midnight(latest),
            severity="critical",
            description=f"Documents are published between {limits.EARLIEST_PUBLISHED} and {latest}.",
            notes="Citations are dated by this day; a wrong century moves them out of every window.",
        )
    ]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)


def _shares() -> list[Any]:
    return [
        gxe.ExpectColumnValuesToBeNull(
            column="title_missing",
            mostly=limits.TITLED_SHARE,
            severity="warning",
            description=f"At least {limits.TITLED_SHARE:.0%} of documents have a title, in a release that has any.",
            notes="Titles are shown to readers; the model does not use them.",
        ),
        gxe.ExpectColumnValuesToNotBeNull(
            column="topic_id",
            mostly=limits.TOPIC_SHARE,
            severity="info",
            description=f"At least {limits.TOPIC_SHARE:.0%} of documents have a topic.",
            notes="Hot areas are reported per topic; sources without topics are scored all the same.",
        ),
        gxe.ExpectColumnValuesToBeInSet(
            column="is_retracted",
            value_set=[False],
            mostly=1 - limits.RETRACTED_SHARE,
            severity="warning",
            description=f"Less than {limits.RETRACTED_SHARE:.0%} of documents are retracted.",
            notes="Retracted documents are not eligible for labels; many at once are a wrong flag.",
        ),
    ]


SUITE = Suite(tables.DOCUMENTS, ("document_id",), frame, expectations)
