import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from beam_jobs import score_documents
from hotarea.domain.errors import GateError
from hotarea.domain.model_features import FEATURE_SERVICE, MODEL_FEATURES
from hotarea.domain.settings import Settings
from hotarea.domain.tables import FEATURES, PREDICTIONS
from hotarea.domain.training import MODEL_NAME, Recipe, fit, load, matrix, save, score
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from tests.histories import History, end

SCORED_AT = datetime(2016, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def features(settings: Settings) -> Path:
    """Features of 1,000 documents in two parts, of which every tenth is never cited."""
    History(settings).publish([2015])
    return Layout(settings.home).feature_set(Cutoff(end(2015), end(2015)))


@pytest.fixture
def model(features: Path, tmp_path: Path) -> Path:
    """A model whose columns are in another order than those of the features."""
    names = MODEL_FEATURES[::-1]
    values = matrix(pq.read_table(features), names)
    return save(fit(values, values[:, 3] > 0.8, names, Recipe(rounds=10, nthread=1), seed=1), tmp_path / "model.ubj")


def arguments(features: Path, model: Path, output: Path, *extra: str) -> list[str]:
    flags = {
        "features": features,
        "model": model,
        "output": output,
        "cutoff": "2015-12-31",
        "scored-at": SCORED_AT.isoformat(),
        "model-name": MODEL_NAME,
        "model-version": 4,
        "feature-service": FEATURE_SERVICE,
        "threshold": 0.3,
    }
    return [*(f"--{name}={value}" for name, value in flags.items()), *extra]


def test_retracted_documents_are_left_out_and_counted(features, model, tmp_path):
    cited = pq.read_table(features, filters=ds.field("cite_count") >= 1)["document_id"]
    retracted = cited.slice(3, 5)
    pq.write_table(pa.table({"document_id": retracted}), tmp_path / "retracted.parquet")
    output = tmp_path / "out" / "predictions"

    result = score_documents.main(arguments(features, model, output, f"--retracted={tmp_path / 'retracted.parquet'}"))

    found = ds.dataset(sorted(output.glob("part-*.parquet"))).to_table()["document_id"].to_pylist()
    assert set(found) == set(cited.to_pylist()) - set(retracted.to_pylist())
    assert (result["rows"], result["retracted"]) == (895, 5)


def test_every_cited_document_is_scored_by_the_model_and_no_other(features, model, tmp_path):
    output = tmp_path / "out" / "predictions"

    result = score_documents.main(arguments(features, model, output))

    asked = pq.read_table(features, filters=ds.field("cite_count") >= 1).sort_by("document_id")
    booster = load(model)
    expected = score(booster, matrix(asked, booster.feature_names))
    found = ds.dataset(sorted(output.glob("part-*.parquet"))).to_table().sort_by("document_id")
    assert found.schema.equals(PREDICTIONS)
    assert found["document_id"].equals(asked["document_id"])
    assert np.array_equal(found["hot_area_score"].to_numpy(), expected)
    assert np.array_equal(found["hot_area"].to_numpy(), expected > 0.3)
    assert len(np.unique(expected)) > 10
    assert (result["rows"], result["hot"], result["uncited"]) == (900, int((expected > 0.3).sum()), 100)
    assert json.loads((output.parent / score_documents.MARKER).read_text()) == result


def test_rows_that_became_known_later_are_counted_and_not_scored(features, model, tmp_path):
    part = min(features.glob("part-*.parquet"))
    rows = pq.read_table(part)
    known = pa.array([datetime(2016, 1, 1, tzinfo=UTC)] * rows.num_rows, FEATURES.field("created_timestamp").type)
    pq.write_table(rows.set_column(2, FEATURES.field("created_timestamp"), known), part)

    result = score_documents.main(arguments(features, model, tmp_path / "out" / "predictions"))
    later = score_documents.main(arguments(features, model, tmp_path / "later" / "predictions", "--known=2016-01-01"))

    assert (result["rows"], result["not known yet"]) == (450, 500)
    assert (later["rows"], later["not known yet"]) == (900, 0)


def test_each_row_says_when_and_by_what_it_was_made(features, model, tmp_path):
    score_documents.main(arguments(features, model, tmp_path / "out" / "predictions"))

    table = pq.read_table(tmp_path / "out" / "predictions").drop_columns(["document_id", "hot_area", "hot_area_score"])
    assert table.group_by(table.schema.names).aggregate([]).to_pylist() == [
        {
            "event_timestamp": datetime(2015, 12, 31, tzinfo=UTC),
            "created_timestamp": SCORED_AT,
            "model_name": MODEL_NAME,
            "model_version": 4,
            "feature_service": FEATURE_SERVICE,
        }
    ]


def test_running_again_replaces_what_an_earlier_try_left(features, model, tmp_path):
    output = tmp_path / "out" / "predictions"
    output.mkdir(parents=True)
    (output / "part-9999.parquet").write_bytes(b"left over")

    score_documents.main(arguments(features, model, output))

    assert pq.read_table(output).num_rows == 900


def test_many_batches_give_the_same_rows_as_one(features, model, tmp_path, monkeypatch):
    score_documents.main(arguments(features, model, tmp_path / "one" / "predictions"))
    monkeypatch.setattr(score_documents, "BATCH_ROWS", 64)

    score_documents.main(arguments(features, model, tmp_path / "many" / "predictions"))

    one, many = (pq.read_table(tmp_path / name / "predictions").sort_by("document_id") for name in ("one", "many"))
    assert len(list((tmp_path / "many" / "predictions").iterdir())) == 16
    assert many.equals(one)


def test_features_without_cited_documents_give_an_empty_set(model, tmp_path):
    folder = tmp_path / "features"
    folder.mkdir()
    pq.write_table(FEATURES.empty_table(), folder / "part-0000.parquet")

    result = score_documents.main(arguments(folder, model, tmp_path / "out" / "predictions"))

    assert (result["rows"], result["hot"]) == (0, 0)
    assert pq.read_table(tmp_path / "out" / "predictions").schema.equals(PREDICTIONS)


def test_features_that_lack_what_the_model_reads_are_refused(features, model, tmp_path):
    for part in features.glob("part-*.parquet"):
        pq.write_table(pq.read_table(part).drop_columns(["rate_1y_pct"]), part)

    with pytest.raises((GateError, RuntimeError, pa.ArrowInvalid), match="rate_1y_pct"):
        score_documents.main(arguments(features, model, tmp_path / "out" / "predictions"))


def test_a_model_that_cannot_be_read_is_named(features, tmp_path):
    (tmp_path / "model.ubj").write_bytes(b"x")

    with pytest.raises(GateError, match="is no XGBoost model"):
        score_documents.main(arguments(features, tmp_path / "model.ubj", tmp_path / "out" / "predictions"))


def test_worker_processes_find_all_they_need(features, model, tmp_path):
    output = tmp_path / "out" / "predictions"

    workers = ("--direct_running_mode=multi_processing", "--direct_num_workers=2")
    score_documents.main(arguments(features, model, output, *workers))

    assert pq.read_table(output).num_rows == 900
