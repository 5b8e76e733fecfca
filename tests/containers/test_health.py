import importlib.util
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[2] / "containers" / "health.py"
NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def health() -> ModuleType:
    spec = importlib.util.spec_from_file_location("health", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Server(HTTPServer):
    """Answers both addresses like Airflow and MLflow do."""

    airflow: dict[str, Any] = {}  # noqa: RUF012 - set per test
    status = 200

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        bodies = {"/health": "OK", "/api/v2/monitor/health": json.dumps(self.server.airflow)}
        self.send_response(self.server.status if self.path in bodies else 404)
        self.end_headers()
        self.wfile.write(bodies.get(self.path, "").encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"scheduler": {"status": "healthy"}}, True),
        ({"scheduler": {"status": "unhealthy"}, "triggerer": {"status": "healthy"}}, False),
        ({"scheduler": {"status": None}}, False),  # it has never run
        ({"scheduler": None}, False),
        ({}, False),
    ],
)
def test_a_component_is_as_healthy_as_airflow_says(
    health: ModuleType, server: Server, answer: dict[str, Any], expected: bool
) -> None:
    server.airflow = answer
    assert health.is_healthy("scheduler", server.url, NOBODY) is expected


@pytest.mark.parametrize(("status", "expected"), [(200, True), (500, False)])
def test_mlflow_answers_for_itself(health: ModuleType, server: Server, status: int, expected: bool) -> None:
    server.status = status
    assert health.is_healthy("mlflow", NOBODY, server.url) is expected


@pytest.mark.parametrize("part", ["mlflow", "scheduler"])
def test_nobody_there_is_not_healthy(health: ModuleType, part: str) -> None:
    assert health.is_healthy(part, NOBODY, NOBODY) is False


@pytest.mark.parametrize(("status", "code"), [("healthy", 0), ("unhealthy", 1)])
def test_the_exit_status_is_dockers(server: Server, status: str, code: int) -> None:
    server.airflow = {"dag_processor": {"status": status}}
    ended = subprocess.run([sys.executable, PROGRAM, "dag_processor"], env={"AIRFLOW_URL": server.url}, check=False)
    assert ended.returncode == code
