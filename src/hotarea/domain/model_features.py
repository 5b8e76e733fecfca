"""Which features the model reads: the one list behind the feature service, training, scoring and drift."""

# Percentiles within the cutoff mean the same in every year; counts and sums do not. Three raw values stand besides:
# their level says how young an area is, which in a young corpus is worth 0.02 of average precision (hep-th at 1999).
# Ranks of the document's own citation counts add nothing to those of its area's.
MODEL_FEATURES: tuple[str, ...] = (
    "size_5y_pct",
    "size_2y_pct",
    "size_1y_pct",
    "references_inside_pct",
    "rate_pct",
    "rate_1y_pct",
    "rate_2y_pct",
    "age_years_pct",
    "citing_age_mean_pct",
    "citing_share_1y_pct",
    "citing_rate_1y_pct",
    "acceleration_pct",
    "top_citing_1y_pct",
    "citing_age_mean",
    "citing_share_1y",
    "age_years",
)
"""Columns of `tables.FEATURES`, in the order in which the model was trained on them."""

FEATURE_SERVICE = "hot_area_model_v1"
"""The feature service that offers exactly `MODEL_FEATURES`."""

BASELINE_FEATURES: tuple[str, ...] = ("rate", "rate_1y", "cite_count_5y")
"""Single columns of `tables.FEATURES` that the model must rank better than: the larger, the hotter."""

BASELINE_SERVICE = "hot_area_baselines_v1"
"""The feature service that offers exactly `BASELINE_FEATURES`."""

NEW_DOCUMENT_FEATURES: tuple[str, ...] = ("references_inside",)
"""Columns that drift watches of the documents of the last year, cited or not."""
