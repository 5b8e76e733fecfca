"""The columns of every dataset that one stage hands to another, as Arrow schemas."""

import pyarrow as pa

STAMP = pa.timestamp("us", tz="UTC")

# lake/: one row per version of a work that a partition delivered (newest within the partition only)
DOCUMENTS = pa.schema(
    [
        pa.field("document_id", pa.int64(), nullable=False),
        pa.field("published", pa.date32(), nullable=False),
        pa.field("updated", STAMP, nullable=False),  # decides which version of an id is the newest
        pa.field("title", pa.string()),
        pa.field("type", pa.string()),
        pa.field("language", pa.string()),
        pa.field("topic_id", pa.string()),  # the short form: T10102
        pa.field("topic", pa.string()),
        pa.field("is_retracted", pa.bool_(), nullable=False),
        pa.field("reference_count", pa.int32(), nullable=False),  # distinct, dangling ones too
    ]
)

# lake/: a work's distinct references, without itself, in the same order of documents; dated by the citing document
CITATIONS = pa.schema(
    [
        pa.field("citing_id", pa.int64(), nullable=False),
        pa.field("cited_id", pa.int64(), nullable=False),
        pa.field("published", pa.date32(), nullable=False),
    ]
)

# lake/: ids that ended with a release; `merged_into` is null for a deletion
REMOVALS = pa.schema(
    [
        pa.field("document_id", pa.int64(), nullable=False),
        pa.field("removed", pa.date32(), nullable=False),
        pa.field("merged_into", pa.int64()),
    ]
)

# quarantine/: a raw record that was rejected
QUARANTINE = pa.schema(
    [
        pa.field("release", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("line", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),  # a short, stable word: counted per reason
        pa.field("detail", pa.string(), nullable=False),  # the value and what was expected
        pa.field("record", pa.string(), nullable=False),  # the whole line
    ]
)

_KEYS = [
    pa.field("document_id", pa.int64(), nullable=False),
    pa.field("event_timestamp", STAMP, nullable=False),  # the cutoff
    pa.field("created_timestamp", STAMP, nullable=False),  # the date from which the row was known
]

COUNTS = (
    "cite_count",
    "cite_count_5y",
    "cite_count_2y",
    "cite_count_1y",
    "size_5y",
    "size_2y",
    "size_1y",
    "references_inside",
)
RATIOS = (
    "rate",
    "rate_1y",
    "rate_2y",
    "age_years",
    "citing_age_mean",
    "citing_share_1y",
    "citing_rate_1y",
    "acceleration",
    "top_citing_1y",
)
RANKED = (*COUNTS, *RATIOS)
"""Every feature that also stands as its percentile within the cutoff, in column `<name>_pct`."""

FEATURES = pa.schema(
    _KEYS
    + [pa.field(name, pa.int64(), nullable=False) for name in COUNTS]
    + [pa.field(name, pa.float64()) for name in RATIOS]
    + [pa.field(f"{name}_pct", pa.float64()) for name in RANKED]
)

LABELS = pa.schema(
    [
        *_KEYS,  # the cutoff, and the date on which its horizon had passed
        pa.field("eligible", pa.bool_(), nullable=False),
        pa.field("future_size", pa.int64(), nullable=False),
        pa.field("future_rate", pa.float64(), nullable=False),
        pa.field("hot_area", pa.bool_()),  # null where not eligible
        pa.field("threshold", pa.float64(), nullable=False),  # the quantile of future_rate that hot areas exceed
    ]
)

PREDICTIONS = pa.schema(
    [
        *_KEYS,  # the cutoff, and when it was scored
        pa.field("hot_area", pa.bool_(), nullable=False),
        pa.field("hot_area_score", pa.float64(), nullable=False),
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("model_version", pa.int64(), nullable=False),
        pa.field("feature_service", pa.string(), nullable=False),
    ]
)

HOT_AREAS = pa.schema(
    [
        pa.field("topic_id", pa.string()),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("documents", pa.int64(), nullable=False),
        pa.field("hot_documents", pa.int64(), nullable=False),
        pa.field("hot_share", pa.float64(), nullable=False),
        pa.field("mean_score", pa.float64(), nullable=False),
    ]
)
