"""Both jobs on a real cluster give what they give on one machine: the same rows, and the same counts of records."""

from pathlib import Path

import pytest

from tests.flink import stages
from tools.flink.cluster import PARALLELISM, Cluster

pytestmark = pytest.mark.flink


def assert_equal_on_flink(cluster: Cluster, folder: Path, raw: Path | None) -> None:
    here, there = stages.locally(folder / "here"), stages.on_flink(cluster, folder / "there")
    expected = [stages.ingested(here, raw), *stages.built(here)]
    found = [stages.ingested(there, raw), *stages.built(there)]
    assert [result["records"] for result in found] == [result["records"] for result in expected]
    rows, wanted = stages.rows_below(there.home), stages.rows_below(here.home)
    assert {kind.split("/")[0] for kind in wanted} == {"lake", "quarantine", "features", "labels"}
    assert list(rows) == list(wanted)
    assert [name for name in wanted if not rows[name].equals(wanted[name])] == []


def assert_both_task_managers_worked(cluster: Cluster) -> None:
    jobs = [job for job in cluster.get("/jobs/overview")["jobs"] if job["state"] == "FINISHED"]
    assert jobs
    for job in jobs:
        vertices = cluster.get(f"/jobs/{job['jid']}")["vertices"]
        assert {vertex["parallelism"] for vertex in vertices} >= {PARALLELISM}
        hosts = [cluster.get(f"/jobs/{job['jid']}/vertices/{v['id']}")["subtasks"] for v in vertices]
        assert {subtask["taskmanager-id"] for subtasks in hosts for subtask in subtasks} == set(cluster.task_managers)
    for name in cluster.task_managers:
        assert cluster.log(name).count("Python sdk harness starting") >= len(jobs)


def test_the_sample_corpus(cluster: Cluster, tmp_path: Path) -> None:
    assert_equal_on_flink(cluster, tmp_path, None)
    assert_both_task_managers_worked(cluster)


@pytest.mark.real_data
def test_high_energy_physics(cluster: Cluster, tmp_path: Path, shared_data: Path) -> None:
    assert_equal_on_flink(cluster, tmp_path, shared_data / "hepth")
