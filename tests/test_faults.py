"""Each fault breaks its one thing, and leaves the manifest in agreement with the rest."""

import gzip
import json
from pathlib import Path

import pytest

from tests import faults


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return faults.tiny_delivery(tmp_path / "source")


def promised(folder: Path) -> dict[str, tuple[int, int]]:
    manifest = json.loads((folder / faults.WORKS / "manifest.json").read_bytes())
    return {f["url"]: (f["meta"]["content_length"], f["meta"]["record_count"]) for f in manifest["files"]}


def present(folder: Path) -> dict[str, tuple[int, int]]:
    files = [folder / name for name in faults.partitions(folder)]
    root = folder / faults.WORKS.parent
    return {str(f.relative_to(root)): (f.stat().st_size, len(faults.lines_of(f))) for f in files}


def test_a_tiny_delivery_is_what_its_manifest_promises(source: Path) -> None:
    assert promised(source) == present(source)
    assert [count for _, count in promised(source).values()] == [12, 12, 12]


@pytest.mark.parametrize("name", faults.RECORDS)
def test_a_record_fault_changes_one_line_and_the_manifest_agrees(source: Path, tmp_path: Path, name: str) -> None:
    fault = faults.RECORDS[name](source, tmp_path / "copy")
    assert promised(fault.folder) == present(fault.folder)
    for file in faults.partitions(source):
        pairs = zip(faults.lines_of(source / file), faults.lines_of(fault.folder / file), strict=True)
        changed = [line for line, (old, new) in enumerate(pairs, 1) if json.dumps(_read(old)) != json.dumps(_read(new))]
        assert changed == ([fault.line] if file == fault.file else [])


def _read(line: bytes) -> object:
    try:
        return json.loads(line)
    except ValueError:
        return repr(line)


def test_a_truncated_gzip_is_told_only_by_inflating_it(source: Path, tmp_path: Path) -> None:
    fault = faults.truncated_gzip(source, tmp_path / "copy")
    url = str(Path(fault.file).relative_to(faults.WORKS.parent))
    assert promised(fault.folder)[url] == ((fault.folder / fault.file).stat().st_size, 12)
    with pytest.raises(EOFError):
        gzip.decompress((fault.folder / fault.file).read_bytes())


def test_a_short_download_is_told_by_its_length(source: Path, tmp_path: Path) -> None:
    fault = faults.short_download(source, tmp_path / "copy")
    assert promised(fault.folder) == promised(source)
    assert (fault.folder / fault.file).stat().st_size == (source / fault.file).stat().st_size // 2


def test_a_third_of_the_rows_is_missing_against_the_manifest(source: Path, tmp_path: Path) -> None:
    fault = faults.third_missing(source, tmp_path / "copy")
    assert len(faults.lines_of(fault.folder / fault.file)) == 8
    assert [count for _, count in promised(fault.folder).values()] == [12, 12, 12]


def test_a_third_of_the_rows_is_missing_and_the_manifest_agrees(source: Path, tmp_path: Path) -> None:
    fault = faults.third_missing_agreed(source, tmp_path / "copy")
    assert promised(fault.folder) == present(fault.folder)
    assert [count for _, count in promised(fault.folder).values()] == [12, 12, 8]


def test_an_empty_release_is_announced_as_empty(source: Path, tmp_path: Path) -> None:
    fault = faults.empty_release(source, tmp_path / "copy")
    assert promised(fault.folder) == present(fault.folder)
    assert [count for _, count in promised(fault.folder).values()] == [12, 12, 0]


def test_a_missing_partition_is_still_promised(source: Path, tmp_path: Path) -> None:
    fault = faults.missing_partition(source, tmp_path / "copy")
    assert promised(fault.folder) == promised(source)
    assert set(faults.partitions(source)) - set(faults.partitions(fault.folder)) == {fault.file}


@pytest.mark.parametrize(
    ("fault", "joined", "backwards"),
    [(faults.foreign_dates, 1.0, (0.3, 0.7)), (faults.disjoint_dates, 0.1, (0.0, 0.0))],
)
def test_the_dates_of_another_corpus_join_by_accident(tmp_path: Path, fault, joined, backwards) -> None:
    source = faults.tiny_edge_list(tmp_path / "edges")
    broken = fault(source, tmp_path / "copy").folder
    assert (broken / "edges.csv.gz").read_bytes() == (source / "edges.csv.gz").read_bytes()
    dates = dict(row[:2] for row in _rows(broken / "papers.csv.gz"))
    edges = _rows(broken / "edges.csv.gz")
    ends = {end for edge in edges for end in edge}
    assert len(ends & dates.keys()) / len(ends) == pytest.approx(joined, abs=0.01)
    both = [(dates[a], dates[b]) for a, b in edges if a in dates and b in dates]
    low, high = backwards
    assert low <= sum(cited > citing for citing, cited in both) / len(both) <= high


def _rows(file: Path) -> list[list[str]]:
    return [line.split(",") for line in gzip.decompress(file.read_bytes()).decode().splitlines()[1:]]
