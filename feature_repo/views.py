"""The feature views over what is published below features/ and predictions/.

Paths are relative to the home folder; of the files there, those are read that the ledger remembers, and of predictions
the champion's: offline and online answer alike, also after a rollback. A row holds from its cutoff (`event_timestamp`)
until a newer one replaces it, so no view has a ttl; `created_timestamp` is the date from which the row was known.
"""

from datetime import timedelta

from entities import FRESHNESS, OWNER, document
from feast import FeatureView, FileSource
from feast.data_format import ParquetFormat
from fields import fields

from hotarea.domain.tables import RANKED, RATIOS

NEVER_EXPIRES = timedelta(0)

features = FileSource(
    name="features",
    path="features/cutoff=*/known=*/part-*.parquet",
    file_format=ParquetFormat(),
    timestamp_field="event_timestamp",
    created_timestamp_column="created_timestamp",
    description="One row per document and cutoff, published by build_features.",
    tags={"source": "beam_jobs.document_features", "unit": "document and cutoff", "freshness": FRESHNESS["features"]},
    owner=OWNER,
)

predictions = FileSource(
    name="predictions",
    path="predictions/cutoff=*/model=*/part-*.parquet",
    file_format=ParquetFormat(),
    timestamp_field="event_timestamp",
    created_timestamp_column="created_timestamp",
    description="One row per document, cutoff and model version, published by score_documents.",
    tags={
        "source": "beam_jobs.score_documents",
        "unit": "document, cutoff and model version",
        "freshness": FRESHNESS["predictions"],
    },
    owner=OWNER,
)

size_5y_cite_count = FeatureView(
    name="size_5y_cite_count",
    entities=[document],
    # cite_count stands in document_citations too: here it is the denominator that the view is named after.
    schema=fields("rate", "size_5y", "cite_count"),
    source=features,
    ttl=NEVER_EXPIRES,
    online=True,
    description="How much the area of a document was cited over five years, per document that cites it.",
    tags={"source": "features", "unit": "document and cutoff", "freshness": FRESHNESS["features"]},
    owner=OWNER,
)

document_citations = FeatureView(
    name="document_citations",
    entities=[document],
    schema=fields("cite_count", "cite_count_5y", "cite_count_2y", "cite_count_1y", "references_inside", "age_years"),
    source=features,
    ttl=NEVER_EXPIRES,
    online=True,
    description="Citations to a document, its references, and its age.",
    tags={"source": "features", "unit": "document and cutoff", "freshness": FRESHNESS["features"]},
    owner=OWNER,
)

_ELSEWHERE = {"rate", "age_years"}

document_dynamics = FeatureView(
    name="document_dynamics",
    entities=[document],
    schema=fields(
        "size_2y",
        "size_1y",
        *(n for n in RATIOS if n not in _ELSEWHERE),
        *(f"{name}_pct" for name in RANKED),
        online=False,
    ),
    source=features,
    ttl=NEVER_EXPIRES,
    # Only the model reads these, and it scores in batch from the offline store: serving 26 more columns of every
    # document online would triple the writes for no reader.
    online=False,
    description="How the area of a document moves, and every feature's rank within its cutoff.",
    tags={"source": "features", "unit": "document and cutoff", "freshness": FRESHNESS["offline"]},
    owner=OWNER,
)

document_predictions = FeatureView(
    name="document_predictions",
    entities=[document],
    schema=fields("hot_area", "hot_area_score", "model_name", "model_version", "feature_service"),
    source=predictions,
    ttl=NEVER_EXPIRES,
    online=True,
    description="What the champion predicts of a document's area, with the model and features behind it.",
    tags={"source": "predictions", "unit": "document, cutoff and model version", "freshness": FRESHNESS["predictions"]},
    owner=OWNER,
)
