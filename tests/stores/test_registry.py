import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient
from sqlalchemy import event
from sqlalchemy.orm import Session

from hotarea.domain.errors import GateError, SettingsError
from hotarea.domain.settings import Settings
from hotarea.domain.training import MODEL_NAME, Recipe, fit, load, save, score
from hotarea.stores import registry
from hotarea.stores.layout import Layout

NAMES = ("a", "b")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    values = np.random.default_rng(1).random((200, 2))
    return save(fit(values, values[:, 0] > 0.8, NAMES, Recipe(rounds=3, nthread=1), seed=1), tmp_path / "model.ubj")


def register(settings: Settings, model: Path, training_id: str = "t1") -> int:
    return registry.register(settings, training_id, model, {"rounds": 3}, {"feature_service": "s"})


def test_versions_count_up_and_one_training_has_one(with_registry, model):
    assert register(with_registry, model) == 1
    assert register(with_registry, model, "t2") == 2
    assert register(with_registry, model) == 1


def test_a_model_comes_back_as_it_was(with_registry, model, tmp_path):
    version = register(with_registry, model)

    found = registry.fetch(with_registry, version, tmp_path / "deep" / "down" / "again.ubj")

    assert found.read_bytes() == model.read_bytes()


def test_mlflow_can_load_a_model_and_no_pickle_lies_beside_it(with_registry, model):
    register(with_registry, model)
    [folder] = Layout(with_registry.home).models.glob("*/artifacts/model")

    loaded = mlflow.xgboost.load_model(str(folder))

    values = np.random.default_rng(2).random((10, 2))
    assert np.array_equal(score(loaded, values), score(load(model), values))
    names = {file.name for file in folder.iterdir()}
    assert "model.ubj" in names
    assert not any(name.endswith((".pkl", ".pickle", ".joblib")) for name in names)
    requirements = (folder / "requirements.txt").read_text().split()
    assert [r.partition("==")[0] for r in requirements] == ["mlflow", "numpy", "xgboost"]
    assert all("==" in r for r in requirements)


def test_what_is_described_can_be_read_and_replaced(with_registry, model):
    version = register(with_registry, model)

    registry.describe(with_registry, version, {"model/brier": 0.1}, {registry.THRESHOLD: "0.25"})
    registry.describe(with_registry, version, {"model/brier": 0.2}, {registry.THRESHOLD: "0.5"})

    assert registry.threshold(with_registry, version) == 0.5
    assert registry.tags(with_registry, version)["training_id"] == "t1"


def test_the_alias_moves(with_registry, model):
    first, second = register(with_registry, model), register(with_registry, model, "t2")
    assert registry.champion(with_registry) is None

    registry.crown(with_registry, second)
    assert registry.champion(with_registry) == second
    registry.crown(with_registry, first)
    assert registry.champion(with_registry) == first


@contextmanager
def another_writes_first(table: str, write: Callable[[], object]) -> Iterator[list[object]]:
    """Let `write` happen between MLflow's look at a row of `table` and its own writing of it."""
    written: list[object] = []

    def before_flush(session: Session, *_: object) -> None:
        if not written and any(row.__tablename__ == table for row in session.new):
            written.append(None)
            written[0] = write()

    event.listen(Session, "before_flush", before_flush)
    yield written
    event.remove(Session, "before_flush", before_flush)


def test_the_alias_names_the_last_of_two_champions_that_come_at_once(with_registry, model):
    first, second = register(with_registry, model), register(with_registry, model, "t2")
    client = MlflowClient(with_registry.mlflow, with_registry.mlflow)

    def other():
        return client.set_registered_model_alias(MODEL_NAME, registry.CHAMPION_ALIAS, str(first))

    with another_writes_first("registered_model_aliases", other) as written:
        registry.crown(with_registry, second)

    assert len(written) == 1
    assert registry.champion(with_registry) == second


def test_two_first_trainings_at_once_share_one_experiment(with_registry, model):
    client = MlflowClient(with_registry.mlflow, with_registry.mlflow)
    folder = Layout(with_registry.home).models.as_uri()
    with another_writes_first("experiments", lambda: client.create_experiment("hotarea", folder)) as written:
        version = register(with_registry, model)

    run = client.get_model_version(MODEL_NAME, str(version)).run_id
    assert client.get_run(run).info.experiment_id == written[0]


@pytest.mark.parametrize(
    "call",
    [
        lambda s: registry.crown(s, 9),
        lambda s: registry.tags(s, 9),
        lambda s: registry.fetch(s, 9, s.home / "m.ubj"),
        lambda s: registry.describe(s, 9, {}, {}),
    ],
    ids=["crown", "tags", "fetch", "describe"],
)
def test_a_version_that_does_not_exist_is_named(with_registry, model, call):
    register(with_registry, model)

    with pytest.raises(GateError, match=f"{MODEL_NAME} has no version 9"):
        call(with_registry)


def test_a_version_that_was_never_evaluated_has_no_threshold(with_registry, model):
    version = register(with_registry, model)

    with pytest.raises(GateError, match="has no tag decision_threshold"):
        registry.threshold(with_registry, version)


def test_a_file_that_is_gone_is_named(with_registry, model, tmp_path):
    version = register(with_registry, model)
    for file in Layout(with_registry.home).models.rglob("model.ubj"):
        file.unlink()

    with pytest.raises(GateError, match="the file of hot_area_model version 1 cannot be read"):
        registry.fetch(with_registry, version, tmp_path / "m.ubj")


def test_a_file_that_is_damaged_is_not_used(with_registry, model, tmp_path):
    version = register(with_registry, model)
    for file in Layout(with_registry.home).models.rglob("model.ubj"):
        file.write_bytes(b"\x00" * 10)

    with pytest.raises(GateError, match="is no XGBoost model"):
        registry.fetch(with_registry, version, tmp_path / "m.ubj")


def test_a_registry_that_cannot_be_opened_is_a_setting_to_check(tmp_path):
    settings = Settings.load(home=tmp_path, mlflow_url="nonsense://registry")

    with pytest.raises(SettingsError, match="Check HOTAREA_MLFLOW_URL"):
        registry.champion(settings)


def test_nothing_is_said_on_the_way(with_registry, model, tmp_path, capfd, caplog):
    with caplog.at_level(logging.WARNING):
        version = register(with_registry, model)
        registry.fetch(with_registry, version, tmp_path / "m.ubj")

    assert capfd.readouterr() == ("", "")
    assert caplog.messages == []
