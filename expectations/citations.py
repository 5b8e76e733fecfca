"""The suite of a release's citations; its subject is the release id.

The context has `documents`: the files of the same release's documents, which date the citations. It may have
`earlier`: the folders of the releases before, by which the share of citations whose target is unknown is judged.
"""

from math import ceil
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from great_expectations import expectations as gxe

from expectations import database, earlier
from expectations.findings import columns, finding
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import limits, tables

_IDS = ("citing_id", "cited_id")
_DATED = pa.schema([tables.DOCUMENTS.field(name) for name in ("document_id", "published")])


def seen(given: str, context: Context) -> str:
    """Return the ids of all citations, four findings, and how many days later the cited document was published.

    `days_ahead` is null where the release does not say when the cited document was published, or says so of fewer than
    `SHARE_ROWS` citations.
    """
    dated = database.rows(context["documents"], _DATED)
    joined = (
        "SELECT g.*, citing.document_id IS NULL AND g.citing_id > 0 AS is_strange, "
        "citing.published <> g.published OR g.published IS NULL AS is_misdated, "
        f"{_dangling(given, context)} AS dangling, cited.published - g.published AS days "
        f"FROM {given} g LEFT JOIN ({dated}) citing ON citing.document_id = g.citing_id "
        f"LEFT JOIN ({dated}) cited ON cited.document_id = g.cited_id"
    )
    found = {
        "cites_itself": finding({"cited_id": "citing_id = cited_id"}),
        "citing_unknown": finding({"citing_id": "is_strange"}),
        "date_differs": finding({"published": "is_misdated"}),
        "dangles": finding({"cited_id": "dangling"}),
        "days_ahead": f"CASE WHEN (SELECT count(days) FROM joined) >= {limits.SHARE_ROWS} THEN days END",
    }
    return f"WITH joined AS MATERIALIZED ({joined}) SELECT {', '.join(_IDS)}, {columns(found)} FROM joined"


def _dangling(given: str, context: Context) -> str:
    """Return the condition that no release up to this one has a cited id; false where there are too few to tell."""
    if not context.get("earlier") or database.value(f"SELECT count(*) FROM {given}") < limits.SHARE_ROWS:
        return "false"
    known = database.rows(earlier.documents_so_far(context), earlier.ID)
    return f"g.cited_id NOT IN ({known})"


def expectations(subject: str, context: Context) -> list[Any]:  # noqa: ARG001
    """Return the checks for the citations of one release."""
    return [
        schema_expectation(),
        *_presence(context),
        *_volume(context),
        *_pairs(),
        *_agreement(),
        *_order(),
        *_found(context),
    ]


def _presence(context: Context) -> list[Any]:
    rows = gxe.ExpectTableRowCountToBeBetween(
        min_value=1 if _documents(context) >= limits.LARGE_RELEASE else 0,
        severity="warning",
        description=f"A release of {limits.LARGE_RELEASE:,} documents or more has at least one citation.",
        notes="A small release may have none; a large one without citations has lost its references.",
    )
    required = [
        gxe.ExpectColumnValuesToNotBeNull(
            column=column,
            severity="critical",
            description=f"{column} is never null.",
            notes="A citation is a pair of documents.",
        )
        for column in _IDS
    ]
    return [rows, *required]


def _volume(context: Context) -> list[Any]:
    usual = earlier.usual_citations(context)
    documents = _documents(context)
    if usual is None or documents < limits.SHARE_ROWS:
        return []
    least = ceil(limits.CITATIONS_SHARE * usual * documents)
    return [
        gxe.ExpectTableRowCountToBeBetween(
            min_value=least,
            severity="warning",
            description=(
                f"The {documents:,} documents have at least {least:,} citations, {limits.CITATIONS_SHARE:.0%} of the "
                f"usual {usual:.1f} per document."
            ),
            notes="References that are no longer read leave every document in place, and every area empty.",
        )
    ]


def _documents(context: Context) -> int:
    return sum(pq.read_metadata(file).num_rows for file in context["documents"])


def _pairs() -> list[Any]:
    above_zero = [
        gxe.ExpectColumnValuesToBeBetween(
            column=column,
            min_value=1,
            severity="critical",
            description=f"{column} is above 0.",
            notes="An OpenAlex id is the digits after W; 0 and below come from a failed parse.",
        )
        for column in _IDS
    ]
    distinct = gxe.ExpectColumnValuesToBeNull(
        column="cites_itself",
        severity="critical",
        description="No document cites itself.",
        notes="Self-citations are dropped at ingest; counted, they would make a document its own area.",
    )
    once = gxe.ExpectCompoundColumnsToBeUnique(
        column_list=list(_IDS),
        severity="critical",
        description="A pair of documents occurs once in a release.",
        notes="All counts are over distinct pairs.",
    )
    return [*above_zero, distinct, once]


def _agreement() -> list[Any]:
    return [
        gxe.ExpectColumnValuesToBeNull(
            column="citing_unknown",
            severity="critical",
            description="Every citing document is among the documents of its release.",
            notes="Both tables come from the same records; a stranger means that parts were lost or mixed.",
        ),
        gxe.ExpectColumnValuesToBeNull(
            column="date_differs",
            severity="critical",
            description="A citation has the publication date of its citing document.",
            notes="Windows count citations by this date, documents by the other; they must agree.",
        ),
    ]


def _order() -> list[Any]:
    levels = {"warning": limits.FUTURE_SHARE_UNUSUAL, "critical": limits.FUTURE_SHARE_WRONG}
    return [
        gxe.ExpectColumnValuesToBeBetween(
            column="days_ahead",
            max_value=0,
            mostly=1 - share,
            severity=severity,
            description=f"At most {share:.0%} of citations are of documents that were published later.",
            notes="Preprints explain a few; dates of another corpus, joined by accident, give half of all.",
        )
        for severity, share in levels.items()
    ]


def _found(context: Context) -> list[Any]:
    before = earlier.dangling_share(context)
    if before is None:
        return []
    usual = min(limits.DANGLING_FACTOR * before + limits.DANGLING_MORE, 1.0)
    levels = {"warning": usual, "critical": max(usual, 1 - limits.FOUND_SHARE * (1 - before))}
    return [
        gxe.ExpectColumnValuesToBeNull(
            column="dangles",
            mostly=1 - share,
            severity=severity,
            description=f"At most {share:.1%} of citations are of ids that no release had; before, {before:.1%} were.",
            notes="A release that lacks part of its documents cites what was lost.",
        )
        for severity, share in levels.items()
    ]


SUITE = Suite(lambda _: tables.CITATIONS, _IDS, seen, expectations, kept=True)
