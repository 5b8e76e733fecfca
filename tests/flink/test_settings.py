"""The line that a shell evaluates to use the cluster is what the project's settings understand."""

import os
import subprocess
import sys

import pytest
from apache_beam.options.pipeline_options import PortableOptions

from beam_jobs import program
from hotarea.domain.settings import Settings
from tools.flink.__main__ import settings
from tools.flink.cluster import WORKER


def test_a_shell_makes_settings_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    said = subprocess.run(["sh", "-c", f"{settings()} env"], capture_output=True, text=True, check=True).stdout
    for name, value in (line.split("=", 1) for line in said.splitlines() if line.startswith("HOTAREA_")):
        monkeypatch.setenv(name, value)
    found = Settings.load()
    assert (found.runner, found.shards) == ("PortableRunner", 4)
    options = program.pipeline_options(found.runner, found.beam_options).view_as(PortableOptions)
    assert options.job_endpoint == "127.0.0.1:8099"
    assert options.environment_options == [f"process_command={WORKER}"]


def test_the_workers_start_is_a_program_and_says_what_it_lacks() -> None:
    assert os.access(WORKER, os.X_OK)
    environment = {**os.environ, "HOTAREA_PYTHON": sys.executable}
    ended = subprocess.run([WORKER, "--id=1"], env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "--provision_endpoint" in ended.stderr
