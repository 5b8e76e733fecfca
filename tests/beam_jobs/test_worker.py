"""A worker's start: what the runner tells it becomes what Beam's worker reads. That it works is proven on Flink."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from apache_beam.portability.api import beam_provision_api_pb2 as messages
from apache_beam.portability.api import beam_provision_api_pb2_grpc as services
from google.protobuf import json_format

from beam_jobs import worker

OPTIONS = {"beam:option:job_name:v1": "features", "beam:option:parallelism:v1": 2}


class Provision(services.ProvisionServiceServicer):
    """Tells what a runner tells, to the worker whose name it knows."""

    def GetProvisionInfo(self, _request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        assert ("worker_id", "1-7") in [(k, v) for k, v in context.invocation_metadata()]
        info = messages.ProvisionInfo(runner_capabilities=["one", "two"])
        json_format.ParseDict(OPTIONS, info.pipeline_options)
        info.control_endpoint.url, info.logging_endpoint.url = "127.0.0.1:1", "127.0.0.1:2"
        return messages.GetProvisionInfoResponse(info=info)


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = grpc.server(ThreadPoolExecutor(1))
    services.add_ProvisionServiceServicer_to_server(Provision(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}"
    server.stop(0).wait()


def test_a_worker_learns_endpoints_and_options(endpoint: str) -> None:
    variables = worker.environment("1-7", worker.provision(endpoint, "1-7"))
    assert json.loads(variables.pop("PIPELINE_OPTIONS")) == OPTIONS
    assert variables == {
        "WORKER_ID": "1-7",
        "CONTROL_API_SERVICE_DESCRIPTOR": 'url: "127.0.0.1:1"\n',
        "LOGGING_API_SERVICE_DESCRIPTOR": 'url: "127.0.0.1:2"\n',
        "RUNNER_CAPABILITIES": "one two",
    }


def test_a_worker_without_a_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        worker.main(["--provision_endpoint=127.0.0.1:1"])
    assert "--id" in capsys.readouterr().err
