"""A disk that fills ends a job in a clear error, and nothing half-written is taken for a result."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from beam_jobs import document_features, ingest_works
from hotarea.domain.delivery import Plan
from hotarea.domain.settings import Settings
from hotarea.stages import ingest
from tests import faults
from tests.beam_jobs.conftest import Built
from tests.conftest import PROJECT
from tests.corpora import EVENTFUL, cutoff


def run_on_small_disk(folder: Path, size: str, command: list[str]) -> tuple[int, str, list[str]]:
    """Run a command while `folder` is a file system of that size; return its status, its log and the files left.

    Skips where users may not make a file system of their own.
    """
    folder.mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o size={size} none {shlex.quote(str(folder))}"
    if subprocess.run(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", mount], check=False).returncode:
        pytest.skip("this system lets nobody but root make a small file system to fill")
    script = f"{mount} && {shlex.join(command)}; status=$?; find {shlex.quote(str(folder))} -type f; exit $status"
    done = subprocess.run(
        ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script],
        capture_output=True,
        text=True,
        check=False,
        cwd=PROJECT,
    )
    return done.returncode, done.stderr, [Path(line).name for line in done.stdout.splitlines()]


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("size", ["8k", "32k", "64k"])  # fills with batches, or with results
def test_features_on_a_full_disk(built: Built, tmp_path: Path, workers: int, size: str) -> None:
    built.deliver(EVENTFUL)
    result, output = tmp_path / "result.json", tmp_path / "small"
    chosen = [f"--output={output}", f"--workers={workers}", "--shards=3", "--result", str(result)]
    command = [
        sys.executable,
        "-m",
        document_features.__name__,
        *built.arguments([cutoff(2012), cutoff(2015)]),
        *chosen,
    ]
    status, log, left = run_on_small_disk(output, size, command)
    error = json.loads(result.read_text())["error"]
    assert (status, error["type"]) == (1, "JobError"), log
    assert "the disk is full" in error["message"]
    assert "HOTAREA_HOME" in error["message"]
    assert [name for name in left if name == document_features.MARKER or name.endswith(".batches")] == []


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("size", ["8k", "48k"])  # fills with batches, or with results
def test_ingest_on_a_full_disk(settings: Settings, tmp_path: Path, shards: int, size: str) -> None:
    planned = ingest.plan(settings, "test", faults.tiny_delivery(tmp_path / "raw", per_year=400))
    assert planned is not None
    result, output, moved = tmp_path / "result.json", tmp_path / "small", tmp_path / "plan.json"
    made = msgspec.json.decode(planned.read_bytes(), type=Plan)
    moved.write_bytes(msgspec.json.encode(msgspec.structs.replace(made, folder=str(output))))
    chosen = [f"--plan={moved}", f"--shards={shards}", "--result", str(result)]
    status, log, left = run_on_small_disk(output, size, [sys.executable, "-m", ingest_works.__name__, *chosen])
    error = json.loads(result.read_text())["error"]
    assert (status, error["type"]) == (1, "JobError"), log
    assert "the disk is full" in error["message"]
    assert "Nothing was published" in error["message"]
    assert [name for name in left if name == made.result.name or name.endswith(".batches")] == []
