"""One Flink cluster for the tests that need it; where Flink or Java is absent they skip, and say how to get it."""

import os
from collections.abc import Iterator

import pytest

from tools.flink.cluster import Cluster, running
from tools.flink.engine import Engine


@pytest.fixture(scope="session")
def engine() -> Engine:
    """Flink as it was fetched."""
    found = Engine.of(os.environ)
    if found.lacks:
        pytest.skip(f"no Flink: {found.lacks}")
    return found


@pytest.fixture(scope="module")
def cluster(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A cluster of two task managers, with a slot to spare on each, and Beam's job server."""
    with running(engine, tmp_path_factory.mktemp("flink")) as found:
        yield found
