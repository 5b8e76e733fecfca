"""The feature services: what the model reads, and what applications read."""

from entities import OWNER
from feast import FeatureService
from views import document_citations, document_dynamics, document_predictions, size_5y_cite_count

from hotarea.domain.model_features import FEATURE_SERVICE, MODEL_FEATURES

# The last view that holds a name offers it: cite_count, the only one in two, is read from document_citations.
_VIEWS = {view.name: view for view in (size_5y_cite_count, document_citations, document_dynamics)}
_OFFERED_BY = {field.name: view.name for view in _VIEWS.values() for field in view.features}
_READ = {name: [f for f in MODEL_FEATURES if _OFFERED_BY[f] == name] for name in _VIEWS}

hot_area_model_v1 = FeatureService(
    name=FEATURE_SERVICE,
    features=[_VIEWS[name][columns] for name, columns in _READ.items() if columns],
    description="What the hot-area model reads: hotarea.domain.model_features.MODEL_FEATURES.",
    tags={"source": "features", "unit": "document and cutoff"},
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
    tags={"source": "features, predictions", "unit": "document"},
    owner=OWNER,
)
