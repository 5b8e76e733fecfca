"""What the stages' Beam jobs share: how they are run, and the arguments that every one takes."""

from importlib import import_module
from typing import Any

from hotarea.domain.job import Job
from hotarea.domain.settings import Settings


def how_to_run(settings: Settings) -> tuple[str, ...]:
    """Return the arguments that say on which runner, and as how many parts, a job runs; Beam's own options last."""
    chosen = {"runner": settings.runner, "workers": settings.workers, "shards": settings.shards}
    return (*(f"--{name}={value}" for name, value in chosen.items() if value is not None), *settings.beam_options)


def run(job: Job) -> dict[str, Any]:
    """Run a job in this process, for the command line, and return its result; Airflow runs it as one of its own."""
    result: dict[str, Any] = import_module(job.module).main(job.arguments)
    return result
