"""`hotarea replay` on the sample corpus: the timeline, and drift in the shifted release and in no other."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotarea.domain.settings import Settings
from hotarea.stages import sample
from tests.conftest import PROJECT

HOTAREA = str(Path(sys.executable).parent / "hotarea")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> tuple[subprocess.CompletedProcess[str], Path]:
    folder = tmp_path_factory.mktemp("replay")
    raw = sample.run(Settings.load(home=folder / "raw", project=PROJECT)).folder
    kept = {k: v for k, v in os.environ.items() if not k.startswith("HOTAREA_")}
    environment = {**kept, "HOTAREA_HOME": str(folder / "home"), "HOTAREA_HORIZON_YEARS": "1", "COLUMNS": "200"}
    page = folder / "page.html"
    span = ("--raw", str(raw), "--from", "2011", "--to", "2013")
    ended = subprocess.run(
        [HOTAREA, "replay", *span, "--report", str(page), "--json"],
        env=environment,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended, page


@pytest.fixture(scope="module")
def found(done: tuple[subprocess.CompletedProcess[str], Path]) -> dict[str, Any]:
    printed: dict[str, Any] = json.loads(done[0].stdout)
    return printed


def test_the_planted_shift_shows_in_its_release_and_in_no_other(found):
    changed = {step["release"]: step["changed"] for step in found["steps"]}
    alarms = {step["release"]: step["alarms"] for step in found["steps"]}
    assert changed == {"2011-12-31": [], "2012-12-31": ["references"], "2013-12-31": []}
    assert alarms == {"2011-12-31": [], "2012-12-31": ["new_documents"], "2013-12-31": []}


def test_the_timeline_says_who_served_and_why(found):
    assert [step["candidate"] is not None for step in found["steps"]] == [False, True, True]
    for step in found["steps"][1:]:
        assert step["candidate"]["verdict"] in {"promote", "hold", "reject"}
        assert bool(step["candidate"]["refused_for"]) == (step["candidate"]["verdict"] != "promote")
    assert {o["policy"] for o in found["outcomes"]} == {"gated", "never_retrain", "always_promote"}
    assert found["synthetic"] is True


def test_progress_is_shown_release_by_release_and_the_page_is_named(done):
    ended, page = done
    lines = ended.stderr.splitlines()
    assert [line[:10] for line in lines if line.startswith("201")] == ["2011-12-31", "2012-12-31", "2013-12-31"]
    assert f"report: {page}" in lines
    assert json.loads(page.with_suffix(".json").read_text())["steps"] == json.loads(ended.stdout)["steps"]


def test_nobody_is_alerted_of_pages_that_are_thrown_away(done):
    assert all(line[:10].startswith("201") or line.startswith(("report: ", "replaying")) for line in said(done)), said(
        done
    )


def said(done: tuple[subprocess.CompletedProcess[str], Path]) -> list[str]:
    return [line for line in done[0].stderr.splitlines() if line.strip()]
