"""The sample as it stands on disk: a delivery that its manifest describes, whole or not at all."""

import csv
import dataclasses
import gzip
import hashlib
import io
import json
import logging
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hotarea.domain import records
from hotarea.domain.errors import PublishError, SettingsError
from hotarea.domain.settings import Settings
from hotarea.stages import ingest, sample
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

WORKS = 400


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    return sample.run(Settings.load(home=folder / "home"), works=WORKS).folder


@pytest.fixture
def truth(delivered: Path) -> dict:
    return json.loads((delivered / "truth.json").read_bytes())


def test_the_sample_lies_where_the_layout_says(delivered: Path, settings: Settings) -> None:
    assert sample.folder(settings) == settings.home / "raw" / "sample"
    assert delivered.parts[-3:] == ("home", "raw", "sample")


def test_the_same_seed_gives_the_same_bytes(delivered: Path, settings: Settings, tmp_path: Path) -> None:
    again = sample.run(settings, tmp_path / "again", works=WORKS, seed=settings.seed)
    assert hashes(again.folder) == hashes(delivered)


def test_another_seed_gives_other_bytes_in_the_same_files(delivered: Path, settings: Settings, tmp_path: Path) -> None:
    other = hashes(sample.run(settings, tmp_path / "other", works=WORKS, seed=settings.seed + 1).folder)
    ours = hashes(delivered)
    partitions = [name for name in ours if name.endswith("part_0000.gz")]
    assert len(partitions) == 15
    assert all(other[name] != ours[name] for name in partitions)


def test_the_manifest_agrees_with_every_file(delivered: Path) -> None:
    root = delivered / "data" / "jsonl"
    manifest = json.loads((root / "works" / "manifest.json").read_bytes())
    found = {
        str(path.relative_to(root)): (path.stat().st_size, gzip.decompress(path.read_bytes()).count(b"\n"))
        for path in root.glob("works/updated_date=*/*")
    }
    promised = {f["url"]: (f["meta"]["content_length"], f["meta"]["record_count"]) for f in manifest["files"]}
    assert promised == found
    assert manifest["synthetic"] is True
    assert (manifest["date"], manifest["format"], manifest["entity"]) == ("2024-12-31", "jsonl", "works")
    assert manifest["content_length"] == sum(size for size, _ in found.values())
    assert manifest["record_count"] == sum(count for _, count in found.values())


def test_gzip_headers_have_no_time(delivered: Path) -> None:
    files = list(delivered.rglob("*.gz"))
    assert len(files) > 15
    assert {path.read_bytes()[4:8] for path in files} == {bytes(4)}


def test_deleted_and_merged_ids_are_listed_as_openalex_does(delivered: Path, truth: dict) -> None:
    deleted = rows((delivered / "data/jsonl/works/deleted_ids.csv").read_bytes())
    assert [(f"W{row['id']}", row["date"]) for row in truth["deleted"]] == [
        (row["work_id"], row["deleted_date"]) for row in deleted
    ]
    merged = [
        (path.name, row)
        for path in sorted((delivered / "merged_ids/works").iterdir())
        for row in rows(gzip.decompress(path.read_bytes()))
    ]
    assert all(name == f"{row['merge_date']}.csv.gz" for name, row in merged)
    assert sorted((row["id"], row["merge_into_id"]) for _, row in merged) == sorted(
        (f"W{row['id']}", f"W{row['merged_into']}") for row in truth["merged"]
    )


def test_malformed_lines_are_where_the_truth_says(delivered: Path, truth: dict) -> None:
    for row in (row for row in truth["malformed"] if row["reason"] in {"broken_json", "invalid_utf8"}):
        lines = gzip.decompress((delivered / "data/jsonl" / row["file"]).read_bytes()).split(b"\n")
        with pytest.raises(ValueError, match=r"decode|delimiter|value|Unterminated|Expecting"):
            json.loads(lines[row["line"] - 1].decode())


def test_the_folder_says_that_it_is_synthetic(delivered: Path, truth: dict) -> None:
    assert "synthetic" in (delivered / "README.txt").read_text(encoding="utf-8")
    assert truth["synthetic"] is True
    assert truth["shape"]["works"] == WORKS


# ---- run again


