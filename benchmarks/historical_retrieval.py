"""Measures historical features of a million rows: our join beside Feast's own offline stores.

    python -m benchmarks.historical_retrieval                   # 1 million rows over 10 cutoffs
    python -m benchmarks.historical_retrieval --rows 100000

Each contender is a process of its own that opens the same definitions and asks for the model's features of the same
(document, date) rows, in Feast's words; all must give the same values. Measured is the whole process, and within it the
retrieval alone, on which the ratios rest. Prints a table, and writes `benchmarks/results/historical_retrieval.json`.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.corpus import FOLDER, SEED
from benchmarks.feature_rows import feature_rows
from benchmarks.machine import machine
from benchmarks.measure import Cost
from hotarea.domain.model_features import FEATURE_SERVICE
from hotarea.domain.records import FeatureSet
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout, write_aside
from hotarea.stores.ledger import Ledger

ROWS = 1_000_000
DOCUMENTS = 200_000
"""Documents of each cutoff's set."""

CUTOFFS = tuple(Cutoff(date(year, 12, 31), date(year, 12, 31)) for year in range(2011, 2021))
RESULTS = Path(__file__).parent / "results" / "historical_retrieval.json"
OURS, FILE, DUCKDB = "hotarea", "feast file", "feast duckdb"


def main() -> None:
    """Measure, or be one of the contenders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS, help="(document, date) rows that are asked for")
    parser.add_argument("--documents", type=int, default=DOCUMENTS, help="of each of the ten cutoffs")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the published sets are kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file of the figures")
    parser.add_argument("--as", dest="contender", choices=_STORES, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.contender:
        _retrieve(asked.contender, published(asked.documents, asked.folder), asked.rows, asked.results)
        return
    found = measured(asked.rows, asked.documents, asked.runs, asked.folder)
    write_aside(asked.results, json.dumps(found, indent=1).encode() + b"\n")
    print(table(found))


def measured(rows: int, documents: int, runs: int, folder: Path) -> dict[str, Any]:
    """Return what each contender took as medians of so many runs in turn: seconds, its ratio to ours, peak MiB."""
    published(documents, folder)
    took: dict[str, list[dict[str, Any]]] = {name: [] for name in _STORES}
    for _ in range(runs):
        for name, told in took.items():
            told.append(_run(name, rows, documents, folder))
    digests = {found["digest"] for told in took.values() for found in told}
    if len(digests) > 1:
        raise SystemExit(f"the contenders give different values: {digests}")
    contenders: dict[str, dict[str, float]] = {}
    for name, told in took.items():
        contenders[name] = {of: median(f[of] for f in told) for of in ("seconds", "wall_s", "cpu_s", "peak_mib")}
        ours = (found["seconds"] for found in took[OURS])
        contenders[name]["ours_to_it"] = median(o / t["seconds"] for o, t in zip(ours, told, strict=True))
    size = {"rows": rows, "documents": documents, "cutoffs": len(CUTOFFS), "runs": runs}
    return {**size, "contenders": contenders, "machine": machine(("feast", "duckdb", "dask", "pandas", "pyarrow"))}


def table(found: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| offline store | rows | seconds | ours to it | peak MiB |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, took in found["contenders"].items():
        figures = f"{took['seconds']:.2f} | {took['ours_to_it']:.2f} | {took['peak_mib']:,.0f}"
        lines.append(f"| {name} | {found['rows']:,} | {figures} |")
    return "\n".join(lines)


def published(documents: int, folder: Path) -> Settings:
    """Return the settings of a home with a set of each cutoff; make it if it is not there yet."""
    made = folder / f"retrieval-2-seed-{SEED}-documents-{documents}"
    if not made.is_dir():
        aside = folder / f".{made.name}.{os.getpid()}"
        shutil.rmtree(aside, ignore_errors=True)
        with Ledger(Settings.load(home=aside).ledger) as ledger:
            for cutoff in CUTOFFS:
                parts = feature_rows(documents, cutoff, aside / "parts")
                Layout(aside).feature_set(cutoff).parent.mkdir(parents=True)
                parts[0].parent.rename(Layout(aside).feature_set(cutoff))
                ledger.add(
                    FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=documents, seconds=0, run_id="benchmark")
                )
        aside.rename(made)
    return Settings.load(home=made, project=Path(__file__).parents[1])


def _asked(rows: int, settings: Settings) -> pd.DataFrame:
    """Return documents of each cutoff, one in a hundred of them unknown, in no order."""
    import pyarrow.parquet as pq

    chance, parts = np.random.default_rng(SEED), []
    for cutoff in CUTOFFS:
        known = pq.read_table(Layout(settings.home).feature_set(cutoff), columns=["document_id"])[
            "document_id"
        ].to_numpy()
        count = rows // len(CUTOFFS)
        ids = np.where(chance.random(count) < 0.01, -1 - np.arange(count), chance.choice(known, count, replace=False))
        parts.append(pd.DataFrame({"document_id": ids, "event_timestamp": pd.Timestamp(cutoff.day, tz="UTC")}))
    return pd.concat(parts).sample(frac=1, random_state=SEED).reset_index(drop=True)


def _run(name: str, rows: int, documents: int, folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as aside:
        results = Path(aside) / "told.json"
        flags = {"as": name, "rows": rows, "documents": documents, "folder": folder, "results": results}
        named = [text for flag, value in flags.items() for text in (f"--{flag}", str(value))]
        cost = Cost.of([sys.executable, "-m", "benchmarks.historical_retrieval", *named], Path(aside) / "log")
        return {**json.loads(results.read_text()), **vars(cost)}


def _retrieve(name: str, settings: Settings, rows: int, results: Path) -> None:
    """Ask for the model's features, and leave how long it took and what came."""
    from hotarea.domain.training import digest

    with tempfile.TemporaryDirectory() as registry:
        store = _STORES[name](settings, Path(registry))
        entities = _asked(rows, settings)
        start = time.perf_counter()
        found = store.get_historical_features(entities, features=store.get_feature_service(FEATURE_SERVICE)).to_arrow()
        seconds = time.perf_counter() - start
    ordered = found.sort_by([("event_timestamp", "ascending"), ("document_id", "ascending")])
    values = ordered.select(sorted(set(ordered.column_names) - {"event_timestamp"}))
    write_aside(results, json.dumps({"seconds": seconds, "digest": digest(_plain(values))}).encode())


