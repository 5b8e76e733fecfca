"""The whole loop as a user runs it: the command line for the years before, Airflow for the newest release."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from hotarea.console import airflow
from hotarea.console.airflow_api import AirflowApi, DagRun
from hotarea.console.supervisor import tagged
from hotarea.domain.settings import Settings
from tests.conftest import PROJECT

pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1200)]

HOTAREA = str(Path(sys.executable).parent / "hotarea")


@dataclass
class Home:
    """A home of its own, and how a user talks to it."""

    settings: Settings

    @property
    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("HOTAREA_", "AIRFLOW", "COV_"))}
        return {
            **kept,
            "HOTAREA_HOME": str(self.settings.home),
            "HOTAREA_AIRFLOW_PORT": str(self.settings.airflow_port),
            "COLUMNS": "200",
        }

    def call(self, *arguments: str) -> Any:
        """Run one command with `--json` and return what it printed."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [HOTAREA, *arguments], env=self.environment, cwd=PROJECT, capture_output=True, text=True, check=False
        )

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.call("status")
        return found


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return Home(Settings.load(home=tmp_path_factory.mktemp("loop") / "home", project=PROJECT, airflow_port=port))


@pytest.fixture(scope="module")
def history(home: Home) -> dict[str, Any]:
    """The home after the command line has brought in all releases but the newest."""
    assert home.status()["releases"] == []
    home.call("sample")
    home.call("ingest", "--until", "2023-12-31")
    home.call("features")
    home.call("validate", "--dataset", "document_features", "--subject", "2023-12-31@2023-12-31")
    home.call("materialize")
    home.call("train")
    home.call("gate")
    home.call("promote")
    home.call("score")
    return home.status()


@pytest.fixture(scope="module")
def running(home: Home, history: dict[str, Any]) -> Iterator["Running"]:
    """`hotarea up` after it has brought in the newest release."""
    log = home.settings.home / "up.log"
    with log.open("w") as out:
        process = subprocess.Popen([HOTAREA, "up"], env=home.environment, cwd=PROJECT, stdout=out, stderr=out)
    started = Running(home, process, log)
    try:
        started.wait_for("stays up at", 900)
        yield started
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(120)


@dataclass
class Running:
    """The running system, seen from its terminal and its API."""

    home: Home
    process: subprocess.Popen[bytes]
    log: Path

    def wait_for(self, text: str, timeout_s: float) -> str:
        deadline = time.monotonic() + timeout_s
        while text not in self.log.read_text():
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(1)
        return self.log.read_text()


@pytest.fixture(scope="module")
def api(running: "Running") -> Iterator[AirflowApi]:
    """Airflow's API, logged in."""
    settings = running.home.settings
    client = AirflowApi(airflow.base_url(settings), airflow.ADMIN, airflow.password(settings))
    client.wait_until_up(lambda: None)
    yield client
    client.close()


def rest(api: AirflowApi, run_id: str, timeout_s: float = 300) -> list[DagRun]:
    """Wait until a run and all that it started have come to an end; return all runs."""
    deadline = time.monotonic() + timeout_s
    quiet = 0
    while quiet < 6:
        runs = api.dag_runs()
        done = any(r.run_id == run_id and not r.is_active for r in runs)
        quiet = quiet + 1 if done and not any(r.is_active for r in runs) else 0
        assert time.monotonic() < deadline, runs
        time.sleep(1)
    return runs


def test_the_command_line_alone_closes_the_loop(history: dict[str, Any]) -> None:
    assert len(history["releases"]) == 14
    assert history["synthetic"]
    assert history["champion"]["model_version"] == 1
    assert history["champion"]["feature_service"] == "hot_area_model_v1"
    assert history["last_decision"]["accepted"]
    assert history["predictions"]["cutoff"] == "2023-12-31"
    assert len(history["hot_areas"]) == 10
    assert {v["cutoff"] for v in history["online_store"].values()} == {"2023-12-31"}


DAGS = ("ingest_releases", "build_features", "monitor_model", "train_model", "score_documents")


def test_a_new_release_runs_through_all_dags(running: "Running", api: AirflowApi) -> None:
    printed = running.log.read_text()
    after = running.home.status()
    assert "1 of 15 releases are new" in printed
    assert "synthetic" in printed
    assert len(after["releases"]) == 15
    assert after["last_decision"]["model_version"] == 2
    assert after["last_decision"]["champion_version"] == 1
    assert after["predictions"]["cutoff"] == "2024-12-31"
    assert {v["cutoff"] for v in after["online_store"].values()} == {"2024-12-31"}
    ended = {r.dag_id: r.state for r in api.dag_runs() if r.dag_id != "watch_silence"}  # which runs by the clock
    assert ended == dict.fromkeys(DAGS, "success")


def test_the_champion_beats_every_baseline(running: "Running") -> None:
    champion = running.home.status()["champion"]
    precision = {name: metrics["average_precision"] for name, metrics in champion["evaluation"].items()}
    baselines = {"rate", "rate_1y", "cite_count_5y", "logistic_regression"}
    assert baselines <= precision.keys()
    assert all(precision["model"] > precision[name] for name in baselines)


def triggerer(home: Home) -> list[psutil.Process]:
    """The triggerer itself, which the process manager started, without its own children."""
    return [p for p in tagged(str(home.settings.home)) if _is_started_by_the_manager(p, "triggerer")]


def _is_started_by_the_manager(process: psutil.Process, name: str) -> bool:
    with suppress(psutil.Error):  # it has ended since it was listed
        parent = process.parent()
        return name in process.cmdline() and parent is not None and "supervisor.supervisord" in parent.cmdline()
    return False


def test_a_dead_component_comes_back(running: "Running") -> None:
    (before,) = triggerer(running.home)
    before.kill()
    deadline = time.monotonic() + 60
    while [p.pid for p in triggerer(running.home)] in ([], [before.pid]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert running.process.poll() is None


def test_rollback_puts_the_version_before_in_service(running: "Running", api: AirflowApi) -> None:
    assert running.home.status()["champion"]["model_version"] == 2
    run_id = api.trigger("rollback_champion", {"reason": "the loop's test"})
    runs = rest(api, run_id)
    assert next(r.state for r in runs if r.run_id == run_id) == "success"
    after = running.home.status()
    assert after["champion"]["model_version"] == 1
    assert after["champion"]["reason"].endswith("the loop's test")
    assert after["predictions"]["model_version"] == 1
    assert after["predictions"]["cutoff"] == "2024-12-31"


def test_a_second_start_of_the_same_home_is_refused(running: "Running") -> None:
    again = running.home.run("up", "--once")
    assert again.returncode == 1
    assert "this home is up already" in again.stderr


def test_ctrl_c_leaves_no_process_and_a_restart_does_nothing_twice(running: "Running") -> None:
    before = running.home.status()
    running.process.send_signal(signal.SIGINT)
    assert running.process.wait(120) == 0
    assert tagged(str(running.home.settings.home)) == []
    assert not psutil.pid_exists(running.process.pid)
    again = running.home.run("up", "--once")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "nothing is done twice" in again.stdout
    assert tagged(str(running.home.settings.home)) == []
    after = running.home.status()
    for changing in (before, after):
        for view in changing["online_store"].values():
            del view["age_hours"]
    assert after == before
