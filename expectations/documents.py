"""The suite of a release's documents; its subject is the release id.

The context may have `earlier`: the folders of the releases before, by which the number of documents and each field's
share of nulls are judged.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
from great_expectations import expectations as gxe

from expectations import database, earlier
from expectations.fields import compared, null_share_expectation
from expectations.findings import columns, finding
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import limits, tables

_REQUIRED = ("document_id", "published", "updated", "is_retracted", "reference_count")
_NULLABLE = ("title", "type", "language", "topic_id", "topic")

# what each text looks like, where there is one
_FORMS = {
    "topic_id": r"T[0-9]+",
    "language": r"[a-z]{2,3}(-[a-z]+)?",
    "type": r"[a-z]+(-[a-z]+)*",
}


def seen(given: str, context: Context) -> str:  # noqa: ARG001
    """Return the checked columns, and findings; `title_missing` is one only where any document has a title."""
    untitled = f"title IS NULL AND EXISTS (SELECT 1 FROM {given} WHERE title IS NOT NULL)"
    malformed = {name: f"NOT regexp_full_match({name}, {database.text(form)})" for name, form in _FORMS.items()}
    found = {"title_missing": finding({"title": untitled}), "malformed": finding(malformed)}
    return f"SELECT {', '.join([*_REQUIRED, 'topic_id'])}, {columns(found)} FROM {given}"


def fields(given: str, context: Context) -> pa.Table | None:
    """Return how often each field is null, compared with the release before."""
    before = earlier.before(context)
    if not before:
        return None
    with database.view(database.rows(before, tables.DOCUMENTS)) as there:
        return compared(given, there, _NULLABLE)


def expectations(subject: str, context: Context) -> list[Any]:
    """Return the checks for the documents of one release."""
    released = date.fromisoformat(subject)
    return [
        schema_expectation(),
        *_presence(context),
        *_volume(context),
        *_identity(),
        *_dates(released, context),
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
        for column in _REQUIRED
    ]
    return [rows, *required]


def _volume(context: Context) -> list[Any]:
    usual = earlier.usual_documents(context)
    if usual is None:
        return []
    most = "" if usual.most is None else f" and at most {usual.most:,}, {limits.USUAL_ROWS_FACTOR:.0%} of it"
    return [
        gxe.ExpectTableRowCountToBeBetween(
            min_value=usual.least,
            max_value=usual.most,
            severity="warning",
            description=(
                f"A release has at least {usual.least:,} documents, {limits.USUAL_ROWS_SHARE:.0%} of the median of the "
                f"last {limits.RELEASES_COMPARED}{most}."
            ),
            notes="Part of it may be missing although the manifest agrees, or be there more than once; a year that is "
            "not over has fewer as well.",
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


def _dates(released: date, context: Context) -> list[Any]:
    earliest, latest = date(limits.EARLIEST_YEAR, 1, 1), date(released.year + limits.YEARS_AHEAD, 12, 31)
    next_day = released + timedelta(days=1)
    checks = [
        gxe.ExpectColumnValuesToBeBetween(
            column="published",
            min_value=_midnight(earliest),
            max_value=_midnight(latest),
            severity="critical",
            description=f"Documents are published between {earliest} and {latest}.",
            notes="Citations are dated by this day; a wrong century moves them out of every window.",
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="updated",
            max_value=_midnight(next_day),
            severity="warning",
            description=f"No version is of after {released}, the day of its release.",
            notes="The newest version of an id wins; one from the future would win over all that follow.",
        ),
    ]
    oldest = released - timedelta(days=limits.FRESH_DAYS)
    fresh = gxe.ExpectColumnMaxToBeBetween(
        column="published",
        min_value=oldest,
        severity="warning",
        description=f"The newest document is published on {oldest} or later, {limits.FRESH_DAYS} days before.",
        notes="A release without news is an old one under a new date.",
    )
    return checks if context.get("is_correction") else [*checks, fresh]


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
        gxe.ExpectColumnValuesToBeNull(
            column="malformed",
            mostly=1 - limits.MALFORMED_SHARE,
            severity="warning",
            description=(
                f"At least {1 - limits.MALFORMED_SHARE:.0%} of topic ids look like T10102, languages like en or zh-cn, "
                "types like book-chapter."
            ),
            notes="Another form means that the field changed at its source; topics of two forms do not add up.",
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


SUITE = Suite(
    lambda _: tables.DOCUMENTS, ("document_id",), seen, expectations, fields, lambda: [null_share_expectation()]
)
