"""What a job leaves as a program."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from beam_jobs import program
from hotarea.domain.errors import RawDataError


def good(arguments: Sequence[str]) -> dict[str, Any]:
    return {"arguments": [*arguments]}


def bad(_: Sequence[str]) -> dict[str, Any]:
    raise RawDataError("part_0000.gz is damaged")


@pytest.mark.parametrize(
    ("main", "status", "outcome"),
    [
        (good, 0, {"arguments": ["--shards=4"]}),
        (bad, 1, {"error": {"type": "RawDataError", "message": "part_0000.gz is damaged"}}),
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
