"""The project's DAGs, parsed by a real Airflow with a home of its own."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
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


RunDags = Callable[..., list[dict[str, Any]]]
"""Runs DAGs of a home one after the other, each given as (id, parameters); see run_dag.py for what it returns."""


@pytest.fixture(scope="module")
def run_dags(
    airflow_database: Callable[[Mapping[str, str]], None], tmp_path_factory: pytest.TempPathFactory
) -> RunDags:
    """Run DAGs in a process of their own, with an Airflow database that only they know."""

    def run(home: Settings, *wanted: tuple[str, dict[str, Any]]) -> list[dict[str, Any]]:
        variables, result = environment(home), tmp_path_factory.mktemp("runs") / "runs.json"
        airflow_database(variables)
        program = [sys.executable, Path(__file__).with_name("run_dag.py"), PROJECT / "dags", json.dumps(wanted), result]
        ended = subprocess.run(program, env=variables, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-4000:]
        found: list[dict[str, Any]] = json.loads(result.read_text())
        return found

    return run
