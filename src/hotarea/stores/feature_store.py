"""Feast: its definitions applied, point-in-time training rows, and the online store."""

import fcntl
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
from pydantic import SecretStr

from hotarea.domain.errors import NotReadyError, SettingsError
from hotarea.domain.knowledge import until
from hotarea.domain.predictions import POPULATION
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout

if TYPE_CHECKING:
    import pandas as pd
    from feast import FeatureStore

_STORES = "hotarea.stores.feast_home"
_CHUNK = 10_000  # documents per write to an online store that is not ours


def open_store(settings: Settings, as_of: date | None = None) -> "FeatureStore":
    """Open Feast as the settings say; applies nothing.

    Historical features are what was known at each row's event time, or by the end of the day `as_of` if it is given.
    """
    from feast import FeatureStore, RepoConfig

    return FeatureStore(config=RepoConfig(**_configuration(settings, as_of)))


def _configuration(settings: Settings, as_of: date | None) -> dict[str, Any]:
    state = Layout(settings.home).feature_repo
    return {
        "project": "hotarea",
        "provider": "local",
        "repo_path": settings.project / "feature_repo",
        "entity_key_serialization_version": 3,
        "registry": {"registry_store_type": f"{_STORES}.HomeRegistryStore", "path": str(state / "registry.db")},
        "offline_store": {
            "type": f"{_STORES}.HomeDuckDBOfflineStore",
            "home": str(settings.home),
            "ledger": SecretStr(settings.ledger),
            "as_of": as_of.isoformat() if as_of else None,
        },
        "online_store": _online(settings, state),
    }


def _online(settings: Settings, state: Path) -> dict[str, Any]:
    if settings.online_store == "sqlite":
        return {"type": f"{_STORES}.HomeSqliteOnlineStore", "path": str(state / "online.db")}
    url = urlsplit(settings.online_store_url.get_secret_value() if settings.online_store_url else "")
    if not url.hostname:
        raise SettingsError(
            f"HOTAREA_ONLINE_STORE is {settings.online_store}, but HOTAREA_ONLINE_STORE_URL names no host; "
            f"expected {_EXAMPLES[settings.online_store]}. Set it, or use sqlite."
        )
    return _redis(url) if settings.online_store == "redis" else _postgres(url)


_EXAMPLES = {"redis": "redis://:password@host:6379/0", "postgres": "postgresql://user:password@host:5432/database"}


def _redis(url: Any) -> dict[str, Any]:
    parts = [f"{url.hostname}:{url.port or 6379}", f"db={url.path.strip('/') or 0}"]
    parts += [f"username={unquote(url.username)}"] if url.username else []
    parts += [f"password={unquote(url.password)}"] if url.password else []
    parts += ["ssl=true"] if url.scheme == "rediss" else []
    return {"type": "redis", "connection_string": ",".join(parts)}


def _postgres(url: Any) -> dict[str, Any]:
    return {
        "type": "postgres",
        "host": url.hostname,
        "port": url.port or 5432,
        "database": url.path.strip("/"),
        "user": unquote(url.username or ""),
        "password": unquote(url.password or ""),
        "sslmode": parse_qs(url.query).get("sslmode", ["prefer"])[0],
    }


def apply(settings: Settings) -> None:
    """Register the definitions of feature_repo and create their online tables; doing it again changes nothing.

    Definitions that are gone from feature_repo are removed with their online rows. Raises `NotReadyError` if the
    project folder has no feature_repo.
    """
    from feast.repo_operations import extract_objects_for_apply_delete

    with _exclusive(Layout(settings.home).feature_repo / "apply.lock"):
        contents = _contents(settings.project / "feature_repo")
        store = open_store(settings)
        wanted, unwanted, _, _ = extract_objects_for_apply_delete(store.project, store.registry, contents)
        store.apply(wanted, objects_to_delete=unwanted, partial=False)


def _contents(repo: Path) -> Any:
    from feast import Entity, FeatureService, FeatureView, Project
    from feast.data_source import DataSource
    from feast.feature_view import DUMMY_ENTITY
    from feast.repo_contents import RepoContents

    if not (repo / "feature_store.yaml").is_file():
        raise NotReadyError(
            f"{repo} holds no Feast definitions; expected feature_repo/. Set HOTAREA_PROJECT to its folder."
        )
    found = {id(o): o for module in _modules(repo) for o in vars(module).values()}.values()
    kinds = {
        "projects": [Project(name="hotarea")],
        "data_sources": [o for o in found if isinstance(o, DataSource)],
        "entities": [*(o for o in found if isinstance(o, Entity)), DUMMY_ENTITY],
        "feature_views": [o for o in found if isinstance(o, FeatureView)],
        "feature_services": [o for o in found if isinstance(o, FeatureService)],
    }
    return RepoContents(**{field: kinds.get(field, []) for field in RepoContents._fields})


