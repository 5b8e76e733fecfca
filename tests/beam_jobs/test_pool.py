"""Steps run in worker processes as they run in one; what goes wrong there is told."""

import os
import signal
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import psutil
import pytest
from apache_beam.pvalue import AsList, TaggedOutput

from beam_jobs import pool, program
from beam_jobs.progress import Followed
from beam_jobs.steps import Step, counted
from hotarea.domain.errors import JobError, RawDataError


def numbers(start: int, count: int) -> Iterator[Any]:
    """Yield (remainder, batch) and the sum of all as the output `sums`."""
    found = np.arange(start, start + count)
    counted("numbers", count)
    for remainder in range(3):
        yield remainder, found[found % 3 == remainder]
    yield TaggedOutput("sums", (os.getpid(), int(found.sum())))


def total(remainder: int, batches: Iterable[Any], output: Path, sums: Iterable[tuple[int, int]]) -> Iterator[None]:
    """Write what came together: the remainder, the sum of its numbers, and that of all."""
    mine, everything = sum(int(batch.sum()) for batch in batches), sum(value for _, value in sums)
    (output / str(remainder)).write_text(f"{mine} of {everything} by {len({pid for pid, _ in sums})}")
    yield None


def broken(what: str) -> Iterator[None]:
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    raise RawDataError(f"{what} is wrong; expected nothing. Mend it.")
    yield None


def run(output: Path, workers: int, store: Path | None) -> dict[str, int]:
    def build(pipeline: beam.Pipeline) -> None:
        found = (
            pipeline
            | beam.Create([(start, 10) for start in range(0, 100, 10)])
            | "number" >> beam.ParDo(Step("number", numbers, store=store)).with_outputs("sums", main="numbers")
        )
        grouped = found.numbers | beam.GroupByKey()
        _ = grouped | "total" >> beam.ParDo(Step("total", total, output, store=store), AsList(found.sums))

    measures = finished(build, output, workers, store)
    assert set(measures["steps"]) == {"number", "total"}
    assert ("exchanged" in measures["bytes"]) == bool(store)
    found: dict[str, int] = measures["records"]
    return found


def finished(build: program.Build, output: Path, workers: int, store: Path | None) -> dict[str, Any]:
    followed = Followed("test_pool", output / "progress", works="numbers")
    return program.finished(followed, program.pipeline_options(program.LOCAL, []), build, workers, store)


@pytest.mark.parametrize(("workers", "stored", "processes"), [(1, False, 1), (1, True, 1), (2, True, 2), (3, True, 3)])
def test_processes_and_files_change_nothing(tmp_path: Path, workers: int, stored: bool, processes: int) -> None:
    store = tmp_path / "exchange" if stored else None
    assert run(tmp_path, workers, store) == {"numbers": 100}
    assert [(tmp_path / str(n)).read_text().split(" by ")[0] for n in range(3)] == [
        "1683 of 4950",
        "1617 of 4950",
        "1650 of 4950",
    ]
    assert 1 <= int((tmp_path / "0").read_text().split(" by ")[1]) <= processes
    assert not (tmp_path / "exchange").exists()
    assert pool.running() is None


@pytest.mark.parametrize(
    ("what", "error", "told"),
    [
        ("row 7", RawDataError, "row 7 is wrong; expected nothing"),
        ("killed", JobError, "one of 2 worker processes died.*HOTAREA_WORKERS"),
    ],
)
def test_what_fails_in_a_process_ends_the_job(tmp_path: Path, what: str, error: type[Exception], told: str) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        _ = pipeline | beam.Create([(what,)]) | beam.ParDo(Step("broken", broken))

    before = {child.pid for child in psutil.Process().children()}
    with pytest.raises(error, match=told):
        finished(build, tmp_path, 2, tmp_path / "exchange")
    left = [child.name() for child in psutil.Process().children() if child.pid not in before]
    assert [name for name in left if "resource_tracker" not in name and "forkserver" not in name] == []
    assert pool.running() is None
