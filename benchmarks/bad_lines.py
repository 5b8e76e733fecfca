"""Shows that bad lines in the middle of a large delivery cost those lines only.

    python -m benchmarks.bad_lines --works 1000000

Puts lines of every kind that cannot be used among the records of half of a corpus's files, builds features from both
corpora, compares all rows bit for bit, and counts what went to quarantine. Files without bad lines are links.
"""

import argparse
import gzip
import json
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds

from benchmarks.corpus import FOLDER, WORKS, corpus, cutoffs, manifest
from benchmarks.equality import check_equal
from benchmarks.measure import Cost
from benchmarks.ours import RESULT
from hotarea.domain.rejects import Reason
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout

BAD: tuple[tuple[Reason, bytes], ...] = (
    (Reason.BROKEN_JSON, b'{"id":"https://openalex.org/W12","title":"cut in the mid'),
    (Reason.BROKEN_JSON, b"<html>502 Bad Gateway</html>"),
    (Reason.INVALID_UTF8, b'{"id":"https://openalex.org/W12","abstract":"\xff\xfe","referenced_works":[]}'),
    (Reason.WRONG_TYPE, b'[{"id":"https://openalex.org/W12"}]'),
    (Reason.WRONG_TYPE, b'{"id":"https://openalex.org/W12","referenced_works":{"0":"https://openalex.org/W1"}}'),
    (Reason.BAD_ID, b'{"id":"https://openalex.org/A12","referenced_works":[],"publication_year":1999}'),
    (Reason.NO_REFERENCES, b'{"id":"https://openalex.org/W12","publication_year":1999}'),
    (Reason.BAD_REFERENCE, b'{"id":"https://openalex.org/W12","referenced_works":["doi:10"],"publication_year":1999}'),
    (Reason.BAD_DATE, b'{"id":"https://openalex.org/W12","referenced_works":[],"publication_date":"spring 2012"}'),
    (
        Reason.IMPLAUSIBLE_DATE,
        b'{"id":"https://openalex.org/W12","referenced_works":[],"publication_date":"2209-01-01"}',
    ),
    (
        Reason.BAD_UPDATED,
        b'{"id":"https://openalex.org/W12","referenced_works":[],"publication_year":1999,"updated":"?"}',
    ),
)


def spoilt(made: Path, folder: Path) -> Counter[str]:
    """Write a copy of a corpus with bad lines among its records; return how many, by reason."""
    shutil.copytree(made, folder, copy_function=os.link)
    told, planted = manifest(made), Counter[str]()
    for number, file in enumerate(told["files"]):
        if number % 2:
            path = folder / WORKS.parent / file["url"]
            _spoil(path)
            planted.update(reason.value for reason, _ in BAD)
            file["meta"] = {
                "content_length": path.stat().st_size,
                "record_count": file["meta"]["record_count"] + len(BAD),
            }
    told["record_count"] += sum(planted.values())
    told["content_length"] = sum(file["meta"]["content_length"] for file in told["files"])
    (folder / WORKS / "manifest.json").unlink()
    (folder / WORKS / "manifest.json").write_text(json.dumps(told))
    return planted


def _spoil(path: Path) -> None:
    """Put one line of each kind among a file's records, the first in its middle."""
    lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.unlink()  # it is a link to the corpus
    for place, (_, line) in enumerate(BAD):
        lines.insert(len(lines) // 2 + 3 * place, line + b"\n")
    with gzip.open(path, "wb", 6) as file:
        file.writelines(lines)


def main() -> None:
    """Build features with and without bad lines, and tell what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, default=1_000_000, help="size of the corpus")
    parser.add_argument("--cutoffs", type=int, default=8, help="yearly cutoffs, the last ones")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where corpora are kept")
    asked = parser.parse_args()
    made, at = corpus(asked.works, asked.folder), cutoffs(asked.cutoffs)
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix=".bad-lines-") as scratch:
        folder = Path(scratch)
        planted = spoilt(made, folder / "spoilt")
        costs = {name: _built(raw, folder / name, at) for name, raw in (("clean", made), ("bad", folder / "spoilt"))}
        rows = sum(_compared(cutoff, folder) for cutoff in at)
        found = _quarantined(folder / "bad")
    for name, cost in costs.items():
        print(f"{name}: {cost.wall_s:.1f} s, {cost.cpu_s:.1f} s of CPU")
    print(f"bad lines: {dict(sorted(planted.items()))}")
    print(f"quarantine: {dict(sorted(found.items()))}")
    print(f"features: {rows:,} rows at {len(at)} cutoffs, equal bit for bit")
    if found != planted:
        sys.exit("quarantine does not hold what was planted")


def _built(raw: Path, home: Path, at: Sequence[Cutoff]) -> Cost:
    chosen = [f"--cutoff={cutoff}" for cutoff in at]
    command = [sys.executable, "-m", "benchmarks.ours", str(raw), str(home), *chosen]
    return Cost.of(command, home.with_suffix(".log"))


def _compared(cutoff: Cutoff, folder: Path) -> int:
    bad, clean = (
        sorted(Layout(_output(folder / name)).feature_set(cutoff).glob("part-*.parquet")) for name in ("bad", "clean")
    )
    return check_equal(bad, clean)


def _output(home: Path) -> Path:
    told: dict[str, Any] = json.loads((home / RESULT).read_bytes())
    return Path(told["built"])


def _quarantined(home: Path) -> Counter[str]:
    files = [str(file) for file in (home / "quarantine").rglob("*.parquet")]
    return Counter(ds.dataset(files).to_table(["reason"])["reason"].to_pylist())


if __name__ == "__main__":
    main()
