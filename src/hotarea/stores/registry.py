"""MLflow: the models with what they came from, and the alias of the one in service."""

import logging
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random

from hotarea.domain.errors import GateError, UnreachableError
from hotarea.domain.row_keys import Keys
from hotarea.domain.settings import Settings
from hotarea.domain.training import MODEL_NAME, load
from hotarea.stores.layout import Layout, write_aside

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion

CHAMPION_ALIAS = "champion"
THRESHOLD = "decision_threshold"
"""Tag of a version: the score above which a document is called hot."""

DATASET = "dataset_sha256"
"""Tag of a version: the hash of the rows that it learned from and was evaluated on."""

_COMMIT = "mlflow.source.git.commit"
_EXPERIMENT = "hotarea"
_TRAINING_ID = "training_id"
_ARTIFACTS = "model"
_FILE = "model.ubj"
_ROWS = "rows"
_KEYS = "keys.npy"
_CARD = "card"
_QUIET = ("alembic", "mlflow", "mlflow.utils.environment")
_SWITCHES = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "GIT_PYTHON_REFRESH": "quiet",
}


def register(  # noqa: PLR0913, PLR0917 - what a version is made of
    settings: Settings,
    training_id: str,
    model: Path,
    parameters: Mapping[str, Any],
    tags: Mapping[str, str],
    keys: Path | None = None,
) -> int:
    """Log a trained model (a UBJ file) with what it came from, and return its version in the registry.

    `keys` is the file of the keys of the rows that it learned from: they stay with the model, wherever that goes. One
    training has one version: asked again, the registered one is returned and nothing is written. The registry does not
    see to that by itself, so who asks must be alone with the training.
    """
    with _client(settings) as client:
        found = _of_training(client, training_id)
        if found:
            return int(found.version)
        run = client.create_run(_experiment(settings, client), run_name=training_id, tags={**tags, **_code(settings)})
        for name, value in parameters.items():
            client.log_param(run.info.run_id, name, value)
        _log_model(client, run.info.run_id, model)
        if keys:
            _log_keys(client, run.info.run_id, keys)
        client.set_terminated(run.info.run_id)
        created = client.create_model_version(
            MODEL_NAME,
            source=f"{run.info.artifact_uri}/{_ARTIFACTS}",
            run_id=run.info.run_id,
            tags={**tags, _TRAINING_ID: training_id},
        )
        return int(created.version)


def describe(settings: Settings, version: int, metrics: Mapping[str, float], tags: Mapping[str, str]) -> None:
    """Add metrics to a version's run, and tags to the version; what stands there already is replaced."""
    with _client(settings) as client:
        found = _version(client, version)
        for name, value in metrics.items():
            client.log_metric(found.run_id, name, value, step=0)
        for name, text in tags.items():
            client.set_model_version_tag(MODEL_NAME, found.version, name, text)


def tags(settings: Settings, version: int) -> dict[str, str]:
    """Return what a version is tagged with; raise `GateError` if there is no such version."""
    with _client(settings) as client:
        return dict(_version(client, version).tags)


def attach(settings: Settings, version: int, description: str, files: Iterable[Path]) -> None:
    """Describe a version in words, and keep files with it; those of the same names give way."""
    with _client(settings) as client:
        found = _version(client, version)
        client.update_model_version(MODEL_NAME, found.version, description)
        for file in files:
            client.log_artifact(found.run_id, str(file), _CARD)


def threshold(settings: Settings, version: int) -> float:
    """Return the score above which a version calls a document hot; raise `GateError` if it was never evaluated."""
    found = tags(settings, version).get(THRESHOLD)
    if found is None:
        raise GateError(f"{MODEL_NAME} version {version} has no tag {THRESHOLD}; expected an evaluated version.")
    return float(found)


def code_of(settings: Settings, version: int) -> str:
    """Return the commit by which a version was trained, or the package's version where that was no git checkout."""
    with _client(settings) as client:
        found = client.get_run(_version(client, version).run_id).data.tags.get(_COMMIT)
    return str(found or f"hotarea {installed('hotarea')}")


def fetch(settings: Settings, version: int, destination: Path) -> Path:
    """Copy a version's model file to `destination` and return it; raise `GateError` if it is gone or no model."""
    import mlflow
    from mlflow.exceptions import MlflowException

    with _client(settings) as client, tempfile.TemporaryDirectory() as folder:
        source = f"{_version(client, version).source}/{_FILE}"
        try:
            found = mlflow.artifacts.download_artifacts(
                artifact_uri=source, dst_path=folder, tracking_uri=settings.mlflow
            )
        except (OSError, MlflowException) as error:
            raise GateError(
                f"the file of {MODEL_NAME} version {version} cannot be read from {source}: {error}. "
                "Roll back to another version, or train again."
            ) from error
        write_aside(destination, Path(found).read_bytes())
    load(destination)
    return destination


