"""The project's DAGs, parsed by a real Airflow with a home of its own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotarea.console.airflow import environment
from hotarea.domain.settings import Settings
from tests.conftest import PROJECT


@pytest.fixture(scope="session")
def airflow_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment that `make run` gives to Airflow's processes, for a fresh home."""
    return environment(Settings.load(home=tmp_path_factory.mktemp("home"), project=PROJECT))


@pytest.fixture(scope="session")
def parsed(airflow_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow sees in dags/: see describe.py."""
    output = tmp_path_factory.mktemp("parsed") / "dags.json"
    program = Path(__file__).with_name("describe.py")
    ended = subprocess.run(
        [sys.executable, program, PROJECT / "dags", output], env=airflow_environment, capture_output=True, check=False
    )
    assert ended.returncode == 0, ended.stderr.decode()
    found: dict[str, Any] = json.loads(output.read_text())
    return found


@pytest.fixture(scope="session")
def dags(parsed: dict[str, Any]) -> dict[str, Any]:
    """The DAGs by their id."""
    found: dict[str, Any] = parsed["dags"]
    return found
