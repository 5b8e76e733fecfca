"""The stages as the command line runs them, with or without a cluster, and what they leave."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain.settings import Settings
from hotarea.stages import features, ingest, jobs, sample, staged_releases
from tools.flink.cluster import Cluster

KEYS = ("document_id", "citing_id", "cited_id", "file", "line")


def on_flink(cluster: Cluster, home: Path, shards: int = 4) -> Settings:
    """Return the settings that run the jobs on the cluster."""
    return Settings.load(home=home, runner="PortableRunner", beam_options=cluster.beam_options, shards=shards)


def locally(home: Path) -> Settings:
    """Return the settings that run the jobs on this machine."""
    return Settings.load(home=home, shards=4, workers=1)


def ingested(settings: Settings, raw: Path | None) -> dict[str, Any]:
    """Ingest a raw folder, or the sample if it is None; return the job's result. The suites are proven elsewhere."""
    if raw is None:
        sample.run(settings)
    plan = ingest.plan(settings, "test", raw)
    assert plan
    result = jobs.run(ingest.job(settings, plan))
    staged_releases.publish(settings, plan, "test")
    return result


def built(settings: Settings) -> list[dict[str, Any]]:
    """Build and publish all features and labels that are due; return the jobs' results."""
    plan = features.plan(settings, "test")
    assert plan
    makers: list[Callable[..., Any]] = [features.feature_job, features.label_job]
    results = [jobs.run(make(settings, plan)) for make in makers]
    features.publish(settings, plan, "test")
    return results


def rows_below(folder: Path) -> dict[str, pa.Table]:
    """Return the rows of every folder of Parquet files in a home, or in a plan's folder, in order of their keys."""
    kinds = ("lake", "quarantine", "features", "labels")
    parts = [part for kind in kinds for part in sorted((folder / kind).rglob("*.parquet"))]
    names = sorted({str(part.parent.relative_to(folder)) for part in parts})
    return {name: _rows(folder / name) for name in names}


def _rows(folder: Path) -> pa.Table:
    rows = pa.concat_tables([pq.read_table(part) for part in sorted(folder.glob("*.parquet"))])
    return rows.sort_by([(key, "ascending") for key in KEYS if key in rows.column_names])
