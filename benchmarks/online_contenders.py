"""The contenders of the feature store's benchmark that write and read online, each a process of its own.

    python -m benchmarks.online_contenders NAME ROWS FOLDER RESULT

The model's service is one view here, with the 16 features of `hot_area_model_v1` for each document. In this project it
stays offline, since scoring runs in batch; a service that scores online would need it as it is here.
"""

import json
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.feature_rows import CUTOFF, feature_rows
from hotarea.domain.model_features import MODEL_FEATURES
from hotarea.domain.records import FeatureSet
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

VIEW, SERVICE = "hot_area_model", "document_area_v1"
ASKED = 400  # requests per size

_DEFINITIONS = f'''
from datetime import timedelta

from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Float64

document = Entity(name="document", join_keys=["document_id"], value_type=ValueType.INT64)
features = FileSource(
    name="features", path={{path!r}}, timestamp_field="event_timestamp", created_timestamp_column="created_timestamp"
)
hot_area_model = FeatureView(
    name="{VIEW}",
    entities=[document],
    schema=[Field(name=name, dtype=Float64) for name in {list(MODEL_FEATURES)}],
    source=features,
    ttl=timedelta(0),
)
served = FeatureService(name="{SERVICE}", features=[hot_area_model])
'''

_MOMENT = datetime(CUTOFF.day.year, CUTOFF.day.month, CUTOFF.day.day, tzinfo=UTC)


def project(folder: Path, rows: int) -> Settings:
    """Return a home with a published set of so many documents, beside a project that serves the model's view."""
    made, parts = folder / f"online-{rows}", feature_rows(rows, CUTOFF, folder)
    repo = made / "feature_repo"
    repo.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(Path("feature_repo/feature_store.yaml"), repo / "feature_store.yaml")
    (repo / "views.py").write_text(_DEFINITIONS.format(path=str(parts[0].parent / "*.parquet")))
    settings = Settings.load(home=made / f"home-{os.getpid()}", project=made)
    published = Layout(settings.home).feature_set(CUTOFF)
    published.parent.mkdir(parents=True)
    published.symlink_to(parts[0].parent.resolve())
    with Ledger(settings.ledger) as ledger:
        ledger.add(FeatureSet(cutoff=CUTOFF.day, known=CUTOFF.known, rows=rows, seconds=0, run_id="benchmark"))
    return settings


def feast_alone(settings: Settings, _rows: int) -> float:
    """Materialize with Feast's own engine, stores and registry; DuckDB offline, which is its faster one."""
    from feast import FeatureStore, RepoConfig

    from hotarea.stores import definitions, feature_store

    online = feature_store._configuration(settings, None)["online_store"]  # noqa: SLF001 - the same Redis
    if settings.online_store == "sqlite":
        online = {"type": "sqlite", "path": str(settings.home / "stock.db")}
    config = {
        "project": "hotarea",
        "provider": "local",
        "registry": str(settings.home / "stock-registry.db"),
        "offline_store": {"type": "duckdb"},
        "online_store": online,
        "entity_key_serialization_version": 3,
    }
    store = FeatureStore(config=RepoConfig(repo_path=settings.home, **config))
    contents = definitions.contents(settings.project / "feature_repo")
    source = contents.data_sources[0]
    store.apply([*(e for e in contents.entities if e.name == "document"), source, *contents.feature_views])
    start = time.perf_counter()
    store.materialize(_MOMENT - timedelta(days=1), _MOMENT + timedelta(days=1))
    return time.perf_counter() - start


def by_engine(settings: Settings, _rows: int) -> float:
    """Materialize through Feast's own call, with our engine and stores."""
    import beam_jobs.online_rows  # noqa: F401
    from hotarea.stores import definitions, feature_store

    definitions.apply(settings)
    store = feature_store.open_store(settings)
    start = time.perf_counter()
    store.materialize(_MOMENT - timedelta(days=1), _MOMENT + timedelta(days=1))
    return time.perf_counter() - start


def by_stage(settings: Settings, rows: int) -> float:
    """Materialize as the DAG does: planned by the ledger, in chunks that are remembered, replacing the view."""
    import beam_jobs.online_rows  # noqa: F401 - Feast is imported before the clock starts as well
    from hotarea.stages import materialize
    from hotarea.stores import definitions

    definitions.apply(settings)
    start = time.perf_counter()
    (written,) = materialize.run(settings, "benchmark")
    took = time.perf_counter() - start
    if written.rows != rows:
        raise SystemExit(f"{written.rows} of {rows} documents were written")
    return took


def reads(settings: Settings, rows: int) -> dict[str, float]:
    """Write the set, then ask for one document and for 100, at random; return milliseconds at p50 and p99."""
    import numpy as np

    from hotarea.stages import materialize
    from hotarea.stores import feature_store

    materialize.run(settings, "benchmark")
    store, chance = feature_store.open_store(settings), np.random.default_rng(1)
    service, found = store.get_feature_service(SERVICE), {}
    for size in (1, 100):
        took = []
        for _ in range(ASKED + 20):
            asked = [{"document_id": int(i) * 3 + 1} for i in chance.integers(0, rows, size)]
            start = time.perf_counter()
            answer = store.get_online_features(features=service, entity_rows=asked).to_dict()
            took.append((time.perf_counter() - start) * 1e3)
            if None in answer["age_years"]:
                raise SystemExit("a document that was written answers null")
        for at in (50, 99):
            found[f"{size} document{'s' * (size > 1)}, p{at}"] = float(
                np.percentile(took[20:], at)
            )  # the first ones open connections
    return found


CONTENDERS: dict[str, Callable[[Settings, int], Any]] = {
    "Feast's local engine": feast_alone,
    "feast materialize, our engine on Beam": by_engine,
    "hotarea materialize": by_stage,
    "reads": reads,
}


def main(name: str, rows: int, folder: Path, result: Path) -> None:
    logging.getLogger("feast").setLevel(logging.WARNING)
    settings = project(folder, rows)
    try:
        with redirect_stdout(sys.stderr):
            found = CONTENDERS[name](settings, rows)
        result.write_text(json.dumps(found))
    finally:
        shutil.rmtree(settings.home, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
