"""A materialization on a real cluster: its chunks are written by task managers, and readers get what the set holds."""

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
from tools.flink.cluster import Cluster

pytestmark = pytest.mark.flink

VIEW = "size_5y_cite_count"
SERVERS = {"sqlite": nullcontext, "redis": redis_server}


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