def test_run_again_it_does_nothing_and_says_so(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    first = sample.run(settings, works=WORKS)
    before = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    with caplog.at_level(logging.INFO):
        again = sample.run(settings)
    assert again == dataclasses.replace(first, created=False, seconds=0.0)
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == before
    assert "the synthetic sample corpus is complete" in caplog.messages[-1]
    assert "nothing to do" in caplog.messages[-1]


def test_the_report_says_what_was_made(settings: Settings) -> None:
    report = sample.run(settings, works=WORKS, seed=7)
    assert report.created
    assert report.synthetic
    assert (report.folder, report.seed, report.releases) == (sample.folder(settings), 7, 15)
    assert WORKS < report.records < 1.2 * WORKS
    assert report.bytes == sum(path.stat().st_size for path in report.folder.rglob("part_0000.gz"))


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"works": 500}, "works 400, not 500"), ({"seed": 3}, "seed 20, not 3")],
)
def test_another_corpus_than_the_one_present_is_refused(
    settings: Settings, asked: dict[str, int], message: str
) -> None:
    folder = sample.run(settings, works=WORKS).folder
    before = hashes(folder)
    with pytest.raises(PublishError, match=message):
        sample.run(settings, **asked)
    assert hashes(folder) == before


def test_a_folder_of_something_else_is_left_alone(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(PublishError, match="expected a complete sample corpus"):
        sample.run(settings, tmp_path / "mine", works=WORKS)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_too_few_works_leave_nothing_behind(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="at least 200"):
        sample.run(settings, works=100)
    assert not settings.home.exists()


def test_a_failed_write_leaves_nothing_behind(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    with pytest.raises(PublishError, match=r"cannot be written to .*Not a directory"):
        sample.run(settings, tmp_path / "file" / "sample", works=WORKS)
    assert [path.name for path in tmp_path.iterdir() if path != settings.home] == ["file"]


def test_nothing_but_the_sample_is_left_beside_it(settings: Settings) -> None:
    folder = sample.run(settings, works=WORKS).folder
    assert list(folder.parent.iterdir()) == [folder]


def test_a_sample_is_told_from_other_raw_data(settings: Settings, delivered: Path, tmp_path: Path) -> None:
    assert sample.is_synthetic(settings, sample.folder(settings))
    assert sample.is_synthetic(settings, delivered)
    assert not sample.is_synthetic(settings, tmp_path)
    manifest = tmp_path / "data/jsonl/works/manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text('{"files": []}', encoding="utf-8")
    assert not sample.is_synthetic(settings, tmp_path)


# ---- the ingest finds what was planted


@pytest.fixture(scope="module")
def ingested(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = Settings.load(home=tmp_path_factory.mktemp("ingested"))
    sample.run(settings, works=WORKS)
    ingest.run(settings, "test")
    return settings


def test_the_ingest_quarantines_exactly_the_malformed_lines(ingested: Settings, truth: dict) -> None:
    planted = Counter((row["file"], row["line"], row["reason"]) for row in truth["malformed"])
    files = sorted((ingested.home / "quarantine").rglob("*.parquet"))
    found = [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]
    assert Counter((f"works/{row['file']}", row["line"], row["reason"]) for row in found) == planted


def test_the_ingest_learns_of_every_planted_ending(ingested: Settings, truth: dict) -> None:
    releases = Ledger(ingested.ledger).all(records.Release)
    found = {
        (row["document_id"], str(row["removed"]), row["merged_into"])
        for release in releases
        for row in pq.read_table(Layout(ingested.home).release(release.release_id) / "removals.parquet").to_pylist()
    }
    planted = {(row["id"], row["date"], row.get("merged_into")) for row in truth["merged"] + truth["deleted"]}
    assert found == planted


def test_no_expectation_fails_on_the_sample(ingested: Settings) -> None:
    outcomes = Ledger(ingested.ledger).all(records.Validation)
    assert len(outcomes) == 46  # documents and citations of fifteen releases, the releases as a whole, and raw records
    critical = [f for outcome in outcomes for f in outcome.failures if f["severity"] == "critical"]
    assert critical == []


def test_what_the_source_changed_is_what_was_planted(ingested: Settings) -> None:
    """Each release again holds works of earlier ones: some moved by years, some retracted, none of another topic."""
    compared = Ledger(ingested.ledger).all(records.Comparison)
    changed = {name: sum(c.recurated[name] for c in compared if c.works["again"]) for name in ("year", "topic")}
    assert changed["year"] > 0
    assert changed["topic"] == 0
    assert all(c.promised == c.arrived for c in compared)
    assert sum(sum(c.quarantined.values()) for c in compared) == sum(
        sum(r.quarantined.values()) for r in Ledger(ingested.ledger).all(records.Release)
    )
