"""Wrong data that looks right, made of real data: whole files, right manifests, every record good on its own."""

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests import faults

Record = dict[str, Any]


def years(source: Path, folder: Path, first: int, last: int) -> Path:
    """Copy the partitions of some years of a delivery."""
    days = [f"{year}-12-31" for year in range(first, last + 1)]
    return faults.deliver(folder, {day: faults.lines_of(source / faults.partition(day)) for day in days})


def add(folder: Path, day: str, lines: Sequence[bytes], part: int = 0) -> Path:
    """Deliver one more partition, and say so in the manifest."""
    faults._write(folder / faults.partition(day, part), lines)
    faults._agree(folder, faults.partitions(folder))
    return folder


def records(source: Path, day: str) -> list[Record]:
    return [json.loads(line) for line in faults.lines_of(source / faults.partition(day))]


def lines(found: Iterable[Record]) -> list[bytes]:
    return [json.dumps(record).encode() for record in found]


# ---- a release of works


def shifted(found: Iterable[Record], by: int) -> list[Record]:
    """Date works so many years later."""
    return [_dated(record, record["publication_year"] + by) for record in found]


def without_half_of_the_topics(found: Sequence[Record]) -> list[Record]:
    """Take the topic away from the works of every second topic."""
    topics = sorted({record["primary_topic"]["id"] for record in found if record["primary_topic"]})
    lost = set(topics[::2])
    return [
        r | {"primary_topic": None} if r["primary_topic"] and r["primary_topic"]["id"] in lost else r for r in found
    ]


def told_anew(found: Iterable[Record], day: str) -> list[Record]:
    """Say that works were changed on another day."""
    return [record | {"updated_date": f"{day}T00:00:00.000000"} for record in found]


def _dated(record: Record, year: int) -> Record:
    return record | {"publication_year": year, "publication_date": f"{year}{record['publication_date'][4:]}"}


# ---- an edge list


def papers(source: Path) -> list[Record]:
    return _rows(source / "papers.csv.gz")


def edges(source: Path) -> list[Record]:
    return _rows(source / "edges.csv.gz")


def edge_list(folder: Path, some_papers: Iterable[Mapping[str, Any]], some_edges: Iterable[Mapping[str, Any]]) -> Path:
    """Write an edge list."""
    faults._write_csv(folder / "papers.csv.gz", ("id", "date"), [(p["id"], p["date"]) for p in some_papers])
    faults._write_csv(folder / "edges.csv.gz", ("citing", "cited"), [(e["citing"], e["cited"]) for e in some_edges])
    return folder


def of_another_corpus(found: Sequence[Record], share: float) -> list[Record]:
    """Return papers of another corpus, whose ids are the same numbers by accident in that share."""
    chance = np.random.default_rng(41)
    days = chance.permutation([p["date"] for p in found])
    same = chance.random(len(found)) < share
    ids = [p["id"] if s else str(10**9 + int(p["id"])) for p, s in zip(found, same, strict=True)]
    return [{"id": number, "date": day} for number, day in zip(ids, days, strict=True)]


def random_edges(found: Sequence[Record], dated: Sequence[Record]) -> list[Record]:
    """Let each citation lead to any earlier paper instead: as many of each paper, none to the future."""
    chance = np.random.default_rng(42)
    ordered = [p["id"] for p in sorted(dated, key=lambda p: (p["date"], p["id"]))]
    place = {number: at for at, number in enumerate(ordered)}
    return [
        {"citing": e["citing"], "cited": ordered[chance.integers(place[e["citing"]])]}
        for e in found
        if place.get(e["citing"], 0) > 0
    ]


def each(found: Iterable[Record], change: Callable[[Record], Record]) -> list[Record]:
    return [change(record) for record in found]


def _rows(file: Path) -> list[Record]:
    return list(csv.DictReader(io.StringIO(gzip.decompress(file.read_bytes()).decode("utf-8", errors="replace"))))