def learned(settings: Settings, version: int) -> Keys | None:
    """Return the keys of the rows that a version learned from; None if they were not kept with it."""
    import mlflow
    import numpy as np
    from mlflow.exceptions import MlflowException

    with _client(settings) as client, tempfile.TemporaryDirectory() as folder:
        run = _version(client, version).run_id
        try:
            if not any(found.path == f"{_ROWS}/{_KEYS}" for found in client.list_artifacts(run, _ROWS)):
                return None
            file = mlflow.artifacts.download_artifacts(
                run_id=run, artifact_path=f"{_ROWS}/{_KEYS}", dst_path=folder, tracking_uri=settings.mlflow
            )
        except (OSError, MlflowException) as error:
            raise GateError(
                f"the keys of the rows of {MODEL_NAME} version {version} cannot be read: {error}. Expected "
                f"{_ROWS}/{_KEYS} among the artifacts of its run; bring the registry's files back from a backup."
            ) from error
        found_keys: Keys = np.load(file)
        return found_keys


def champion(settings: Settings) -> int | None:
    """Return the version that the alias names; None if there is no alias."""
    from mlflow.exceptions import MlflowException

    with _client(settings) as client:
        try:
            return int(client.get_model_version_by_alias(MODEL_NAME, CHAMPION_ALIAS).version)
        except MlflowException as error:
            if _absent(error):
                return None
            raise


def crown(settings: Settings, version: int) -> None:
    """Move the alias to a version, in one step; raise `GateError` if there is no such version."""
    with _client(settings) as client:
        _version(client, version)
        _name_champion(client, version)


@contextmanager
def _client(settings: Settings) -> Iterator["MlflowClient"]:
    """Open MLflow's client without its reports home, its log lines and its search for git."""
    for name, value in _SWITCHES.items():
        os.environ.setdefault(name, value)
    Layout(settings.home).state.mkdir(parents=True, exist_ok=True)
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)

    try:
        with _unwarned():
            yield MlflowClient(tracking_uri=settings.mlflow, registry_uri=settings.mlflow)
    except MlflowException as error:
        raise UnreachableError(
            f"MLflow refused or did not answer: {error.message}. Check HOTAREA_MLFLOW_URL and that its server runs."
        ) from error


@contextmanager
def _unwarned() -> Iterator[None]:
    """Keep quiet what MLflow's modules warn of themselves; it imports them when they are first used."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _experiment(settings: Settings, client: "MlflowClient") -> str:
    """Return the experiment's id; a server decides for itself where artifacts lie, files lie in the home."""
    found = client.get_experiment_by_name(_EXPERIMENT)
    if found is None:
        served = settings.mlflow.startswith("http")
        with _made_by_another():
            client.create_experiment(_EXPERIMENT, None if served else Layout(settings.home).models.as_uri())
        found = client.get_experiment_by_name(_EXPERIMENT)
    return str(found.experiment_id)


def _of_training(client: "MlflowClient", training_id: str) -> "ModelVersion | None":
    with _made_by_another():
        client.create_registered_model(MODEL_NAME)
    versions = client.search_model_versions(f"name = '{MODEL_NAME}' and tag.{_TRAINING_ID} = '{training_id}'")
    return versions[0] if versions else None


def _version(client: "MlflowClient", version: int) -> "ModelVersion":
    from mlflow.exceptions import MlflowException

    try:
        return client.get_model_version(MODEL_NAME, str(version))
    except MlflowException as error:
        if _absent(error):
            raise GateError(f"{MODEL_NAME} has no version {version} in the registry; train one first.") from error
        raise


@contextmanager
def _made_by_another() -> Iterator[None]:
    """Accept that what is to be made is there already, also if another process has made it meanwhile."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _raced(error: BaseException) -> bool:
    """Whether the registry's database turned a write away, as it does when another writes the same row."""
    return getattr(error, "error_code", None) in {"BAD_REQUEST", "TEMPORARILY_UNAVAILABLE"}


@retry(retry=retry_if_exception(_raced), stop=stop_after_attempt(3), wait=wait_random(0, 0.5), reraise=True)
def _name_champion(client: "MlflowClient", version: int) -> None:
    """Set the alias; MLflow looks for its row before it writes it, so the first of two at once makes it for both."""
    client.set_registered_model_alias(MODEL_NAME, CHAMPION_ALIAS, str(version))


def _absent(error: Any) -> bool:
    return error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}


def _log_model(client: "MlflowClient", run_id: str, model: Path) -> None:
    """Log the model in MLflow's own format around the UBJ file, with the requirements said and not guessed."""
    import mlflow.xgboost

    with tempfile.TemporaryDirectory() as folder:
        packaged = Path(folder) / _ARTIFACTS
        mlflow.xgboost.save_model(load(model), packaged, model_format="ubj", pip_requirements=_requirements())
        client.log_artifacts(run_id, str(packaged), _ARTIFACTS)


def _log_keys(client: "MlflowClient", run_id: str, keys: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        client.log_artifact(run_id, shutil.copyfile(keys, Path(folder) / _KEYS), _ROWS)


def _requirements() -> list[str]:
    import xgboost

    return [f"{name}=={installed(name)}" for name in ("mlflow", "numpy")] + [f"xgboost=={xgboost.__version__}"]


def _code(settings: Settings) -> dict[str, str]:
    """Return the commit of the code as MLflow's tag; nothing where the project is no git checkout."""
    try:
        found = subprocess.run(
            ["git", "-C", str(settings.project), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return {}
    return {_COMMIT: found.stdout.strip()} if found.returncode == 0 else {}
