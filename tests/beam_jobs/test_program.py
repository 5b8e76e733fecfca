"""What a job leaves as a program."""

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest

from beam_jobs import program
from beam_jobs.progress import Followed
from beam_jobs.steps import Step, counted, counted_bytes
from hotarea.domain.errors import RawDataError


def good(arguments: Sequence[str]) -> dict[str, Any]:
    return {"arguments": [*arguments]}


def bad(_: Sequence[str]) -> dict[str, Any]:
    raise RawDataError("part_0000.gz is damaged [while running 'Read partitions']")


def broken(_: Sequence[str]) -> dict[str, Any]:
    raise ValueError("no column [while running 'Read partitions']")


@pytest.fixture
def log_as_before() -> Iterator[None]:
    """Undoes what a program does to the log of its process."""
    root, beams = logging.getLogger(), logging.getLogger("apache_beam")
    handlers, levels = [*root.handlers], (root.level, beams.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    beams.setLevel(levels[1])


@pytest.mark.usefixtures("log_as_before")
@pytest.mark.parametrize(
    ("main", "status", "outcome"),
    [
        (good, 0, {"arguments": ["--shards=4"]}),
        (bad, 1, {"error": {"type": "RawDataError", "message": "part_0000.gz is damaged"}}),
        (broken, 1, {"error": {"type": "ValueError", "message": "no column [while running 'Read partitions']"}}),
    ],
)
def test_a_job_leaves_its_result_or_its_error_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, main: program.Main, status: int, outcome: dict[str, Any]
) -> None:
    result = tmp_path / "result.json"
    result.write_text("of an earlier try")
    monkeypatch.setattr(sys, "argv", ["job", "--result", str(result), "--shards=4"])
    with result.open() as held:
        with pytest.raises(SystemExit) as ended:
            program.run(main)
        assert held.read() == "of an earlier try"
    assert ended.value.code == status
    assert json.loads(result.read_text()) == outcome
    assert [*tmp_path.iterdir()] == [result]


def count(records: int) -> Iterator[None]:
    counted("records read", records)
    counted("quarantined: broken_json", 1)
    counted_bytes("read", 1_500 * records)
    yield None


def build(pipeline: beam.Pipeline) -> None:
    _ = pipeline | beam.Create([(1_000,), (234,)]) | beam.ParDo(Step("read", count))


def test_a_finished_pipeline_is_measured_and_summed_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "beam_jobs.program")
    before = datetime.now(UTC)
    followed = Followed("ingest_works", tmp_path / "progress", works="records read")
    measures = program.finished(followed, program.pipeline_options(program.LOCAL, []), build, 1, None)
    assert before < datetime.fromisoformat(measures.pop("started_at")) < datetime.now(UTC)
    seconds, rate, steps = (measures.pop(name) for name in ("seconds", "works_per_second", "steps"))
    assert rate == pytest.approx(1_234 / seconds, rel=0.01)
    assert 0 <= steps["read"] < seconds
    assert measures == {
        "works": 1_234,
        "records": {"quarantined: broken_json": 2, "records read": 1_234},
        "bytes": {"read": 1_851_000},
    }
    (told,) = [record.getMessage() for record in caplog.records if record.name == "beam_jobs.program"]
    assert told.splitlines() == [
        f"ingest_works: 1,234 works in {seconds:.1f} s, {rate:,.0f} works/s",
        "  records: 2 quarantined: broken_json, 1,234 records read",
        "  bytes: 1.9 MB read",
        f"  seconds in steps, of all processes: {steps['read']:.1f} read",
    ]
