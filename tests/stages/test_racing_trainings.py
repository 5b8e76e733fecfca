"""The same plan carried out twice at once, in real processes: one model, registered once."""

import json
from pathlib import Path

from mlflow import MlflowClient

from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import read
from hotarea.stores.training_folder import TrainingFolder
from tests.histories import SHORT
from tests.stages import programs
from tests.templates import copied

SETTINGS = {f"HOTAREA_{name.upper()}": str(value) for name, value in SHORT.items()}


def test_of_two_runs_of_one_training_the_second_finds_what_the_first_has_finished(
    six_years: Path, settings: Settings
) -> None:
    short = copied(six_years, settings.model_copy(update=SHORT))

    done = programs.ended("tests.stages.racing_trainings", short.home, **SETTINGS)

    (trained,) = read(short.ledger, records.TrainingRun)
    assert json.loads(done.stdout.splitlines()[-1]) == [trained.training_id] * 2
    versions = MlflowClient(short.mlflow).search_model_versions("name='hot_area_model'")
    assert [int(v.version) for v in versions] == [trained.model_version]
    folder = TrainingFolder.of(Layout(short.home), trained.training_id)
    assert folder.read_evidence().model_version == trained.model_version
    assert f"waiting for another process to leave {folder.path}.lock" in done.stderr
    assert [*folder.path.glob("unfinished*")] == []