def _plain(values: Any) -> Any:
    """Return numbers with nulls alike, however a store tells them."""
    import pyarrow as pa

    frame = values.to_pandas()
    types = {name: pa.int64() if name == "document_id" else pa.float64() for name in frame}
    return pa.table({name: pa.array(frame[name].to_numpy(), types[name], from_pandas=True) for name in frame})


def _ours(settings: Settings, _registry: Path) -> Any:
    from hotarea.stores import definitions, feature_store

    definitions.apply(settings)
    return feature_store.open_store(settings)


def _feasts(kind: str) -> Callable[[Settings, Path], Any]:
    """Return what opens a store of Feast's own with the same views, read from the same files."""

    def opened(settings: Settings, registry: Path) -> Any:
        from feast import FeatureStore, FileSource, RepoConfig

        ours = _ours(settings, registry)
        views, service = ours.list_feature_views(), ours.get_feature_service(FEATURE_SERVICE)
        for view in views:
            view.batch_source = FileSource(
                name=f"{view.name}_files",
                path=str(settings.home / "features" / "cutoff=*" / "known=*" / "part-*.parquet"),
                timestamp_field="event_timestamp",
                created_timestamp_column="created_timestamp",
            )
        store = FeatureStore(
            config=RepoConfig(
                project="hotarea",
                provider="local",
                registry=str(registry / "registry.db"),
                offline_store={"type": kind},
                online_store={"type": "sqlite", "path": str(registry / "online.db")},
                entity_key_serialization_version=3,
            )
        )
        store.apply([ours.get_entity("document"), *views, service])
        return store

    return opened


_STORES = {OURS: _ours, FILE: _feasts("file"), DUCKDB: _feasts("duckdb")}

if __name__ == "__main__":
    main()
