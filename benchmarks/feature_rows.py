"""A generated feature set of any size: rows that break no expectation, in Parquet parts as the jobs write them."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.corpus import FOLDER, SEED
from hotarea.domain import tables
from hotarea.domain.columns import Floats, Ints
from hotarea.domain.windows import Cutoff

CUTOFF = Cutoff.parse("2020-12-31@2020-12-31")
BEFORE = Cutoff.parse("2019-12-31@2019-12-31")
PART = 1_000_000
"""Rows of a part, about what a shard holds."""

_EDITION = 1
_UNDEFINED_WITHOUT_CITATION = ("rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y")


def feature_rows(rows: int, cutoff: Cutoff, folder: Path = FOLDER) -> list[Path]:
    """Return the parts of a generated feature set; generate it if it is not there yet."""
    made = folder / f"features-{_EDITION}-seed-{SEED}-rows-{rows}-cutoff-{cutoff.day}"
    if not made.is_dir():
        aside = folder / f".{made.name}.{os.getpid()}"
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        for number, first in enumerate(range(0, rows, PART)):
            part = _part(first, min(PART, rows - first), cutoff)
            pq.write_table(part, aside / f"part-{number:04d}.parquet", compression="zstd")
        aside.rename(made)
    return sorted(made.glob("part-*.parquet"))


def _part(first: int, count: int, cutoff: Cutoff) -> pa.Table:
    chance = np.random.default_rng([SEED, first, cutoff.day.year])
    values = _counts(chance, count) | {name: chance.random(count) for name in tables.RATIOS}
    cites = values["cite_count"]
    cited = cites > 0
    values["rate"] = values["size_5y"] / np.maximum(cites, 1)
    values["rate_1y"] = values["size_1y"] / (cites + 1)
    values["rate_2y"] = values["size_2y"] / (cites + 1)
    ranks = {f"{name}_pct": (chance.permutation(count) + 1) / count for name in tables.RANKED}
    ids = np.arange(first, first + count) * 3 + 1
    stamps = {"event_timestamp": cutoff.day, "created_timestamp": cutoff.known}
    columns: dict[str, pa.Array] = {"document_id": pa.array(ids)}
    for name, day in stamps.items():
        columns[name] = pa.repeat(pa.scalar(datetime(day.year, day.month, day.day, tzinfo=UTC), tables.STAMP), count)
    for name, column in (values | ranks).items():
        is_null = ~cited if name.removesuffix("_pct") in _UNDEFINED_WITHOUT_CITATION else None
        columns[name] = pa.array(column, tables.FEATURES.field(name).type, mask=is_null)
    return pa.table([columns[name] for name in tables.FEATURES.names], schema=tables.FEATURES)


def _counts(chance: np.random.Generator, count: int) -> dict[str, Ints | Floats]:
    """Return counts with a long tail, each within the one that it is part of."""

    def part_of(whole: Ints) -> Ints:
        return (whole * chance.random(count)).astype(np.int64)

    cites_5y = chance.zipf(1.6, count).clip(0, 5_000) - 1
    cites_2y = part_of(cites_5y)
    size_5y = cites_5y + chance.zipf(1.5, count).clip(0, 100_000)
    size_2y = part_of(size_5y)
    return {
        "cite_count": cites_5y + chance.zipf(2.0, count).clip(0, 5_000) - 1,
        "cite_count_5y": cites_5y,
        "cite_count_2y": cites_2y,
        "cite_count_1y": part_of(cites_2y),
        "size_5y": size_5y,
        "size_2y": size_2y,
        "size_1y": part_of(size_2y),
        "references_inside": chance.integers(0, 50, count),
    }
