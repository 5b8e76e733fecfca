"""The suite of a release's citations; its subject is the release id.

The context has `documents`: the files of the same release's documents, which date the citations. It may have
`earlier`: the folders of the releases before, by which the share of citations whose target is unknown is judged.
"""

from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from great_expectations import expectations as gxe

from expectations import earlier, limits
from expectations.files import read
from expectations.findings import finding
from expectations.suite import Context, Suite, schema_expectation
from hotarea.domain import tables

_IDS = ("citing_id", "cited_id")
_DATED = pa.schema([tables.DOCUMENTS.field(name) for name in ("document_id", "published")])


def frame(rows: pa.Table, context: Context) -> pd.DataFrame:
    """Return the ids of all citations, four findings, and how many days later the cited document was published.

    `days_ahead` is null where the release does not say when the cited document was published.
    """
    seen: pd.DataFrame = rows.select(_IDS).to_pandas()
    documents = read(context["documents"], _DATED)
    citing, cited = (pc.index_in(rows[name], documents["document_id"].combine_chunks()) for name in _IDS)
    published = documents["published"].combine_chunks()
    dated = pc.fill_null(pc.not_equal(rows["published"], published.take(citing.combine_chunks())), False)
    unknown = pc.is_null(citing)
    seen["cites_itself"] = finding(rows, {"cited_id": pc.equal(rows["citing_id"], rows["cited_id"])})
    seen["citing_unknown"] = finding(rows, {"citing_id": unknown})
    seen["date_differs"] = finding(rows, {"published": pc.or_(dated, pc.is_null(rows["published"]))})
    seen["dangles"] = finding(rows, _dangling(rows, context))
    seen["days_ahead"] = _days_between(rows["published"], published.take(cited.combine_chunks()))
    return seen


def _dangling(rows: pa.Table, context: Context) -> dict[str, pa.ChunkedArray]:
    """Return which cited ids no release up to this one has; nothing where there are too few to tell a share."""
    if not context.get("earlier") or len(rows) < limits.SHARE_ROWS:
        return {}
    return {"cited_id": earlier.dangling(rows["cited_id"], earlier.documents_so_far(context))}


def _days_between(earlier: pa.ChunkedArray, later: pa.ChunkedArray) -> pd.Series:
    """Return the days from one date to another, null where fewer than `SHARE_ROWS` differences are known."""
    days = pc.subtract(later.cast(pa.int32()).cast(pa.int64()), earlier.cast(pa.int32()).cast(pa.int64()))
    known = len(days) - days.null_count
    return (
        days.to_pandas().astype("float64")
        if known >= limits.SHARE_ROWS
        else pd.Series([None] * len(days), dtype="float64")
    )


def expectations(subject: str, context: Context) -> list[Any]:  # noqa: ARG001
    """Return the checks for the citations of one release."""
    return [schema_expectation(), *_presence(context), *_pairs(), *_agreement(), *_order(), *_found(context)]


def _presence(context: Context) -> list[Any]:
    documents = sum(pq.read_metadata(file).num_rows for file in context["documents"])
    rows = gxe.ExpectTableRowCountToBeBetween(
        min_value=1 if documents >= limits.LARGE_RELEASE else 0,
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


SUITE = Suite(tables.CITATIONS, _IDS, frame, expectations)
