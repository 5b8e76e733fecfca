"""Predictions of documents: from features and a model's scores to rows."""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.columns import Floats
from hotarea.domain.tables import PREDICTIONS

POPULATION = "cite_count"
"""Documents are scored where this feature is at least 1: an area of one document has no rate, and the model learned
from none."""


@dataclass(frozen=True)
class Served:
    """What every prediction of one run says of itself."""

    cutoff: datetime  # midnight, UTC
    scored_at: datetime | None  # None where nobody remembers
    model_name: str
    model_version: int
    feature_service: str
    threshold: float  # scores above it are called hot


def scorable(features: pa.Table | pa.RecordBatch) -> pa.Table | pa.RecordBatch:
    """Return the rows of documents that the model can say something about."""
    return features.filter(pc.greater_equal(features.column(POPULATION), 1))


def rows(document_id: pa.Array, scores: Floats, served: Served) -> pa.Table:
    """Return predictions as `tables.PREDICTIONS`, one for each document and its score in 0 … 1."""
    count = len(document_id)
    constants = {
        "event_timestamp": served.cutoff,
        "created_timestamp": served.scored_at,
        "model_name": served.model_name,
        "model_version": served.model_version,
        "feature_service": served.feature_service,
    }
    columns = {"document_id": document_id, "hot_area": scores > served.threshold, "hot_area_score": scores}
    columns |= {k: pa.repeat(pa.scalar(v, PREDICTIONS.field(k).type), count) for k, v in constants.items()}
    return pa.table([columns[name] for name in PREDICTIONS.names], schema=PREDICTIONS)
