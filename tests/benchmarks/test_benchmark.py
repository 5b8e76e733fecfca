"""One command compares the contenders, measures them and leaves the figures."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as benchmark

SIZE = 2_000


def test_all_contenders_agree_and_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    results, plot = tmp_path / "results" / "features.json", tmp_path / "plot.svg"
    results.parent.mkdir()
    results.write_text(json.dumps([{"works": SIZE, "stale": True}]))
    places = [f"--folder={tmp_path / 'corpora'}", f"--results={results}", f"--plot={plot}"]
    monkeypatch.setattr(benchmark, "SIZES", (SIZE,))  # the smallest, at which all three take part
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--cutoffs=3", "--runs=1", *places])
    benchmark.main()
    [found] = json.loads(results.read_bytes())
    assert (found["works"], found["cutoffs"]) == (SIZE, 3)
    assert 3 * 1_500 < found["rows"] < 3 * SIZE
    assert list(found["contenders"]) == ["hotarea", "duckdb", "per_element_beam"]
    for cost in found["contenders"].values():
        assert cost["wall_s"] > 0
        assert cost["cpu_s"] > 0
        assert cost["peak_mib"] > 50
    ours, theirs = found["contenders"]["hotarea"], found["contenders"]["duckdb"]
    assert found["ratio_wall"] == round(ours["wall_s"] / theirs["wall_s"], 3)
    assert found["ratio_cpu"] == round(ours["cpu_s"] / theirs["cpu_s"], 3)
    assert plot.read_text().startswith("<?xml")
    assert capsys.readouterr().out.count("| 2,000 |") == 3
