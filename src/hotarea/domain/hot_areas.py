"""Which topics are getting hot: predictions of documents summed up per topic, hottest first."""

import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.tables import HOT_AREAS

FEWEST_DOCUMENTS = 10
"""A topic with fewer scored documents is not ranked: one document would move its share by more than a tenth."""

NO_TOPIC = "(no topic)"

_SUMS = [
    ("topic_id", "first"),
    ("topic", "first"),
    ("document_id", "count"),
    ("hot_area", "sum"),
    ("hot_area", "mean"),
    ("hot_area_score", "mean"),
]
_ORDER = [
    ("hot_share", "descending"),
    ("mean_score", "descending"),
    ("documents", "descending"),
    ("topic", "ascending"),
    ("topic_id", "ascending"),
]


def hot_areas(predictions: pa.Table, documents: pa.Table, fewest: int = FEWEST_DOCUMENTS) -> pa.Table:
    """Return the share, number and mean score of hot documents of each topic as `tables.HOT_AREAS`, hottest first.

    `predictions` has `document_id`, `hot_area`, `hot_area_score`; `documents` has `document_id`, `topic_id`, `topic`.
    A document without a topic, or that is not among `documents`, counts for `NO_TOPIC`. Topics with fewer than
    `fewest` predictions are left out. Order: share, then mean score, then size, then name.
    """
    joined = predictions.select(["document_id", "hot_area", "hot_area_score"]).join(
        documents.select(["document_id", "topic_id", "topic"]), "document_id", join_type="left outer"
    )
    sums = _named(joined).group_by("key", use_threads=False).aggregate(_SUMS)
    table = pa.table(
        {
            "topic_id": sums["topic_id_first"],
            "topic": sums["topic_first"],
            "documents": sums["document_id_count"],
            "hot_documents": sums["hot_area_sum"].cast(pa.int64()),
            "hot_share": sums["hot_area_mean"],
            "mean_score": sums["hot_area_score_mean"],
        },
        schema=HOT_AREAS,
    )
    return table.filter(pc.greater_equal(table["documents"], fewest)).sort_by(_ORDER)


def _named(rows: pa.Table) -> pa.Table:
    """Give every topic a key and a name, and sort rows, so that nothing depends on the order of files.

    A topic that was renamed is one topic, under the name that its first document gives.
    """
    ordered = rows.sort_by("document_id")
    names = pc.coalesce(ordered["topic"], ordered["topic_id"], pa.scalar(NO_TOPIC))
    named = ordered.set_column(ordered.schema.get_field_index("topic"), "topic", names)
    return named.append_column("key", pc.coalesce(named["topic_id"], named["topic"]))
