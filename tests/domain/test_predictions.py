from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from hotarea.domain.predictions import Served, faults, rows, scorable
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


def replaced(table: pa.Table, column: str, values: object) -> pa.Table:
    field = PREDICTIONS.field(column)
    return table.set_column(PREDICTIONS.get_field_index(column), field, pa.array(values, field.type))


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


def test_good_predictions_have_no_faults():
    assert list(faults(predictions([0.2, 0.5, 0.7]), IDS, SERVED)) == []
    assert list(faults(predictions([0.2, 0.5, 0.7]), pa.chunked_array([IDS]), SERVED)) == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (predictions([0.2, 0.3, 0.4]).drop_columns(["hot_area"]), "columns are"),
        (predictions([0.2, 0.3], [10, 11]), "1 documents have no prediction and 0 were not asked for"),
        (predictions([0.2, 0.3, 0.4], [10, 11, 99]), "1 documents have no prediction and 1 were not asked for"),
        (predictions([0.2, 0.3, 0.4, 0.4], [10, 11, 12, 12]), "1 documents have more than one prediction"),
        (predictions([0.2, np.nan, 0.4]), "1 scores are not a number from 0 to 1"),
        (predictions([0.2, 1.5, -0.1]), "2 scores are not a number from 0 to 1"),
        (predictions([0.4, 0.4, 0.4]), "all 3 scores are 0.4"),
        (replaced(predictions([0.2, 0.3, 0.9]), "hot_area", [True, False, True]), "hot_area is not everywhere"),
        (replaced(predictions([0.2, 0.3, 0.9]), "model_version", [3, 3, 4]), "model versions are"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_is_named_alone(table, said):
    found = list(faults(table, IDS, SERVED))

    assert len(found) == 1
    assert said in found[0]


def test_no_predictions_at_all_are_a_fault():
    found = list(faults(PREDICTIONS.empty_table(), IDS, SERVED))

    assert "3 documents have no prediction" in found[0]
