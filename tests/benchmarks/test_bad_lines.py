"""Bad lines among good ones are counted, and change no feature."""

import gzip
import re
import sys
from pathlib import Path

import pytest

from benchmarks import bad_lines
from benchmarks.corpus import corpus, manifest


def test_bad_lines_cost_those_lines_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bad_lines", "--works=20000", "--cutoffs=2", f"--folder={tmp_path}"])
    bad_lines.main()
    told = capsys.readouterr().out
    planted, found = re.findall(r"^(?:bad lines|quarantine): (.*)$", told, re.MULTILINE)
    assert planted == found
    assert "'broken_json': 24" in planted
    assert re.search(r"features: 3\d,\d{3} rows at 2 cutoffs, equal bit for bit", told)


def test_a_spoilt_corpus_leaves_the_clean_one_as_it_was(tmp_path: Path) -> None:
    made = corpus(2_000, tmp_path)
    before = {file: file.read_bytes() for file in made.rglob("*.gz")}
    planted = bad_lines.spoilt(made, tmp_path / "spoilt")
    assert {file: file.read_bytes() for file in made.rglob("*.gz")} == before
    told = manifest(tmp_path / "spoilt")
    assert told["record_count"] == manifest(made)["record_count"] + planted.total()
    for file in told["files"]:
        content = gzip.decompress((tmp_path / "spoilt" / "data" / "jsonl" / file["url"]).read_bytes())
        assert content.count(b"\n") == file["meta"]["record_count"]
