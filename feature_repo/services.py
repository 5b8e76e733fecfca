"""The feature services: what the model and its baselines read, and what applications read."""

from collections.abc import Iterable

from entities import FRESHNESS, OWNER
from feast import FeatureService
from feast.feature_view_projection import FeatureViewProjection
from views import document_citations, document_dynamics, document_predictions, size_5y_cite_count

from hotarea.domain.model_features import BASELINE_FEATURES, BASELINE_SERVICE, FEATURE_SERVICE, MODEL_FEATURES

# The last view that holds a name offers it: cite_count, the only one in two, is read from document_citations.
_VIEWS = {view.name: view for view in (size_5y_cite_count, document_citations, document_dynamics)}
_OFFERED_BY = {field.name: view.name for view in _VIEWS.values() for field in view.features}


def _offering(names: Iterable[str]) -> list[FeatureViewProjection]:
    """Return the views' projections that hold these features."""
    read: dict[str, list[str]] = {}
    for name in names:
        read.setdefault(_OFFERED_BY[name], []).append(name)
    return [_VIEWS[view][columns] for view, columns in read.items()]


hot_area_model_v1 = FeatureService(
    name=FEATURE_SERVICE,
    features=_offering(MODEL_FEATURES),
    description="What the hot-area model reads: hotarea.domain.model_features.MODEL_FEATURES.",
    tags={"source": "features", "unit": "document and cutoff", "freshness": FRESHNESS["offline"]},
    owner=OWNER,
)

hot_area_baselines_v1 = FeatureService(
    name=BASELINE_SERVICE,
    features=_offering(BASELINE_FEATURES),
    description="The single features that the model must rank better than.",
    tags={"source": "features", "unit": "document and cutoff", "freshness": FRESHNESS["offline"]},
    owner=OWNER,
)

document_area_v1 = FeatureService(
    name="document_area_v1",
    features=[
        size_5y_cite_count[["rate"]],
        document_citations[["cite_count", "cite_count_5y", "cite_count_2y", "cite_count_1y"]],
        document_predictions[["hot_area", "hot_area_score", "model_name", "model_version"]],
    ],
    description="What applications read of a document: its area's rate, its citations and the served prediction.",
    tags={"source": "features, predictions", "unit": "document", "freshness": FRESHNESS["predictions"]},
    owner=OWNER,
)
