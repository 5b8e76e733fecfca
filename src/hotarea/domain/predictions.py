"""Predictions of documents: from features and a model's scores to rows, and what such rows must hold to be served."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
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
    scored_at: datetime
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


def faults(predictions: pa.Table, document_ids: Sequence[int] | pa.ChunkedArray, served: Served) -> Iterator[str]:
    """Yield a sentence for everything that makes predictions unfit to be served.

    `document_ids` are those that had to be scored.
    """
    if not predictions.schema.equals(PREDICTIONS):
        yield f"columns are {predictions.schema.names}; expected those of tables.PREDICTIONS in type and order"
        return
    found = predictions["document_id"].to_numpy()
    expected = np.asarray(document_ids)
    if len(np.unique(found)) != len(found):
        yield f"{len(found) - len(np.unique(found))} documents have more than one prediction; expected one each"
    if not np.array_equal(np.unique(found), np.unique(expected)):
        lacking, foreign = np.setdiff1d(expected, found).size, np.setdiff1d(found, expected).size
        yield f"{lacking} documents have no prediction and {foreign} were not asked for; expected exactly those scored"
    scores = predictions["hot_area_score"].to_numpy()
    bad = int((~((scores >= 0) & (scores <= 1))).sum())
    if bad:
        yield f"{bad} scores are not a number from 0 to 1"
    elif not np.array_equal(scores > served.threshold, predictions["hot_area"].to_numpy(zero_copy_only=False)):
        yield f"hot_area is not everywhere whether the score is above {served.threshold}"
    if len(scores) > 1 and not bad and scores.min() == scores.max():
        yield f"all {len(scores)} scores are {scores[0]}; expected a model that tells documents apart"
    versions = pc.unique(predictions["model_version"]).to_pylist()
    if versions != [served.model_version]:
        yield f"model versions are {versions}; expected {served.model_version} alone"
