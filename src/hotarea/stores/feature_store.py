"""Feast: its definitions applied, point-in-time training rows, and the online store."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

import pyarrow as pa
from pydantic import SecretStr

from hotarea.domain.errors import SettingsError
from hotarea.domain.knowledge import until
from hotarea.domain.predictions import POPULATION
from hotarea.domain.settings import Settings
from hotarea.domain.tables import STAMP
from hotarea.domain.windows import Cutoff
from hotarea.stores import online_name
from hotarea.stores.layout import Layout

if TYPE_CHECKING:
    import pandas as pd
    from feast import FeatureService, FeatureStore, FeatureView, RepoConfig

_STORES = "hotarea.stores.feast_home"
_REGISTRY = "hotarea.stores.registry_file.HomeRegistryStore"


@dataclass(frozen=True)
class Offered:
    """A view of a feature service, as far as must be known to bring its rows online."""

    source: str
    types: dict[str, str]  # of its features, by name
    ttl: timedelta | None
    watermark: datetime | None  # up to which moment Feast's own runs have written

    @classmethod
    def of(cls, view: "FeatureView", registered: "FeatureView | None") -> Self:
        """Describe a view as it is defined; only the registered one knows the watermark."""
        mark = registered.most_recent_end_time if registered else None
        types = {f.name: str(f.dtype) for f in sorted(view.features, key=lambda f: f.name)}
        return cls(view.batch_source.name, types, view.ttl, mark.astimezone(UTC) if mark else None)


def open_store(settings: Settings, as_of: date | None = None, *, first: bool = False) -> "FeatureStore":
    """Open Feast as the settings say; applies nothing.

    Historical features are what was known at each row's event time, or by the end of the day `as_of` if it is given.
    Who opens it `first` makes the tables of a registry in SQL that are missing; of several at once only one may.
    Raises `SettingsError` for a registry that cannot be reached.
    """
    return _opened(_configuration(settings, as_of, first=first))


def open_empty(settings: Settings, folder: Path) -> "FeatureStore":
    """Open Feast as if nothing had been applied yet: with a registry of its own, in a folder that is thrown away."""
    return _opened(_configuration(settings, None) | {"registry": _in_file(folder)})


def configuration(settings: Settings) -> "RepoConfig":
    """Return how Feast is configured; opens nothing."""
    from feast import RepoConfig

    return RepoConfig(**_configuration(settings, None))


def _opened(configuration: dict[str, Any]) -> "FeatureStore":
    from feast import RepoConfig

    from hotarea.stores import registry_sql
    from hotarea.stores.feast_home import HomeFeatureStore

    store: FeatureStore = HomeFeatureStore(config=RepoConfig(**configuration))
    if isinstance(store.config.registry, registry_sql.HiddenSqlRegistryConfig):
        with registry_sql.reachable(store.config.registry.path):
            _ = store.registry  # which connects
    return store


def _configuration(settings: Settings, as_of: date | None, *, first: bool = False) -> dict[str, Any]:
    state = Layout(settings.home).feature_repo
    return {
        "project": "hotarea",
        "provider": "local",
        "repo_path": settings.project / "feature_repo",
        "entity_key_serialization_version": 3,
        "registry": _registry(settings, state, first=first),
        "offline_store": {
            "type": f"{_STORES}.HomeDuckDBOfflineStore",
            "home": str(settings.home),
            "ledger": SecretStr(settings.ledger),
            "as_of": as_of.isoformat() if as_of else None,
        },
        "online_store": online_configuration(settings),
        "batch_engine": {
            "type": "hotarea.stages.beam_engine.BeamComputeEngine",
            "runner": settings.runner,
            "workers": settings.workers,
            "shards": settings.shards,
            "beam_options": settings.beam_options,
        },
    }


def _registry(settings: Settings, state: Path, *, first: bool) -> Any:
    if settings.registry is None:
        return _in_file(state)
    url = settings.registry.replace("postgresql://", "postgresql+psycopg://", 1)  # as Feast would, with a warning
    from hotarea.stores.registry_sql import HiddenSqlRegistryConfig

    return HiddenSqlRegistryConfig(path=url, schema_mode="auto" if first else "skip")


def _in_file(folder: Path) -> dict[str, str]:
    return {"registry_store_type": _REGISTRY, "path": str(folder / "registry.db")}


def online_store(settings: Settings) -> str:
    """Return which online store the settings name, as the ledger has it; imports no Feast."""
    return online_name.of(SimpleNamespace(**online_configuration(settings)))


def online_configuration(settings: Settings) -> dict[str, Any]:
    """Return how Feast is told which online store the settings name."""
    if settings.online_store == "sqlite":
        return {"type": online_name.SQLITE, "path": str(Layout(settings.home).feature_repo / "online.db")}
    url = urlsplit(settings.online_store_url.get_secret_value() if settings.online_store_url else "")
    if not url.hostname:
        raise SettingsError(
            f"HOTAREA_ONLINE_STORE is {settings.online_store}, but HOTAREA_ONLINE_STORE_URL names no host; "
            f"expected {_EXAMPLES[settings.online_store]}. Set it, or use sqlite."
        )
    if url.scheme not in _SCHEMES[settings.online_store] or "@" in url.path + url.query + url.fragment:
        raise SettingsError(_wrong_url(settings))
    try:
        return _redis(url) if settings.online_store == "redis" else _postgres(url)
    except ValueError:  # whose text may hold a part of the password
        raise SettingsError(_wrong_url(settings)) from None


def _wrong_url(settings: Settings) -> str:
    """Return what is wrong with a URL that names a host; none of it is shown, since any part may be of a password."""
    return (
        f"HOTAREA_ONLINE_STORE_URL is no address of {settings.online_store}: another scheme, or no port; expected "
        f"{_EXAMPLES[settings.online_store]}, and in a password / # ? @ as %2F %23 %3F %40. Correct it."
    )


_SCHEMES = {"redis": ("redis", "rediss"), "postgres": ("postgresql", "postgres")}

_EXAMPLES = {"redis": "redis://:password@host:6379/0", "postgres": "postgresql://user:password@host:5432/database"}


def _redis(url: Any) -> dict[str, Any]:
    parts = [f"{url.hostname}:{url.port or 6379}", f"db={url.path.strip('/') or 0}"]
    parts += [f"username={_quoted(url.username)}"] if url.username else []
    parts += [f"password={_quoted(url.password)}"] if url.password else []
    parts += ["ssl=true"] if url.scheme == "rediss" else []
    return {"type": "redis", "connection_string": ",".join(parts)}


def _quoted(text: str) -> str:
    """Return a text as Feast reads it back: it splits at commas, and takes what looks like JSON for JSON."""
    return json.dumps(unquote(text)).replace(",", r"\u002c")


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


def historical(settings: Settings, rows: pa.Table, features: str | list[str], as_of: date | None = None) -> pa.Table:
    """Return a feature service's columns for each row's document at its `event_timestamp`, in the same order.

    Single features may be named as well, each as `view:feature`.

    A row sees the newest values with a cutoff up to its event time, of those that were known by then; with `as_of`,
    of those known by the end of that day. Where a document has no value, it is null.
    """
    from hotarea.stores.retrieval import to_pandas

    store = open_store(settings, as_of)
    keys = rows.select(["document_id", "event_timestamp"])
    wanted = store.get_feature_service(features) if isinstance(features, str) else features
    asked = store.get_historical_features(to_pandas(keys), features=wanted)
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


def at(ids: pa.Array, cutoff: Cutoff) -> pa.Table:
    """Return the rows by which `historical` is asked for documents at a cutoff."""
    moment = pa.scalar(datetime.combine(cutoff.day, time(), UTC), STAMP)
    return pa.table({"document_id": ids, "event_timestamp": pa.repeat(moment, len(ids))})


def documents(settings: Settings, cutoff: Cutoff) -> pa.Array:
    """Return the ids, in order, of the cited documents that the features of a cutoff know."""
    return _known(settings, cutoff, f"{POPULATION} >= 1")


def new_documents(settings: Settings, cutoff: Cutoff) -> pa.Array:
    """Return the ids, in order, of the documents of the year before a cutoff that its features know, cited or not."""
    return _known(settings, cutoff, "age_years < 1")


def _known(settings: Settings, cutoff: Cutoff, condition: str) -> pa.Array:
    """Return the ids, in order, of the documents of a cutoff whose features meet a condition in SQL."""
    from hotarea.stores.offline_sets import published
    from hotarea.stores.point_in_time import members

    moment = datetime.combine(cutoff.day, time(), UTC)
    sets = published(settings.home, settings.ledger, "features")
    return members(sets, moment, until(cutoff.known), condition)


def online(settings: Settings, feature_service: str, ids: Sequence[int]) -> dict[str, list[Any]]:
    """Return a feature service's online values of documents, as lists by column; None for what is not there.

    Raises `SettingsError` if the online store cannot be reached.
    """
    from hotarea.stores.online_access import reachable

    store = open_store(settings)
    service = store.get_feature_service(feature_service)
    with reachable(store.config.online_store):
        answer: dict[str, list[Any]] = store.get_online_features(
            features=service, entity_rows=[{"document_id": i} for i in ids]
        ).to_dict()
    return answer


def views_of(store: "FeatureStore", feature_service: str) -> dict[str, str]:
    """Return the views of a feature service, each with the name of the source that it reads."""
    projections = store.get_feature_service(feature_service).feature_view_projections
    return {p.name: store.get_feature_view(p.name).batch_source.name for p in projections}


def read_of(store: "FeatureStore", feature_service: str) -> dict[str, list[str]]:
    """Return the features that a feature service offers, by their views."""
    projections = store.get_feature_service(feature_service).feature_view_projections
    return {p.name: [feature.name for feature in p.features] for p in projections}


def offered(store: "FeatureStore", feature_service: str) -> dict[str, Offered]:
    """Return the views of an applied feature service."""
    views = {view.name: view for view in store.list_feature_views()}
    return offered_by(store.get_feature_service(feature_service), views, views)


def offered_by(
    service: "FeatureService", views: Mapping[str, "FeatureView"], registered: Mapping[str, "FeatureView"]
) -> dict[str, Offered]:
    """Return the views that a feature service reads, as they are defined."""
    names = [projection.name for projection in service.feature_view_projections]
    return {name: Offered.of(views[name], registered.get(name)) for name in names}


def features_of(store: "FeatureStore", view: str) -> list[str]:
    """Return the names of a view's features."""
    return sorted(f.name for f in store.get_feature_view(view).features)
