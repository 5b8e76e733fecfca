import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from typing import Any

import pytest
from hotarea_airflow.alerts import FailureAlert, failure

from hotarea.domain.errors import RawDataError

LOG = "http://127.0.0.1:8080/dags/ingest_releases/runs/manual__1/tasks/plan"


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Iterator[list[dict[str, Any]]]:
    """What a webhook on loopback was sent, with that webhook set as the only channel."""
    bodies: list[dict[str, Any]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        monkeypatch.setenv("HOTAREA_ALERT_URLS", f"json://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("HOTAREA_HOME", str(tmp_path))
        yield bodies
        server.shutdown()
        thread.join()


def context(error: BaseException | str | None) -> Any:
    task = SimpleNamespace(dag_id="ingest_releases", task_id="plan", run_id="manual__1", log_url=LOG)
    return {"ti": task, "exception": error}


@pytest.mark.filterwarnings("ignore:.*imghdr:DeprecationWarning")  # Apprise imports it
def test_a_failure_reaches_the_channel(received: list[dict[str, Any]]) -> None:
    FailureAlert().notify(context(RawDataError("part_0000.gz is truncated; fetch it again")))
    assert [body["title"] for body in received] == ["hotarea: ingest_releases.plan failed"]
    message = received[0]["message"]
    assert "RawDataError: part_0000.gz is truncated; fetch it again" in message
    assert LOG in message
    assert "manual__1" in message


@pytest.mark.parametrize(
    ("error", "observed"),
    [
        (ValueError("12 is not a date"), "ValueError: 12 is not a date"),
        ("Task did not emit heartbeat within time limit", "Task did not emit heartbeat within time limit"),
        (None, "no error: the task's process ended without a word"),
    ],
)
def test_what_is_observed_is_the_error_however_airflow_gives_it(error: BaseException | str, observed: str) -> None:
    alert = failure("train_model", "fit", "manual__1", error, LOG)
    assert alert.observed == observed
    assert (alert.where, alert.severity) == ("DAG train_model, task fit", "critical")
