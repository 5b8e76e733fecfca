"""The model: how it is fitted, how it scores, and how it is kept."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from hotarea.domain.columns import Bools, Floats
from hotarea.domain.errors import GateError, SettingsError

if TYPE_CHECKING:
    import xgboost as xgb

MODEL_NAME = "hot_area_model"


@dataclass(frozen=True)
class Recipe:
    """How the trees are grown. Measured on arxiv_cs and hepth at every cutoff that can be evaluated.

    Depth 3 to 6, 100 to 400 rounds and twice the regularisation differ by less than 0.01 of average precision.
    """

    rounds: int = 200  # where the rows are too few for `tuning` to choose the number
    max_depth: int = 4
    eta: float = 0.05
    min_child_weight: float = 20.0
    subsample: float = 0.8
    colsample_bytree: float = 0.6
    reg_lambda: float = 20.0
    max_bin: int = 256
    device: str = "cpu"  # the same rows give another model on another device, as good within chance
    nthread: int = 2  # sums of gradients depend on it in the last bits: fixed, so that a model can be made again


RECIPE = Recipe()


def matrix(rows: pa.Table | pa.RecordBatch, features: Sequence[str]) -> Floats:
    """Return columns as an array of shape (rows, features); nulls become NaN. Raise GateError for a missing column."""
    missing = [name for name in features if name not in rows.schema.names]
    if missing:
        raise GateError(
            f"features {', '.join(missing)} of the model are not among the columns; "
            f"expected all of {', '.join(features)}. Build the features with this version, or train a new model."
        )
    columns = [rows.column(name).cast(pa.float64()).to_numpy(zero_copy_only=False) for name in features]
    return np.column_stack(columns) if columns else np.empty((rows.num_rows, 0))


def labels(rows: pa.Table) -> Bools:
    """Return the label `hot_area` of each row."""
    found: Bools = rows["hot_area"].to_numpy()
    return found


def digest(rows: pa.Table) -> str:
    """Return the SHA-256 of names, types and values of columns of numbers, independent of how a file stores them."""
    found = hashlib.sha256()
    for name in rows.schema.names:
        column = rows[name].combine_chunks()
        found.update(f"{name}:{column.type}:{len(column)}\n".encode())
        found.update(column.is_null().to_numpy(zero_copy_only=False).tobytes())
        found.update(column.drop_null().to_numpy(zero_copy_only=False).tobytes())
    return found.hexdigest()


def fit(values: Floats, hot: Bools, features: Sequence[str], recipe: Recipe, seed: int) -> "xgb.Booster":
    """Train the model on (rows, features) and the label of each row; the same input gives the same model."""
    import xgboost as xgb

    return xgb.train(parameters(recipe, seed), data(values, hot, features), num_boost_round=recipe.rounds)


def parameters(recipe: Recipe, seed: int) -> dict[str, Any]:
    """Return a recipe in XGBoost's words."""
    found = {name: value for name, value in asdict(recipe).items() if name != "rounds"}
    return found | {"objective": "binary:logistic", "tree_method": "hist", "seed": seed}


def data(values: Floats, hot: Bools, features: Sequence[str]) -> "xgb.DMatrix":
    """Return rows as XGBoost wants them."""
    import xgboost as xgb

    return xgb.DMatrix(values, hot.astype(np.float32), feature_names=list(features), nthread=RECIPE.nthread)


def check_device(device: str) -> None:
    """Raise SettingsError if XGBoost would not train there: asked for a GPU that it lacks, it quietly takes the CPU."""
    import xgboost as xgb

    if device == "cpu":
        return
    with xgb.config_context(verbosity=0):  # its warning is our error
        model = xgb.train({"device": device}, data(np.zeros((2, 1)), np.array([True, False]), ["a"]), 1)
    used = json.loads(model.save_config())["learner"]["generic_param"]["device"]
    if not used.startswith(device):
        built = "finds no GPU" if xgb.build_info()["USE_CUDA"] else "was built without CUDA"
        raise SettingsError(
            f"HOTAREA_DEVICE is {device}, but XGBoost {xgb.__version__} {built} and would use {used}; expected a GPU. "
            "Install the package xgboost in place of xgboost-cpu on a machine with a GPU of NVIDIA, or set it to cpu."
        )


def score(model: "xgb.Booster", values: Floats) -> Floats:
    """Return the model's probability that the area of each row is hot."""
    found = model.inplace_predict(values, validate_features=False)
    return np.asarray(found, dtype=np.float64)


def importance(model: "xgb.Booster") -> dict[str, float]:
    """Return each feature's share of what all splits gained; they add up to 1, or to 0 of a model without splits."""
    gained = model.get_score(importance_type="total_gain")
    total = sum(gained.values())
    return {name: gained.get(name, 0.0) / total if total else 0.0 for name in model.feature_names or ()}


def save(model: "xgb.Booster", path: Path) -> Path:
    """Write the model as UBJSON, which names its features and runs no code when it is read."""
    model.save_model(path)
    return path


def load(path: Path) -> "xgb.Booster":
    """Read a model; raise GateError if the file is not one."""
    import xgboost as xgb

    try:
        return xgb.Booster(model_file=path)
    except xgb.core.XGBoostError as error:
        raise GateError(f"{path} is no XGBoost model: {error}. Register it again from its training run.") from error
