"""Materializes in processes that are killed, at random or after a chunk; a program, since a fork wants to be alone.

    python -m tests.stages.killed HOME KILLS SEED

Settings come from the environment. Prints how many were killed, how often a set was complete, how many writes were
killed between two of their chunks and gone on with by another run, and what differs at the end between
the online answers of all documents and the set that is served.
"""

import json
import logging
import os
import random
import signal
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import beam_jobs.online_rows  # noqa: F401 - imported before the forks, as all that takes long
from beam_jobs.program import pipeline_options  # noqa: F401
from hotarea.domain import tables
from hotarea.domain.records import FeatureSet, Materialization, OnlineChunk, OnlineWrite
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import beam_engine, materialize, serving  # noqa: F401
from hotarea.stores import feature_store, online_writers  # noqa: F401
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger, read

DOCUMENTS, GONE = 2_400, 240
KILLED = "document_citations"
"""The view whose writes are killed: each view has a pipeline of its own, which takes the same time however few rows."""

VIEWS = ("size_5y_cite_count", KILLED)


def publish(settings: Settings, number: int) -> pa.Table:
    """Publish the set of another year, in which some documents are gone and some are new; return it."""
    chance = np.random.default_rng(number)
    day = datetime(2000 + number, 12, 31, tzinfo=UTC)
    cutoff = Cutoff(day.date(), day.date())
    ids = np.sort(chance.choice(DOCUMENTS + GONE, DOCUMENTS, replace=False)) * 7 + 1
    values = {name: chance.integers(0, 500, DOCUMENTS) for name in tables.COUNTS}
    columns = {"document_id": ids, "rate": chance.random(DOCUMENTS), **values}
    stamps = pa.repeat(pa.scalar(day, tables.STAMP), DOCUMENTS)
    columns |= {"event_timestamp": stamps, "created_timestamp": stamps}
    rows = pa.table({
        f.name: columns.get(f.name, pa.nulls(DOCUMENTS, f.type)) for f in tables.FEATURES
    }).cast(pa.schema([f.with_nullable(True) for f in tables.FEATURES]))  # fmt: skip
    folder = Layout(settings.home).feature_set(cutoff)
    folder.mkdir(parents=True)
    for n, start in enumerate(range(0, DOCUMENTS, DOCUMENTS // 3)):
        pq.write_table(rows.slice(start, DOCUMENTS // 3), folder / f"part-{n}.parquet")
    with Ledger(settings.ledger) as ledger:
        ledger.add(FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=DOCUMENTS, seconds=0, run_id="test"))
    return rows


def main(home: str, kills: int, seed: int) -> None:
    """Kill so many materializations, let one end, and tell what differs."""
    settings, chance = Settings.load(home=Path(home)), random.Random(seed)  # noqa: S311 - no secret
    for number in (0, 1):  # the second is the usual one
        rows, start = publish(settings, number), time.monotonic()
        materialize.run(settings, "whole", views=[KILLED])
    usual = time.monotonic() - start
    number = 2
    rows, killed, complete = publish(settings, number), 0, 0
    halved: set[str] = set()
    while killed < kills:
        child = os.fork()
        if child == 0:
            materialize.run(settings, f"run-{killed}", views=[KILLED])
            os._exit(0)
        if killed % 2:
            wait_for_a_chunk(settings, 3 * usual)
        else:
            time.sleep(chance.uniform(0, usual))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed += 1
            halved |= unfinished(settings)
        else:
            assert os.WEXITSTATUS(status) == 0
            number, complete = number + 1, complete + 1
            rows = publish(settings, number)
    materialize.run(settings, "last")
    assert not any(view.is_due for view in materialize.plan(settings))
    resumed = len(halved & finished(settings))
    found = {"killed": killed, "complete": complete, "resumed": resumed, "differ": differ(settings, rows)}
    sys.stdout.write(json.dumps(found) + "\n")


def wait_for_a_chunk(settings: Settings, at_most_s: float) -> None:
    """Wait until one more chunk is remembered: a moment that chance alone seldom hits."""
    ledger, end = Ledger(settings.ledger), time.monotonic() + at_most_s
    before = len(ledger.all(OnlineChunk))
    while len(ledger.all(OnlineChunk)) == before and time.monotonic() < end:
        time.sleep(0.001)
    ledger.close()


def finished(settings: Settings) -> set[str]:
    """Return the writes that a run has ended."""
    return {m.write_id for m in read(settings.ledger, Materialization)}


def unfinished(settings: Settings) -> set[str]:
    """Return the writes of which some chunks are written, and not all."""
    chunks = Counter(chunk.write_id for chunk in read(settings.ledger, OnlineChunk))
    return {w.write_id for w in read(settings.ledger, OnlineWrite) if 0 < chunks[w.write_id] <= len(w.bounds)}


def differ(settings: Settings, rows: pa.Table) -> list[object]:
    """Return the first values that are not online as they are in the set, of all documents that ever were."""
    store = feature_store.open_store(settings)
    ids = (np.arange(DOCUMENTS + GONE) * 7 + 1).tolist()
    there = {row["document_id"]: row for row in rows.to_pylist()}
    found: list[object] = []
    for view in VIEWS:
        names = feature_store.features_of(store, view)
        answer = store.get_online_features(
            features=[f"{view}:{name}" for name in names], entity_rows=[{"document_id": i} for i in ids]
        ).to_dict()
        for name in names:
            for i, online in zip(ids, answer[name], strict=True):
                offline = there[i][name] if i in there else None
                if repr(online) != repr(offline):
                    found.append((view, name, i, offline, online))
    return found[:5]


if __name__ == "__main__":
    logging.getLogger("apache_beam").setLevel(logging.ERROR)
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
