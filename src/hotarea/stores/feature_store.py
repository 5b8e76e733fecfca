"""Feast: its definitions applied, point-in-time training rows, and the online store."""

import sys
from collections.abc import Sequence
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
from pydantic import SecretStr

from hotarea.domain.errors import NotReadyError, SettingsError
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from hotarea.stores.lock import exclusive

if TYPE_CHECKING:
    import pandas as pd
    from feast import FeatureStore

_STORES = "hotarea.stores.feast_home"
_SQLITE = "hotarea.stores.online_sqlite.HomeSqliteOnlineStore"


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
        "registry": _registry(settings, state),
        "offline_store": {
            "type": f"{_STORES}.HomeDuckDBOfflineStore",
            "home": str(settings.home),
            "ledger": SecretStr(settings.ledger),
            "as_of": as_of.isoformat() if as_of else None,
        },
        "online_store": _online(settings, state),
        "batch_engine": {
            "type": "hotarea.stages.beam_engine.BeamComputeEngine",
            "runner": settings.runner,
            "workers": settings.workers,
            "shards": settings.shards,
            "beam_options": settings.beam_options,
        },
    }


def _registry(settings: Settings, state: Path) -> dict[str, Any]:
    if settings.registry_url is None:
        return {"registry_store_type": f"{_STORES}.HomeRegistryStore", "path": str(state / "registry.db")}
    options = {"echo": False, "pool_pre_ping": True}
    return {
        "registry_type": "sql",
        "path": settings.registry_url.get_secret_value(),
        "sqlalchemy_config_kwargs": options,
    }


def _online(settings: Settings, state: Path) -> dict[str, Any]:
    if settings.online_store == "sqlite":
        return {"type": _SQLITE, "path": str(state / "online.db")}
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

    with exclusive(Layout(settings.home).feature_repo / "apply.lock"):
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


def training_frame(
    settings: Settings, entity_df: "pd.DataFrame", feature_service: str, as_of: date | None = None
) -> "pd.DataFrame":
    """Return `entity_df` with a feature service's columns as of each row's `event_timestamp`, in the same order.

    `entity_df` has `document_id` and `event_timestamp`; its other columns come back as they are. A row sees the
    newest values with a cutoff up to its event time, of those that were known by then; with `as_of`, of those known
    by the end of that day. Counts stay integers: int64, or nullable Int64 where a document has no value.
    """
    import pandas as pd

    store = open_store(settings, as_of)
    service = store.get_feature_service(feature_service)
    keys = entity_df[["document_id", "event_timestamp"]].assign(**{_ROW: range(len(entity_df))})
    joined = store.get_historical_features(keys, features=service).to_arrow().sort_by(_ROW)
    features = _to_pandas(joined.drop_columns([*keys.columns]))
    return pd.concat([entity_df, features.set_index(entity_df.index)], axis=1)


_ROW = "entity_row"


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


def features_of(store: "FeatureStore", view: str) -> list[str]:
    """Return the names of a view's features."""
    return sorted(f.name for f in store.get_feature_view(view).features)


def _to_pandas(table: pa.Table) -> "pd.DataFrame":
    """Convert to pandas; integers and flags stay so beside nulls, in pandas' nullable types."""
    import pandas as pd

    nullable = {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    whole = {f.name: str(f.type) for f in table.schema if f.type in nullable and not table.column(f.name).null_count}
    frame: pd.DataFrame = table.to_pandas(types_mapper=nullable.get).astype(whole)
    return frame
