"""The benchmark's corpus in OpenAlex's layout: works as large as real ones, by any number and seed.

    python -m benchmarks.corpus --works 1000000

Writes `data/jsonl/works/updated_date=YYYY-12-31/part_0000.gz`, `manifest.json` and `deleted_ids.csv` into a folder of
its own below `--folder`, unless it is there already: it is built beside that place and gets its name when it is
complete. `corpus_history` draws what happened, `corpus_records` writes the text.
"""

import argparse
import gzip
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.corpus_history import FIRST_YEAR, LAST_YEAR, History, Ints, day_of, drawn, ids
from benchmarks.corpus_records import Writer
from hotarea.domain.windows import Coverage, Cutoff

SEED = 7
PARTITION = 25_000
"""Works of a partition, at most."""

EDITION = 1
"""To be raised with every change of what is generated, so that no corpus of an earlier one is taken for it."""

FOLDER = Path.home() / ".cache" / "hotarea" / "benchmarks"

WORKS = Path("data", "jsonl", "works")
_LINES = 500  # are compressed at once


@dataclass(frozen=True)
class Partition:
    """One file: its place below `data/jsonl`, and the rows of the history's deliveries that it holds."""

    url: str
    deliveries: Ints


def corpus(works: int, folder: Path = FOLDER, seed: int = SEED) -> Path:
    """Return the folder of a corpus; generate it if it is not there yet."""
    made = folder / f"corpus-{EDITION}-seed-{seed}-works-{works}"
    if made.is_dir():
        return made
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f".{made.name}.{os.getpid()}"
    try:
        _generate(aside, works, seed)
        aside.rename(made)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return made


def cutoffs(count: int) -> list[Cutoff]:
    """Return the last so many cutoffs of any such corpus, one a year, oldest first."""
    releases = day_of(np.arange(FIRST_YEAR, LAST_YEAR + 1)).astype("datetime64[D]").tolist()
    return Coverage.of(releases).cutoffs()[-count:]


def manifest(made: Path) -> dict[str, Any]:
    """Return the manifest of a corpus: `works`, `references`, `record_count`, `content_length`, …"""
    found: dict[str, Any] = json.loads((made / WORKS / "manifest.json").read_bytes())
    return found


def _generate(made: Path, works: int, seed: int) -> None:
    arrays = made / "arrays"
    arrays.mkdir(parents=True)
    history = drawn(works, seed)
    history.save(arrays)
    partitions = list(_partitions(history, seed))
    for part in partitions:
        (made / WORKS.parent / part.url).parent.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(os.cpu_count(), initializer=_prepare, initargs=(made, seed)) as processes:
        bytes_of = list(processes.map(_write, partitions))
    shutil.rmtree(arrays)
    _write_deletions(history, made / WORKS / "deleted_ids.csv")
    _write_manifest(history, partitions, bytes_of, made / WORKS / "manifest.json")


def _partitions(history: History, seed: int) -> Iterator[Partition]:
    """Yield the partitions of all releases; within a release, works are in no order."""
    chance = np.random.default_rng([seed, PARTITION])
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        rows = chance.permutation(np.flatnonzero(history.release == year))
        for number, start in enumerate(range(0, len(rows), PARTITION)):
            yield Partition(f"works/updated_date={year}-12-31/part_{number:04d}.gz", rows[start : start + PARTITION])


_made: list[tuple[Path, Writer]] = []
"""What a process writes with: the corpus's folder, and the writer of its records."""


def _prepare(made: Path, seed: int) -> None:
    _made.append((made, Writer(History.map(made / "arrays"), seed)))


def _write(part: Partition) -> int:
    """Write a partition; return its length in bytes."""
    made, writer = _made[-1]
    path = made / WORKS.parent / part.url
    # No name and no time in the header: the same records are the same file. Level 6 is what real partitions have.
    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, 0) as packed:
        lines: list[bytes] = []
        for line in writer.lines(part.deliveries):
            lines.append(line)
            if len(lines) == _LINES:
                packed.write(b"".join(lines))
                lines.clear()
        packed.write(b"".join(lines))
    return path.stat().st_size


def _write_deletions(history: History, path: Path) -> None:
    days = history.deleted_on.astype("datetime64[D]").astype(str).tolist()
    rows = [f"W{number},{day}\n" for number, day in zip(ids(history.deleted).tolist(), days, strict=True)]
    path.write_text("".join(["work_id,deleted_date\n", *rows]))


def _write_manifest(history: History, partitions: list[Partition], bytes_of: list[int], path: Path) -> None:
    files = [
        {"url": part.url, "meta": {"content_length": size, "record_count": len(part.deliveries)}}
        for part, size in zip(partitions, bytes_of, strict=True)
    ]
    told = {
        "synthetic": True,
        "date": f"{LAST_YEAR}-12-31",
        "format": "jsonl",
        "entity": "works",
        "works": history.works,
        "references": len(history.cited),
        "record_count": len(history.delivered),
        "content_length": sum(bytes_of),
        "files": files,
    }
    path.write_text(json.dumps(told, indent=1))


def main() -> None:
    """Generate a corpus, and print its folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, required=True)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where corpora are kept (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    print(corpus(asked.works, asked.folder, asked.seed))


if __name__ == "__main__":
    main()
