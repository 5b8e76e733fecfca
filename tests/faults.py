"""Small deliveries of raw data, and copies of a delivery with exactly one fault each.

A delivery is a folder in the layout of the data README: `data/jsonl/works/updated_date=…/part_0000.gz` and
`data/jsonl/works/manifest.json`. An edge list is a folder with `papers.csv.gz` and `edges.csv.gz`.

Every fault is a function `(source, copy, …) -> Fault` that leaves `source` alone and returns where the copy is broken.
The manifest agrees with everything but the fault, so that only the check that is meant can find it.
"""

import csv
import gzip
import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

WORKS = Path("data/jsonl/works")


@dataclass(frozen=True)
class Fault:
    """A broken copy: its folder, the file at fault (relative to the folder), and the line (from 1) if it is one."""

    folder: Path
    file: str
    line: int | None = None


# ---- deliveries


def deliver(folder: Path, partitions: Mapping[str, Sequence[bytes]]) -> Path:
    """Write lines (without their newline) per `updated_date` as a complete delivery, the manifest last."""
    for day, lines in partitions.items():
        _write(folder / partition(day), lines)
    _agree(folder, [partition(day) for day in sorted(partitions)])
    return folder


def tiny_delivery(folder: Path, per_year: int = 12) -> Path:
    """Write three yearly releases, 2010 to 2012, of `per_year` works that each cite the five before them."""
    numbers = range(1, 3 * per_year + 1)
    years = {n: 2010 + (n - 1) // per_year for n in numbers}
    lines = {n: json.dumps(work(n, date(years[n], 1 + n % 12, 15), range(max(1, n - 5), n))).encode() for n in numbers}
    return deliver(
        folder, {f"{year}-12-31": [lines[n] for n in numbers if years[n] == year] for year in years.values()}
    )


def work(number: int, published: date, references: Sequence[int] = (), **changes: Any) -> dict[str, Any]:
    """Return a work's record, as delivered at the end of its year; `changes` replace or add fields."""
    topic = {"id": f"https://openalex.org/T{10_001 + number % 3}", "display_name": f"Topic {number % 3}", "score": 1.0}
    return {
        "id": f"https://openalex.org/W{number}",
        "doi": None,
        "title": f"Work {number}",
        "display_name": f"Work {number}",
        "publication_year": published.year,
        "publication_date": published.isoformat(),
        "language": "en",
        "type": "article",
        "is_retracted": False,
        "cited_by_count": 0,
        "counts_by_year": [],
        "primary_topic": topic,
        "topics": [topic],
        "referenced_works": [f"https://openalex.org/W{n}" for n in references],
        "referenced_works_count": len(references),
        "abstract_inverted_index": None,
        "updated_date": f"{published.year}-12-31T00:00:00.000000",
        "created_date": published.isoformat(),
    } | changes


def partition(day: str, part: int = 0) -> str:
    """Return the path of a partition's file within a delivery."""
    return str(WORKS / f"updated_date={day}" / f"part_{part:04d}.gz")


def partitions(folder: Path) -> list[str]:
    """Return the paths of a delivery's partition files, oldest first."""
    return sorted(str(p.relative_to(folder)) for p in (folder / WORKS).glob("updated_date=*/part_*.gz"))


def lines_of(file: Path) -> list[bytes]:
    """Return the lines of a partition file, without their newlines."""
    return gzip.decompress(file.read_bytes()).splitlines()


def tiny_edge_list(folder: Path, papers: int = 120, first_year: int = 1995, first_id: int = 1001) -> Path:
    """Write an edge list over four years of `papers` papers that each cite up to six of the thirty before them."""
    chance = np.random.default_rng(5)
    ids = list(range(first_id, first_id + papers))
    days = [date(first_year, 1, 1) + timedelta(days=1460 * i // papers) for i in range(papers)]
    edges = [
        (ids[i], ids[j]) for i in range(papers) for j in sorted(chance.permutation(np.arange(max(0, i - 30), i))[:6])
    ]
    _write_csv(
        folder / "papers.csv.gz",
        ("id", "date", "title"),
        [(i, d, f"Paper {i}") for i, d in zip(ids, days, strict=True)],
    )
    _write_csv(folder / "edges.csv.gz", ("citing", "cited"), edges)
    return folder


# ---- faults of a file


def truncated_gzip(source: Path, copy: Path) -> Fault:
    """Cut the newest file in the middle, with its cut length in the manifest: only inflating it can tell."""
    fault = short_download(source, copy)
    _agree(copy, partitions(copy), records=_promised(source))
    return fault


def short_download(source: Path, copy: Path) -> Fault:
    """Cut the newest file in the middle, with its whole length in the manifest."""
    _, newest = _copied(source, copy)
    content = (copy / newest).read_bytes()
    (copy / newest).write_bytes(content[: len(content) // 2])
    return Fault(copy, newest)


def missing_partition(source: Path, copy: Path) -> Fault:
    """Leave out a file in the middle that the manifest names."""
    files, _ = _copied(source, copy)
    gone = files[len(files) // 2]
    shutil.rmtree((copy / gone).parent)
    return Fault(copy, gone)


def third_missing(source: Path, copy: Path) -> Fault:
    """Drop every third row of the newest file, with all of its rows in the manifest."""
    fault = third_missing_agreed(source, copy)
    _agree(copy, partitions(copy), records=_promised(source))
    return fault


def third_missing_agreed(source: Path, copy: Path) -> Fault:
    """Drop every third row of the newest file, with the rest in the manifest: only its volume looks wrong."""
    _, newest = _copied(source, copy)
    rows = lines_of(copy / newest)
    return _rewritten(copy, newest, [row for i, row in enumerate(rows) if i % 3])


def empty_release(source: Path, copy: Path) -> Fault:
    """Deliver the newest release with no record, and say so in the manifest."""
    _, newest = _copied(source, copy)
    return _rewritten(copy, newest, [])


def missing_manifest(source: Path, copy: Path) -> Fault:
    """Leave out the manifest, which a delivery writes last."""
    _copied(source, copy)
    (copy / WORKS / "manifest.json").unlink()
    return Fault(copy, str(WORKS / "manifest.json"))


# ---- faults of one record


def invalid_utf8(source: Path, copy: Path) -> Fault:
    """Put a byte that is not UTF-8 into the title of one record of the newest file."""
    _, newest = _copied(source, copy)
    rows = lines_of(copy / newest)
    line = len(rows) // 2
    rows[line] = rows[line].replace(b'"title": "', b'"title": "\xff', 1).replace(b'"title":"', b'"title":"\xff', 1)
    return _rewritten(copy, newest, rows, line + 1)


def invalid_json(source: Path, copy: Path) -> Fault:
    """Cut one line of the newest file in the middle."""
    _, newest = _copied(source, copy)
    rows = lines_of(copy / newest)
    line = len(rows) // 2
    rows[line] = rows[line][: len(rows[line]) // 2]
    return _rewritten(copy, newest, rows, line + 1)


def null_references(source: Path, copy: Path) -> Fault:
    """Set `referenced_works` of one record to null."""
    return _changed(source, copy, referenced_works=None)


def bad_id(source: Path, copy: Path, value: Any = "https://openalex.org/works/not-an-id") -> Fault:
    """Give one record an id that is not an id."""
    return _changed(source, copy, id=value)


def bad_reference(source: Path, copy: Path, value: Any = "https://openalex.org/A12") -> Fault:
    """Give one record a reference that is not the id of a work."""
    return _changed(source, copy, referenced_works=[value])


def year_0(source: Path, copy: Path) -> Fault:
    """Date one record to the year 0."""
    return _changed(source, copy, publication_year=0, publication_date="0000-01-01")


def year_2209(source: Path, copy: Path) -> Fault:
    """Date one record to the year 2209."""
    return _changed(source, copy, publication_year=2209, publication_date="2209-01-01")


# ---- faults of an edge list


def foreign_dates(source: Path, copy: Path) -> Fault:
    """Replace the papers by another corpus's whose ids are the same numbers by accident: the dates mean nothing."""
    shutil.copytree(source, copy)
    papers = list(csv.DictReader(io.StringIO(gzip.decompress((source / "papers.csv.gz").read_bytes()).decode())))
    days = [p["date"] for p in papers]
    np.random.default_rng(7).shuffle(days)
    rows = [(p["id"], day, f"Of another corpus {i}") for i, (p, day) in enumerate(zip(papers, days, strict=True))]
    _write_csv(copy / "papers.csv.gz", ("id", "date", "title"), rows)
    return Fault(copy, "papers.csv.gz")


def disjoint_dates(source: Path, copy: Path) -> Fault:
    """Replace the papers by another corpus's of which only a few ids occur in the edges."""
    shutil.copytree(source, copy)
    papers = list(csv.DictReader(io.StringIO(gzip.decompress((source / "papers.csv.gz").read_bytes()).decode())))
    rows = [(p["id"] if i % 10 == 0 else 10**9 + int(p["id"]), p["date"], "Other") for i, p in enumerate(papers)]
    _write_csv(copy / "papers.csv.gz", ("id", "date", "title"), rows)
    return Fault(copy, "papers.csv.gz")


STOPS: Mapping[str, Callable[[Path, Path], Fault]] = {
    "truncated gzip": truncated_gzip,
    "short download": short_download,
    "missing partition": missing_partition,
    "third of the rows missing": third_missing,
    "missing manifest": missing_manifest,
}
"""Faults that must stop the ingest with the file's name."""

RECORDS: Mapping[str, Callable[[Path, Path], Fault]] = {
    "invalid UTF-8": invalid_utf8,
    "invalid JSON": invalid_json,
    "references null": null_references,
    "id is no id": bad_id,
    "reference is no id": bad_reference,
    "year 0": year_0,
    "year 2209": year_2209,
}
"""Faults of one record that must never stop the ingest of the others."""


def _copied(source: Path, copy: Path) -> tuple[list[str], str]:
    shutil.copytree(source, copy)
    files = partitions(copy)
    return files, files[-1]


def _changed(source: Path, copy: Path, **changes: Any) -> Fault:
    _, newest = _copied(source, copy)
    rows = lines_of(copy / newest)
    line = len(rows) // 2
    rows[line] = json.dumps(json.loads(rows[line]) | changes).encode()
    return _rewritten(copy, newest, rows, line + 1)


def _rewritten(folder: Path, file: str, rows: Sequence[bytes], line: int | None = None) -> Fault:
    _write(folder / file, rows)
    _agree(folder, partitions(folder))
    return Fault(folder, file, line)


def _write(file: Path, rows: Sequence[bytes]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(b"".join(row + b"\n" for row in rows), mtime=0))


def _write_csv(file: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def _promised(folder: Path) -> dict[str, int]:
    """Return the record counts of a delivery's manifest, by path within the delivery."""
    manifest = json.loads((folder / WORKS / "manifest.json").read_bytes())
    return {str(WORKS.parent / f["url"]): f["meta"]["record_count"] for f in manifest["files"]}


def _agree(folder: Path, files: Sequence[str], records: Mapping[str, int] | None = None) -> None:
    """Write a manifest that tells the truth about `files`, or promises `records` where given."""
    counts = records or {file: len(lines_of(folder / file)) for file in files}
    sizes = {file: (folder / file).stat().st_size for file in files}
    entries = [
        {
            "url": str(Path(file).relative_to(WORKS.parent)),
            "meta": {"content_length": sizes[file], "record_count": counts[file]},
        }
        for file in files
    ]
    manifest = {
        "date": max(Path(file).parent.name.partition("=")[2] for file in files),
        "format": "jsonl",
        "entity": "works",
        "record_count": sum(counts[file] for file in files),
        "content_length": sum(sizes.values()),
        "files": entries,
    }
    (folder / WORKS / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
