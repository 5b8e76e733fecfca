"""The ingest job's steps called by hand, shard by shard, without a runner: fast enough for many small deliveries."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from beam_jobs import corrections, ingest_works
from beam_jobs import lake as lake_rows
from hotarea.domain.delivery import Plan, Reading, Writing
from hotarea.domain.release_outcome import outcomes
from hotarea.stores.layout import write_aside
from tests.shuffles import by_key, grouped


def build(file: Path, shards: int) -> None:
    """Build a plan's releases as the job does."""
    plan = msgspec.json.decode(file.read_bytes(), type=Plan)
    read = [found for a in plan.assignments for found in ingest_works.read_partition(a, plan, shards)]
    for key, pieces in by_key([found for found in read if ingest_works.is_of(found, ingest_works._plain(plan))]):
        list(ingest_works.write(key, pieces, plan))
    if plan.correction:
        _correct(plan, read, shards)
    readings, writings = (ingest_works._reports(plan, k, p) for k, p in ((Reading, "reading"), (Writing, "writing")))
    told = {"releases": msgspec.to_builtins(outcomes(plan, readings, writings))}
    if plan.correction:
        corrections.complete(plan)
    write_aside(plan.result, msgspec.json.encode(told))


def _correct(plan: Plan, read: list[Any], shards: int) -> None:
    group = grouped(
        read=[corrections.by_shard(found) for found in read],
        known=_all(corrections.read_known, corrections._known(plan), shards),
        removals=_all(lake_rows.read, corrections._removals(plan), shards),
    )
    for shard, told in group.items():
        list(corrections.settle(shard, told, plan))


def _all(step: Callable[..., Iterator[Any]], files: list[tuple[str, str, str]], shards: int) -> list[Any]:
    return [found for file in files for found in step(*file, shards)]
