"""The benchmark's corpus is one that the ingest takes whole, with all that makes real data hard."""

import gzip
import hashlib
import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import corpus as corpora
from benchmarks.corpus import corpus, cutoffs, manifest
from benchmarks.corpus_history import drawn
from hotarea.domain.works import decode
from hotarea.stores import raw
from tests.faults import WORKS

SIZE = 2_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpora, "PARTITION", 100)
        return corpus(SIZE, tmp_path_factory.mktemp("corpora"))


@pytest.fixture(scope="module")
def lines(made: Path) -> list[bytes]:
    files = sorted((made / WORKS).glob("updated_date=*/part_*.gz"))
    return [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]


@pytest.fixture(scope="module")
def records(lines: list[bytes]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def hashes(folder: Path) -> dict[str, str]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in files}


def test_it_is_a_delivery_that_keeps_its_promises(made: Path) -> None:
    deliveries = raw.verified(raw.find(made).deliveries(date(2026, 1, 1)))
    assert [d.release_id for d in deliveries] == [f"{year}-12-31" for year in range(2000, 2025)]
    partitions = [partition for delivery in deliveries for partition in delivery.partitions]
    assert max(len(delivery.partitions) for delivery in deliveries) > 1
    assert sum(p.records or 0 for p in partitions) == manifest(made)["record_count"]
    assert max(p.records or 0 for p in partitions) == 100


def test_no_line_is_rejected(lines: list[bytes]) -> None:
    assert decode(b"\n".join(lines), date(2024, 12, 31)).rejects == []


def test_records_are_as_long_as_real_ones(made: Path, lines: list[bytes], records: list[dict[str, Any]]) -> None:
    lengths = [len(line) for line in lines]
    assert 4_000 < np.mean(lengths) < 5_500
    assert 4 < sum(lengths) / manifest(made)["content_length"] < 6
    assert {"authorships", "abstract_inverted_index", "concepts", "counts_by_year", "related_works"} <= set(records[0])


def test_works_are_delivered_again_deleted_and_cited_unevenly() -> None:
    history = drawn(20_000, 7)
    lengths = np.diff(history.ends, prepend=0)
    citing = np.repeat(np.arange(history.works), lengths)
    assert 11.5 < lengths.mean() < 13
    assert 0.03 < (history.cited >= history.works).mean() < 0.06
    assert (history.cited == citing).any()
    assert max(Counter(zip(citing.tolist(), history.cited.tolist(), strict=True)).values()) > 1
    assert history.cited_by.max() > 50 * history.cited_by.mean()
    assert 0.02 < len(history.delivered) / history.works - 1 < 0.05
    assert len(history.deleted) > 10


def test_a_work_is_delivered_once_a_release_and_not_always_newer(records: list[dict[str, Any]]) -> None:
    history = drawn(20_000, 7)
    both = list(zip(history.delivered.tolist(), history.release.tolist(), strict=True))
    assert len(set(both)) == len(both)
    again = history.delivered[history.works :]
    older = history.updated[history.works :] < history.updated[again]
    assert 0 < older.mean() < 0.1
    assert len({record["id"] for record in records}) == SIZE < len(records)


def test_the_same_seed_gives_the_same_files(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpora, "PARTITION", 100)
    assert hashes(corpus(SIZE, tmp_path)) == hashes(made)
    assert hashes(corpus(SIZE, tmp_path, seed=8)) != hashes(made)


def test_a_corpus_that_was_interrupted_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(corpora, "_write_manifest", full)
        with pytest.raises(OSError, match="No space left"):
            corpus(50, tmp_path)
    assert list(tmp_path.iterdir()) == []
    found = corpus(50, tmp_path)
    assert manifest(found)["works"] == 50
    assert corpus(50, tmp_path) == found
    assert list(tmp_path.iterdir()) == [found]


def test_its_cutoffs_are_the_last_year_ends() -> None:
    assert [str(cutoff) for cutoff in cutoffs(2)] == ["2023-12-31@2023-12-31", "2024-12-31@2024-12-31"]
