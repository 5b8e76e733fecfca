"""Which features the model reads: the one list behind the feature service, training, scoring and drift."""

from hotarea.domain.tables import RANKED

# Percentiles within the cutoff mean the same in every year, counts and sums do not. The few raw values kept besides
# are ratios and ages, whose level says something that their rank hides.
MODEL_FEATURES: tuple[str, ...] = (
    *(f"{name}_pct" for name in RANKED),
    "rate_1y",
    "rate_2y",
    "citing_age_mean",
    "citing_share_1y",
    "age_years",
    "acceleration",
)
"""Columns of `tables.FEATURES`, in the order in which the model was trained on them."""

FEATURE_SERVICE = "hot_area_model_v1"
"""The feature service that offers exactly `MODEL_FEATURES`."""
