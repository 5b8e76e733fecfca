"""What every Beam job does as a program: log to stderr, run, leave its result or its error as JSON."""

import argparse
import json
import logging
import os
import re
import shutil
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from errno import EDQUOT, ENOSPC
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from beam_jobs import pool, progress
from beam_jobs.steps import Totals, totals
from beam_jobs.summary import summary
from hotarea.domain.errors import HotareaError, JobError
from hotarea.domain.processors import cores
from hotarea.stores.layout import write_aside

Main = Callable[[Sequence[str]], dict[str, Any]]
Build = Callable[[beam.Pipeline], object]

log = logging.getLogger(__name__)

LOCAL = "FnApiRunner"
"""The runner of one machine."""

_FULL_NAME = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"


def add_how_to_run(parser: argparse.ArgumentParser) -> None:
    """Let a job take the arguments that all jobs take; Beam's own options pass through besides."""
    parser.add_argument("--runner", default=LOCAL, help="Beam runner")
    parser.add_argument("--workers", type=pool.positive, default=cores(), help="processes on the local runner")
    parser.add_argument("--shards", type=int, default=0, help="parts that data are split into; by their size if 0")


def pipeline_options(runner: str, extra: Sequence[str]) -> PipelineOptions:
    """Return Beam's options for a runner's name and the arguments that the job itself did not know.

    `FnApiRunner` is named in full because `DirectRunner` first tries to download another runner.
    """
    name = _FULL_NAME if runner == LOCAL else runner
    return PipelineOptions([f"--runner={name}", *extra])


def finished(
    followed: progress.Followed, options: PipelineOptions, build: Build, workers: int, store: Path | None
) -> dict[str, Any]:
    """Run the pipeline that `build` lays out to its end, tell how far it is meanwhile, and return its measures.

    Steps that leave batches for each other do so in `store`, which is removed at the end, and run in so many processes
    of this machine: 1 if the runner is not the local one. The measures are the same for all jobs: `started_at`,
    `seconds`, `works` and `works_per_second`, `records` by name, `bytes` by what was done with them, and `steps`, the
    seconds of each in all processes.
    """
    started_at, start = datetime.now(UTC), perf_counter()
    _clear(store)  # of an attempt that was killed
    try:
        with pool.workers(workers), progress.told(followed):
            pipeline = beam.Pipeline(options=options)
            build(pipeline)
            result = pipeline.run()
            result.wait_until_finish()
    finally:
        _clear(store)
    measures = _measures(followed, started_at, totals(result), perf_counter() - start)
    log.info("%s", summary(followed.job, measures))
    return measures


def _clear(store: Path | None) -> None:
    if store:
        shutil.rmtree(store, ignore_errors=True)


def _measures(followed: progress.Followed, started_at: datetime, counted: Totals, seconds: float) -> dict[str, Any]:
    works = counted.records.get(followed.works, 0)
    return {
        "started_at": started_at.isoformat(),
        "seconds": round(seconds, 3),
        "works": works,
        "works_per_second": round(works / seconds, 1),
        "records": counted.records,
        "bytes": counted.bytes,
        "steps": counted.steps,
    }


def run(main: Main) -> None:
    """Run `main` on the command line's arguments, write its result to the path after `--result`, and exit.

    The process ends with status 1 if `main` raised; the error then stands in the result as type and message.
    """
    _log_to_stderr()
    pool.keep_memory()
    arguments, result = _without_result(sys.argv[1:])
    main = _importable(main)
    try:
        outcome = main(arguments)
    except Exception as error:
        logging.getLogger(main.__module__).exception("the job failed")
        outcome = {"error": _told(error)}
    if result:
        write_aside(result, json.dumps(outcome, default=str).encode())
    sys.exit(1 if "error" in outcome else 0)


_STEP = re.compile(r" \[while running '[^']*'\]$")


def _told(error: Exception) -> dict[str, str]:
    """Return an error's type and message; one that means a full disk says so, whatever the runner made of it.

    What we say is whole without the step that Beam appends; in what libraries say, the step helps to find the cause.
    """
    if not any(os.strerror(number) in str(error) for number in (ENOSPC, EDQUOT)):
        message = _STEP.sub("", str(error)) if isinstance(error, HotareaError) else str(error)
        return {"type": type(error).__name__, "message": message}
    cause = str(error).strip().splitlines()[-1]
    advice = "Nothing was published; free space, or take a HOTAREA_HOME on another disk."
    return {"type": JobError.__name__, "message": f"the disk is full: {cause}. {advice}"}


def _log_to_stderr() -> None:
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, force=True)  # importing Beam has set up a log already
    logging.getLogger("apache_beam").setLevel(logging.WARNING)  # it tells every stage, with all names of all its steps


def _importable(main: Main) -> Main:
    """Return the program's `main` from the module's own name: workers can't import what is in `__main__`."""
    specification = sys.modules["__main__"].__spec__
    if main.__module__ != "__main__" or specification is None:
        return main
    named: Main = import_module(specification.name).main
    return named


def _without_result(arguments: Sequence[str]) -> tuple[list[str], Path | None]:
    rest = list(arguments)
    if "--result" not in rest:
        return rest, None
    at = rest.index("--result")
    path = rest[at + 1]
    del rest[at : at + 2]
    return rest, Path(path)
