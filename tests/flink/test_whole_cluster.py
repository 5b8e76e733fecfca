"""On a real cluster, both jobs give what they give on one machine, and a materialization writes what the set holds."""

from contextlib import nullcontext
from pathlib import Path

import pytest

from hotarea.domain.records import OnlineChunk, OnlineWrite
from hotarea.domain.settings import Settings
from hotarea.stages import audit, materialize
from hotarea.stores import feature_store
from hotarea.stores.ledger import read
from tests.conftest import PROJECT, Published
from tests.flink import stages
from tests.servers import redis_server
from tools.flink.cluster import PARALLELISM, Cluster

pytestmark = pytest.mark.flink

VIEW = "size_5y_cite_count"
SERVERS = {"sqlite": nullcontext, "redis": redis_server}


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


@pytest.mark.parametrize("kind", SERVERS)
def test_what_flink_writes_is_served_and_what_vanished_is_gone(cluster: Cluster, tmp_path: Path, kind: str) -> None:
    with SERVERS[kind]() as url:
        store = {"online_store": kind, "online_store_url": url} if url else {}
        settings = Settings.load(
            **stages.on_flink(cluster, tmp_path).model_dump(exclude_unset=True) | store | {"project": PROJECT}
        )
        before = finished(cluster)
        for year, first in ((2012, 0), (2013, 50)):
            rows = ({"document_id": i, "rate": i / year, "cite_count": i} for i in range(first, first + 400))
            Published(settings).features(f"{year}-12-31", *rows)
            materialize.run(settings, f"run-{year}", views=[VIEW])

        answer = feature_store.online(settings, "document_area_v1", range(451))["rate"]
        assert answer == [None] * 50 + [i / 2013 for i in range(50, 450)] + [None]
        assert [found.wrong for found in audit.run(settings, "audit", [VIEW])] == [0]
        assert finished(cluster) == before + 2

    for write in read(settings.ledger, OnlineWrite):
        chunks = read(settings.ledger, OnlineChunk, write_id=write.write_id)
        assert [chunk.number for chunk in chunks] == [0, 1, 2, 3]
        assert sum(chunk.rows for chunk in chunks) == 400


def finished(cluster: Cluster) -> int:
    """Return how many jobs the cluster has brought to their end."""
    return sum(job["state"] == "FINISHED" for job in cluster.get("/jobs/overview")["jobs"])