def _modules(repo: Path) -> list[Any]:
    """Import the definitions as Feast does, by their bare names, and leave no trace of those names behind."""
    names = [file.stem for file in sorted(repo.glob("*.py"))]
    hidden = {name: sys.modules.pop(name) for name in names if name in sys.modules}
    sys.path.insert(0, str(repo))
    try:
        return [import_module(name) for name in names]
    finally:
        sys.path.remove(str(repo))
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(hidden)


@contextmanager
def _exclusive(file: Path) -> Iterator[None]:
    """Let one process in at a time: Feast's registry is read, changed and written back without a lock of its own."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def historical(settings: Settings, rows: pa.Table, feature_service: str, as_of: date | None = None) -> pa.Table:
    """Return a feature service's columns for each row's document at its `event_timestamp`, in the same order.

    A row sees the newest values with a cutoff up to its event time, of those that were known by then; with `as_of`,
    of those known by the end of that day. Where a document has no value, it is null.
    """
    store = open_store(settings, as_of)
    keys = rows.select(["document_id", "event_timestamp"])
    asked = store.get_historical_features(keys.to_pandas(), features=store.get_feature_service(feature_service))
    found: pa.Table = asked.to_arrow().drop_columns(keys.column_names)
    return found


def training_frame(
    settings: Settings, entity_df: "pd.DataFrame", feature_service: str, as_of: date | None = None
) -> "pd.DataFrame":
    """Return `entity_df` with the columns that `historical` gives for it.

    `entity_df` has `document_id` and `event_timestamp`; its other columns come back as they are. Counts stay integers:
    int64, or nullable Int64 where a document has no value.
    """
    import pandas as pd

    from hotarea.stores.retrieval import to_pandas

    keys = pa.Table.from_pandas(entity_df[["document_id", "event_timestamp"]], preserve_index=False)
    features = to_pandas(historical(settings, keys, feature_service, as_of))
    return pd.concat([entity_df, features.set_index(entity_df.index)], axis=1)


def documents(settings: Settings, cutoff: Cutoff) -> pa.Array:
    """Return the ids, in order, of the cited documents that the features of a cutoff know."""
    from hotarea.stores.offline_sets import published
    from hotarea.stores.point_in_time import members

    moment = datetime.combine(cutoff.day, time(), UTC)
    sets = published(settings.home, settings.ledger, "features")
    return members(sets, moment, until(cutoff.known), f"{POPULATION} >= 1")


def online(settings: Settings, feature_service: str, ids: Sequence[int]) -> dict[str, list[Any]]:
    """Return a feature service's online values of documents, as lists by column; None for what is not there."""
    store = open_store(settings)
    service = store.get_feature_service(feature_service)
    answer: dict[str, list[Any]] = store.get_online_features(
        features=service, entity_rows=[{"document_id": i} for i in ids]
    ).to_dict()
    return answer


def views_of(store: "FeatureStore", feature_service: str) -> dict[str, str]:
    """Return the views of a feature service, each with the name of the source that it reads."""
    projections = store.get_feature_service(feature_service).feature_view_projections
    return {p.name: store.get_feature_view(p.name).batch_source.name for p in projections}


def columns_of(store: "FeatureStore", view: str) -> list[str]:
    """Return the columns that a view reads from its source: the key, its features and both timestamps."""
    definition = store.get_feature_view(view)
    return [*definition.join_keys, *(f.name for f in definition.features), "event_timestamp", "created_timestamp"]


def write_online(store: "FeatureStore", view: str, rows: pa.Table, vanished: pa.Array) -> None:
    """Make `rows` the online answers of a view, and null those of the documents that `vanished` (ids).

    SQLite replaces the view in one transaction. Other stores are written chunk by chunk through Feast.
    """
    definition = store.get_feature_view(view)
    ours = getattr(store.provider.online_store, "replace", None)
    if ours:
        ours(store.config, definition, rows)
        return
    from hotarea.stores.retrieval import to_pandas

    for chunk in _with_nulls(rows, vanished).to_batches(max_chunksize=_CHUNK):
        store.provider.ingest_df(definition, to_pandas(pa.Table.from_batches([chunk])))


def _with_nulls(rows: pa.Table, vanished: pa.Array) -> pa.Table:
    """Append a row of nulls for each id that vanished, with the timestamps of the others."""
    ended = {"document_id": vanished}
    for name in ("event_timestamp", "created_timestamp"):
        ended[name] = pa.repeat(rows.column(name)[0], len(vanished))
    return pa.concat_tables([rows, pa.table(ended)], promote_options="permissive").combine_chunks()
