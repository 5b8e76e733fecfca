"""Kill -9 any task of `train_model` before what it leaves behind, and clear it: the same champion, the same ledger."""

import json
import os
import shutil
import subprocess
import sys

from hotarea.domain.settings import Settings
from hotarea.stages import materialize
from tests.conftest import PROJECT
from tests.histories import History
from tests.templates import copied

SETTINGS = {"HOTAREA_HORIZON_YEARS": "1", "HOTAREA_TRAINING_CUTOFFS": "3"}


def test_a_killed_and_repeated_training_ends_as_an_undisturbed_one(tmp_path, empty_registry):
    first = Settings.load(home=tmp_path / "undisturbed", project=PROJECT, horizon_years=1, training_cutoffs=3)
    History(copied(empty_registry, first)).publish(range(2010, 2016))
    materialize.run(first, "online")
    shutil.copytree(first.home, tmp_path / "killed")

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "tests.stages.killed_training", tmp_path],
        env=os.environ | SETTINGS,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert all(found["kills"].values()), found["kills"]  # each task was killed at least once
    assert {"MlflowClient.create_run", "MlflowClient.create_model_version"} <= set(found["kills"]["fit"])
    assert {"Path.replace", "Ledger.add"} <= set(found["kills"]["gate"])
    assert {"Ledger.add", "MlflowClient.set_registered_model_alias"} <= set(found["kills"]["promote"])
    for kind, records in found["undisturbed"].items():
        assert found["killed"][kind] == records, kind
    assert [c["model_version"] for c in found["killed"]["Champion"]] == [1]
    assert found["killed"]["registry"]["champion"] == 1
