"""Feast's UI and its feature server on this repo, started as people start them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from hotarea.domain.settings import Settings
from hotarea.stages import materialize
from tests.conftest import Published
from tests.servers import free_port

HOTAREA = Path(sys.executable).parent / "hotarea"


@pytest.fixture
def served(settings: Settings, published: Published) -> Settings:
    published.features("2013-12-31", {"document_id": 1, "rate": 10.5, "cite_count": 4}, {"document_id": 2})
    materialize.run(settings, "test")
    return settings


LONG_S = 60
"""A server that loads what it needs with the first question may be slow to answer it."""


@contextmanager
def running(settings: Settings, *command: str) -> Iterator[str]:
    """Run a command that serves until it is told to end; yields its address."""
    port = free_port()
    environment = {"HOTAREA_HOME": str(settings.home), "HOTAREA_PROJECT": str(settings.project)}
    with subprocess.Popen(
        [HOTAREA, *command, "--port", str(port)],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _await(f"http://127.0.0.1:{port}/health", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) in {0, -signal.SIGTERM}


def _await(address: str, process: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + 120
    while time.monotonic() < ends:
        assert process.poll() is None
        try:
            if httpx.get(address).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise TimeoutError(address)


def test_the_feature_server_answers_what_is_served(served: Settings) -> None:
    asked = {"feature_service": "document_area_v1", "entities": {"document_id": [1, 2, 404]}}

    with running(served, "feast", "serve") as address, httpx.Client(base_url=address, timeout=LONG_S) as client:
        answer = client.post("/get-online-features", json=asked).raise_for_status().json()
        refused = client.post("/materialize-incremental", json={"end_ts": "2026-01-01T00:00:00"})

    values = dict(zip(answer["metadata"]["feature_names"], (r["values"] for r in answer["results"]), strict=True))
    assert values["document_id"] == [1, 2, 404]
    assert (refused.status_code, refused.json()["detail"][:36]) == (405, "POST /materialize-incremental writes")
    assert values["rate"] == [10.5, None, None]
    assert values["cite_count"] == [4, 0, None]


def test_the_ui_shows_what_is_defined(served: Settings) -> None:
    project = {"project": "hotarea"}
    with running(served, "feast", "ui") as address, httpx.Client(base_url=address, timeout=LONG_S) as client:
        page = client.get("/").raise_for_status().text
        services = client.get("/api/v1/feature_services", params=project).raise_for_status()
        refused = client.delete("/api/v1/feature_services/document_area_v1", params=project)

    assert refused.status_code == 405
    assert "<title>Feast" in page
    found = {s["spec"]["name"]: s["spec"]["owner"] for s in services.json()["featureServices"]}
    assert found == {"hot_area_model_v1": "hotarea", "hot_area_baselines_v1": "hotarea", "document_area_v1": "hotarea"}
