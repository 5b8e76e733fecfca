"""Costs are those of all processes of a program."""

import sys
from pathlib import Path

import pytest

from benchmarks.measure import Cost, FailedError

CHILD = """
import subprocess, sys
subprocess.run([sys.executable, "-c", {code!r}], check=True)
"""


def cost(code: str, log: Path) -> Cost:
    return Cost.of([sys.executable, "-c", CHILD.format(code=code)], log)


def test_the_processor_time_of_children_counts(tmp_path: Path) -> None:
    found = cost("import time\nwhile time.process_time() < 1: pass", tmp_path / "log")
    assert 1 <= found.cpu_s < 3
    assert found.wall_s >= 1


def test_the_memory_of_children_counts(tmp_path: Path) -> None:
    found = cost("import time; block = bytearray(300 << 20); time.sleep(1)", tmp_path / "log")
    assert 300 < found.peak_mib < 400


def test_pages_that_processes_share_count_once(tmp_path: Path) -> None:
    code = "import os, time; block = bytearray(b'x') * (200 << 20); child = os.fork(); time.sleep(1)"
    found = Cost.of([sys.executable, "-c", code], tmp_path / "log")
    assert 200 < found.peak_mib < 300


def test_a_program_that_fails_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(FailedError, match="ended with 3:\nno luck"):
        Cost.of([sys.executable, "-c", "import sys; print('no luck'); sys.exit(3)"], tmp_path / "log")
