from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from hotarea.domain.predictions import Served, rows, scorable
from hotarea.domain.tables import PREDICTIONS

SERVED = Served(
    cutoff=datetime(2020, 12, 31, tzinfo=UTC),
    scored_at=datetime(2021, 1, 2, 3, 4, 5, tzinfo=UTC),
    model_name="hot_area_model",
    model_version=3,
    feature_service="hot_area_model_v1",
    threshold=0.5,
)
IDS = [10, 11, 12]


def predictions(scores: list[float], ids: list[int] | None = None) -> pa.Table:
    return rows(pa.array(ids or IDS), np.array(scores), SERVED)


def test_documents_that_nobody_has_cited_are_not_scored():
    features = pa.table({"document_id": [1, 2, 3], "cite_count": [0, 1, 5]})

    assert scorable(features)["document_id"].to_pylist() == [2, 3]


def test_rows_say_what_was_scored_by_which_model_and_when():
    found = predictions([0.2, 0.5, 0.7])

    assert found.schema.equals(PREDICTIONS)
    assert found["hot_area"].to_pylist() == [False, False, True]
    assert found.slice(2).to_pylist() == [
        {
            "document_id": 12,
            "event_timestamp": SERVED.cutoff,
            "created_timestamp": SERVED.scored_at,
            "hot_area": True,
            "hot_area_score": 0.7,
            "model_name": "hot_area_model",
            "model_version": 3,
            "feature_service": "hot_area_model_v1",
        }
    ]


def test_no_documents_give_no_rows():
    assert rows(pa.array([], pa.int64()), np.empty(0), SERVED).num_rows == 0
