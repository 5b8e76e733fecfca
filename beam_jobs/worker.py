"""Starts one Beam worker from the installed wheel; a runner calls it for each with `--environment_type=PROCESS`.

Beam's own container images hold a compiled program for that, which no package carries.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import grpc
from apache_beam.portability.api import beam_provision_api_pb2 as messages
from apache_beam.portability.api import beam_provision_api_pb2_grpc as services
from apache_beam.runners.worker import sdk_worker_main
from google.protobuf import json_format, text_format

_ANSWER_S = 60


def main(arguments: Sequence[str]) -> None:
    """Work for the runner until it lets go; what the pipeline staged is left alone, as the wheel holds all code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--id", required=True, help="the worker's name at the runner")
    parser.add_argument("--provision_endpoint", required=True, help="HOST:PORT where the runner tells all else")
    found, _ = parser.parse_known_args(arguments)
    os.environ.update(environment(found.id, provision(found.provision_endpoint, found.id)))
    sdk_worker_main.main([])


def provision(endpoint: str, worker: str) -> Any:
    """Ask the runner for its `ProvisionInfo`: the endpoints to connect to and the pipeline's options."""
    with grpc.insecure_channel(endpoint) as channel:
        ask = services.ProvisionServiceStub(channel).GetProvisionInfo
        return ask(messages.GetProvisionInfoRequest(), metadata=[("worker_id", worker)], timeout=_ANSWER_S).info


def environment(worker: str, info: Any) -> Mapping[str, str]:
    """Return the variables that Beam's worker reads."""
    return {
        "WORKER_ID": worker,
        "PIPELINE_OPTIONS": json_format.MessageToJson(info.pipeline_options),
        "CONTROL_API_SERVICE_DESCRIPTOR": text_format.MessageToString(info.control_endpoint),
        "LOGGING_API_SERVICE_DESCRIPTOR": text_format.MessageToString(info.logging_endpoint),
        "RUNNER_CAPABILITIES": " ".join(info.runner_capabilities),
    }


if __name__ == "__main__":
    main(sys.argv[1:])
