"""A running job tells how far it is, whichever processes do its work, and leaves nothing behind."""

import json
import logging
import multiprocessing
import os
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import apache_beam as beam
import pytest

from beam_jobs import program, progress
from beam_jobs.progress import BEGUN, BYTES, ENDED, RECORDS, Followed
from beam_jobs.steps import Step, counted

INGEST = Followed("ingest_works", Path("progress"), works="records read", expected=1_000_000)
FEATURES = Followed("document_features", Path("progress"), works="documents read")


@pytest.mark.parametrize(
    ("job", "counts", "seconds", "told"),
    [
        pytest.param(INGEST, {}, 5.0, "ingest_works after 5 s: 0 records read", id="nothing is known yet"),
        pytest.param(
            INGEST,
            {
                RECORDS: {"records read": 250_000, "quarantined: broken_json": 3, "quarantined: no_references": 1_200},
                BYTES: {"written": 7},
                BEGUN: {"read": 8},
                ENDED: {"read": 3},
            },
            10.04,
            "ingest_works after 10 s: 250,000 of 1,000,000 records read (25%), 24,900/s, about 30 s of reading left, "
            "1,203 quarantined, read: 3 done and 5 open",
            id="while it reads",
        ),
        pytest.param(
            INGEST,
            {
                RECORDS: {"records read": 1_000_000, "documents written": 400_000, "citations written": 4_000_000},
                BEGUN: {"read": 8, "write": 4},
                ENDED: {"read": 8, "write": 1},
            },
            65.0,
            "ingest_works after 65 s: 1,000,000 records read, 4,000,000 citations written, 400,000 documents written, "
            "write: 1 done and 3 open",
            id="after it has read all",
        ),
        pytest.param(
            FEATURES,
            {RECORDS: {"documents read": 7, "citations read": 9}, BEGUN: {"count": 4, "sum": 2}, ENDED: {"count": 2}},
            65.0,
            "document_features after 65 s: 7 documents read, count: 2 done and 2 open, sum: 0 done and 2 open",
            id="how many there are is not known",
        ),
    ],
)
def test_a_line_tells_what_is_known(job: Followed, counts: progress.Counts, seconds: float, told: str) -> None:
    assert progress.line(job, counts, seconds) == told


def count_in_process(folder: Path, records: int) -> None:
    progress.join(folder)
    for _ in range(records):
        progress.add(RECORDS, "works", 1)
    progress.add(BYTES, "read", 10)
    progress.leave()


def test_the_counts_of_all_processes_add_up(tmp_path: Path) -> None:
    count_in_process(tmp_path, 5)
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=count_in_process, args=(tmp_path, records)) for records in (30, 200)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    count_in_process(tmp_path, 1000)  # again, in a process that has counted before
    progress.join(None)
    assert len([*tmp_path.iterdir()]) == 3
    assert progress.summed(tmp_path) == {RECORDS: {"works": 1235}, BYTES: {"read": 40}}


def test_a_forked_process_takes_none_of_its_parents_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count_in_process(tmp_path, 5)
    monkeypatch.setattr(os, "getpid", lambda: 7)  # as in a child, which has a copy of all that its parent has
    count_in_process(tmp_path, 30)
    progress.join(None)
    assert progress.summed(tmp_path)[RECORDS] == {"works": 35}


def test_threads_of_one_process_lose_no_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LEFT_EVERY_S", 0.0)
    notes = progress.Notes(tmp_path)
    threads = [threading.Thread(target=lambda: [notes.add(RECORDS, "works", 1) for _ in range(200)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (file,) = tmp_path.iterdir()
    assert json.loads(file.read_bytes()) == {RECORDS: {"works": 800}}


def test_who_cannot_leave_counts_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LEFT_EVERY_S", 0.0)
    notes = progress.Notes(tmp_path / "of another machine")
    notes.add(RECORDS, "works", 1)
    notes.leave()
    assert [*tmp_path.iterdir()] == []


def test_counts_are_left_now_and_then_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "LEFT_EVERY_S", 3600.0)
    notes = progress.Notes(tmp_path)
    for _ in range(100):
        notes.add(RECORDS, "works", 1)
    assert [*tmp_path.iterdir()] == []


def slow(_number: int, count: int) -> Iterator[None]:
    for _ in range(count):
        counted("works read", 10)
        time.sleep(0.1)
        yield None


def followed(folder: Path, workers: int, calls: int, count: int) -> None:
    def build(pipeline: beam.Pipeline) -> None:
        numbers = pipeline | beam.Create([(number,) for number in range(calls)])
        _ = numbers | beam.ParDo(Step("slow", slow, count, store=folder / "exchange"))

    job = Followed("slow_job", folder / "progress", works="works read", expected=calls * count * 10)
    options = program.pipeline_options(program.LOCAL, [])
    measures = program.finished(job, options, build, workers, folder / "exchange")
    assert measures["works"] == calls * count * 10


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_tells_how_far_it_is_and_leaves_nothing_behind(
    tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(progress, "EVERY_S", 0.2)
    monkeypatch.setattr(progress, "LEFT_EVERY_S", 0.2)
    caplog.set_level(logging.INFO, "beam_jobs.progress")
    threads = threading.active_count()
    followed(tmp_path, workers, calls=4, count=12)
    lines = [r.getMessage() for r in caplog.records if r.name == "beam_jobs.progress"]
    read = [int(found[1]) for line in lines if (found := re.search(r": (\d+) (of 480 )?works read", line))]
    assert len(read) == len(lines) >= 2
    assert read == sorted(read)
    assert len({n for n in read if 0 < n < 480}) >= 2  # told while the steps run, not only as they end
    assert any(re.search(r"slow: [0-3] done and [1-4] open", line) for line in lines)
    assert [*tmp_path.iterdir()] == []
    assert threading.active_count() <= threads + 1  # forkserver's at most
    assert progress.folder() is None


def test_a_short_job_tells_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "beam_jobs.progress")
    followed(tmp_path, 1, calls=1, count=1)
    assert [r for r in caplog.records if r.name == "beam_jobs.progress"] == []
    assert [*tmp_path.iterdir()] == []


def test_after_a_failure_nothing_is_told_and_nothing_left(tmp_path: Path) -> None:
    job = Followed("broken_job", tmp_path / "progress", works="works read")

    def build(_: beam.Pipeline) -> None:
        progress.add(RECORDS, "works read", 1)
        raise ValueError("the pipeline cannot be built")

    with pytest.raises(ValueError, match="cannot be built"):
        program.finished(job, program.pipeline_options(program.LOCAL, []), build, 1, None)
    assert [*tmp_path.iterdir()] == []
    assert "progress" not in {thread.name for thread in threading.enumerate()}
    assert progress.folder() is None
