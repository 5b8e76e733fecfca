"""A task manager that dies in the middle of a job: the result is right, or the job fails and nothing is published."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from beam_jobs.document_features import MARKER
from hotarea.domain.errors import JobError
from hotarea.domain.records import FeatureSet
from hotarea.domain.settings import Settings
from hotarea.stages import features, jobs
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.flink import stages
from tests.templates import copied
from tools.flink.cluster import Cluster, Size, running
from tools.flink.engine import Engine

pytestmark = pytest.mark.flink

VICTIM = "task-manager-0"
MANY = 16
"""Shards of the sample: so many that the job is long enough to be disturbed."""


@dataclass
class Running:
    """A feature job that a cluster was made to lose a task manager under."""

    settings: Settings
    plan: Path
    job: str  # Flink's id
    state: str  # just before the kill
    orphans: list[psutil.Process]  # the workers of the task manager
    outcome: Future[dict[str, Any]]


@pytest.fixture
def cluster(engine: Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster of its own for each test, as it is not whole afterwards; the parameter is how often jobs restart."""
    with running(engine, tmp_path / "flink", Size(restarts=request.param)) as found:
        yield found


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the sample's releases; copies are disturbed."""
    home = tmp_path_factory.mktemp("sample") / "home"
    stages.ingested(stages.locally(home), None)
    return home


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as found:
        yield found


def killed_in_the_middle(cluster: Cluster, settings: Settings, pool: ThreadPoolExecutor) -> Running:
    """Start the feature job, and kill a task manager once some steps are done and it works at others."""
    plan = features.plan(settings, "test")
    assert plan
    outcome = pool.submit(jobs.run, features.feature_job(settings, plan))
    job = wait_for(lambda: middle_of_a_job(cluster), outcome)
    orphans = psutil.Process(cluster.processes[VICTIM].pid).children(recursive=True)
    state = cluster.get(f"/jobs/{job}")["state"]
    cluster.kill(VICTIM)
    assert not outcome.done()
    return Running(settings, plan, job, state, orphans, outcome)


def middle_of_a_job(cluster: Cluster) -> str | None:
    """Return the id of a job of which steps are finished while others run on the task manager that is to die."""
    for job in cluster.get("/jobs/overview")["jobs"]:
        vertices = cluster.get(f"/jobs/{job['jid']}")["vertices"]
        states = [vertex["status"] for vertex in vertices]
        if states.count("FINISHED") < len(states) // 3:
            continue
        for vertex in (v for v in vertices if v["status"] == "RUNNING"):
            subtasks = cluster.get(f"/jobs/{job['jid']}/vertices/{vertex['id']}")["subtasks"]
            if (VICTIM, "RUNNING") in [(s["taskmanager-id"], s["status"]) for s in subtasks]:
                return str(job["jid"])
    return None


def wait_for(found: Any, outcome: Future[dict[str, Any]]) -> Any:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        assert not outcome.done(), f"the job ended before it could be disturbed: {outcome.exception()}"
        if answer := found():
            return answer
        time.sleep(0.05)
    raise AssertionError("the job never was in its middle")


def remembered(settings: Settings) -> list[FeatureSet]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(FeatureSet)


@pytest.mark.parametrize("cluster", [3], indirect=True)
def test_the_others_take_over_and_the_result_is_right(
    cluster: Cluster, sample: Path, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    settings = copied(sample, stages.on_flink(cluster, tmp_path / "home", MANY))
    disturbed = killed_in_the_middle(cluster, settings, pool)
    assert disturbed.state == "RUNNING"
    told = disturbed.outcome.result(300)
    history = cluster.get(f"/jobs/{disturbed.job}")
    assert history["state"] == "FINISHED"
    assert history["timestamps"]["RESTARTING"] > 0  # it was not over before the loss was seen
    assert psutil.wait_procs(disturbed.orphans, 60)[1] == []  # nobody writes on for the dead
    undisturbed = features.plan(disturbed.settings, "test")
    assert undisturbed
    assert told["records"] == jobs.run(features.feature_job(stages.locally(settings.home), undisturbed))["records"]
    wanted, found = stages.rows_below(undisturbed.parent), stages.rows_below(disturbed.plan.parent)
    assert wanted
    assert list(found) == list(wanted)
    assert [name for name in wanted if not found[name].equals(wanted[name])] == []


@pytest.mark.parametrize("cluster", [0], indirect=True)
def test_without_restarts_the_job_fails_and_nothing_is_published(
    cluster: Cluster, sample: Path, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    settings = copied(sample, stages.on_flink(cluster, tmp_path / "home", MANY))
    disturbed = killed_in_the_middle(cluster, settings, pool)
    assert disturbed.state == "RUNNING"
    with pytest.raises(RuntimeError, match="failed in state FAILED: "):
        disturbed.outcome.result(300)
    assert not (disturbed.plan.parent / MARKER).exists()
    for step in (features.validate, features.publish):
        with pytest.raises(JobError, match=f"{MARKER} is missing"):
            step(settings, disturbed.plan, "test")
    assert not Layout(settings.home).features.exists()
    assert remembered(settings) == []
