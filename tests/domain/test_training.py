from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import xgboost as xgb

from hotarea.domain.errors import GateError, SettingsError
from hotarea.domain.evaluation import metrics
from hotarea.domain.training import RECIPE, Recipe, check_device, digest, fit, importance, load, matrix, save, score

NAMES = ("a_pct", "b_pct", "c_pct", "d_pct", "e_pct", "age")


def corpus(rows: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Labels that follow from an interaction which no single feature and no linear model shows."""
    rng = np.random.default_rng(seed)
    values = rng.random((rows, 6))
    return values, rng.random(rows) < np.where((values[:, 0] > 0.7) & (values[:, 1] < 0.5), 0.8, 0.02)


def test_the_model_learns_what_it_can_and_no_more():
    model = fit(*corpus(6000), NAMES, RECIPE, seed=1)
    values, hot = corpus(6000, seed=8)

    found = metrics(hot, score(model, values))

    truth = metrics(hot, np.where((values[:, 0] > 0.7) & (values[:, 1] < 0.5), 0.8, 0.02))
    assert found["log_loss"] < truth["log_loss"] + 0.01
    assert found["average_precision"] == pytest.approx(truth["average_precision"], abs=0.05)


def test_the_same_input_gives_the_same_file(tmp_path: Path):
    first, second = (save(fit(*corpus(2000), NAMES, RECIPE, seed=1), tmp_path / f"{n}.ubj") for n in "ab")

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.skipif(xgb.build_info()["USE_CUDA"], reason="this XGBoost may find a GPU")
def test_a_device_that_is_not_there_is_refused_and_not_replaced_in_silence():
    with pytest.raises(SettingsError, match=r"HOTAREA_DEVICE is cuda, but XGBoost .* would use cpu; expected a GPU"):
        check_device("cuda")
    check_device("cpu")


def test_importance_shares_out_what_the_splits_gained():
    found = importance(fit(*corpus(3000), NAMES, Recipe(rounds=20), seed=1))

    assert list(found) == list(NAMES)
    assert sum(found.values()) == pytest.approx(1)
    assert found["a_pct"] + found["b_pct"] > 0.9


def test_a_model_without_splits_gives_nothing_importance():
    values, _ = corpus(50)

    assert set(importance(fit(values, np.zeros(50, bool), NAMES, Recipe(rounds=2), seed=1)).values()) == {0.0}


def test_another_seed_gives_another_model():
    values, hot = corpus(2000)

    scores = [score(fit(values, hot, NAMES, Recipe(rounds=20), seed), values) for seed in (1, 2)]

    assert not np.array_equal(*scores)


def test_a_saved_model_scores_the_same_and_knows_its_features(tmp_path: Path):
    values, hot = corpus(1000)
    model = fit(values, hot, NAMES, Recipe(rounds=20), seed=1)

    again = load(save(model, tmp_path / "model.ubj"))

    assert again.feature_names == list(NAMES)
    assert np.array_equal(score(again, values), score(model, values))


def test_scores_are_probabilities_also_of_nulls():
    values, hot = corpus(1000)
    model = fit(values, hot, NAMES, Recipe(rounds=20), seed=1)

    found = score(model, np.full((2, 6), np.nan))

    assert found.dtype == np.float64
    assert ((found > 0) & (found < 1)).all()


def test_a_file_that_is_no_model_is_named(tmp_path: Path):
    (tmp_path / "model.ubj").write_bytes(b"not a model")

    with pytest.raises(GateError, match=r"model\.ubj is no XGBoost model"):
        load(tmp_path / "model.ubj")


def test_a_matrix_has_the_columns_in_the_order_asked_for():
    rows = pa.table({"a": [1, 2], "b": [0.5, None], "c": [9, 9]})

    found = matrix(rows, ["b", "a"])

    assert np.array_equal(found, [[0.5, 1], [np.nan, 2]], equal_nan=True)


def test_a_missing_column_is_named():
    with pytest.raises(GateError, match="features y, z of the model are not among the columns"):
        matrix(pa.table({"a": [1]}), ["z", "a", "y"][::-1])


def test_a_digest_depends_on_values_and_names_only():
    rows = pa.table({"a": [1, 2, 3], "b": [0.5, None, float("nan")]})
    chunked = pa.concat_tables([rows.slice(0, 1), rows.slice(1)])

    assert digest(chunked) == digest(rows)
    assert digest(rows.rename_columns(["a", "c"])) != digest(rows)
    assert digest(rows.take([0, 2, 1])) != digest(rows)
    assert digest(rows.set_column(1, "b", pa.array([0.5, 0.0, float("nan")]))) != digest(rows)
