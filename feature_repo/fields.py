"""Every field once, with its meaning and unit; the type comes from the published table's schema."""

import pyarrow as pa
from entities import FRESHNESS, OWNER
from feast import Field
from feast.types import Bool, Float64, Int64, String

from hotarea.domain.tables import FEATURES, PREDICTIONS, RANKED

_TYPES = {pa.int64(): Int64, pa.float64(): Float64, pa.bool_(): Bool, pa.string(): String}

# name: (unit, meaning), as of the cutoff t; the area of a document is itself and the documents that cite it
_MEANINGS = {
    "document_id": ("id", "The document"),
    "cite_count": ("documents", "Distinct documents that cite it, dated on or before t"),
    "cite_count_5y": ("documents", "Distinct documents that cite it, dated in (t-5y, t]"),
    "cite_count_2y": ("documents", "Distinct documents that cite it, dated in (t-2y, t]"),
    "cite_count_1y": ("documents", "Distinct documents that cite it, dated in (t-1y, t]"),
    "size_5y": ("citations", "Citations dated in (t-5y, t] to a member of its area"),
    "size_2y": ("citations", "Citations dated in (t-2y, t] to a member of its area"),
    "size_1y": ("citations", "Citations dated in (t-1y, t] to a member of its area"),
    "references_inside": ("documents", "Its references that exist in the corpus at t"),
    "rate": ("citations per citing document", "size_5y / cite_count; null where cite_count is 0"),
    "rate_1y": ("citations per member", "size_1y / (cite_count + 1)"),
    "rate_2y": ("citations per member", "size_2y / (cite_count + 1)"),
    "age_years": ("years", "From its publication to t"),
    "citing_age_mean": ("years", "Mean age at t of the documents that cite it; null without citations"),
    "citing_share_1y": ("share", "cite_count_1y / cite_count; null without citations"),
    "citing_rate_1y": (
        "citations per document",
        "Mean citations of the last year to a document that cites it; null without",
    ),
    "acceleration": ("citations per member", "Last year's citations less the year's before, per member of its area"),
    "top_citing_1y": ("documents", "cite_count_1y of the most cited document that cites it; 0 without citations"),
    "hot_area": ("flag", "Whether its area is predicted to be hot over the horizon"),
    "hot_area_score": ("probability", "The model's probability that its area will be hot"),
    "model_name": ("name", "The registered model that scored it"),
    "model_version": ("version", "The version of the model that scored it"),
    "feature_service": ("name", "The feature service that the model read"),
}
_MEANINGS |= {
    f"{name}_pct": ("share", f"Mid-rank percentile of {name} among the cutoff's documents") for name in RANKED
}


def fields(*names: str, online: bool = True) -> list[Field]:
    """Return the fields of these columns, in this order; the key comes first."""
    return [_field(name, online) for name in ("document_id", *names)]


def _field(name: str, online: bool) -> Field:
    unit, meaning = _MEANINGS[name]
    schema, source = (FEATURES, "features") if name in FEATURES.names else (PREDICTIONS, "predictions")
    tags = {"unit": unit, "source": f"{source}.{name}", "owner": OWNER}
    tags["freshness"] = FRESHNESS[source if online else "offline"]
    return Field(name=name, dtype=_TYPES[schema.field(name).type], description=meaning, tags=tags)
