"""Runs a Beam job in this process, for the command line; Airflow runs the same jobs as processes of their own."""

from importlib import import_module
from typing import Any

from hotarea.domain.job import Job


def run(job: Job) -> dict[str, Any]:
    """Run a job to its end and return its result."""
    result: dict[str, Any] = import_module(job.module).main(job.arguments)
    return result
