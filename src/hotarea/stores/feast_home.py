"""Feast's offline store, below the home folder.

Feast imports these classes by the names in feature_store.yaml. They change what Feast 0.67 gets wrong for this project:
relative paths are resolved against the home and not the working directory; of the files only those in service by the
ledger are read, and a view without any is empty and not an error; a late correction stays out of the past unless it is
asked for. The registry is in `registry_file` and `registry_sql`, the online store in `online_sqlite`.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import ibis  # type: ignore[import-untyped]
from feast import FeatureStore
from feast.infra.offline_stores import ibis as feast_ibis
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig
from feast.infra.offline_stores.offline_store import RetrievalMetadata
from pydantic import SecretStr

from hotarea.domain.errors import SettingsError
from hotarea.domain.knowledge import FOREVER, until
from hotarea.domain.settings import Settings
from hotarea.stores import offline_sets, retrieval
from hotarea.stores.registry_sql import HomeSqlRegistry


def below_home(path: str, repo: Path | None) -> Path:
    """Return an absolute path as it is, and another below HOTAREA_HOME or, if unset, `.hotarea` beside the repo.

    Raises `SettingsError` where the settings name another online store or registry than those of feature_store.yaml.
    """
    if Path(path).is_absolute():
        return Path(path)
    settings = Settings.load()
    if settings.registry:
        raise SettingsError(
            "feature_store.yaml reads its registry from a file, but HOTAREA_REGISTRY_URL or HOTAREA_LEDGER_URL names a "
            "server. Open the store by hotarea.stores.feature_store.open_store(Settings.load()), which reads all."
        )
    if settings.online_store != "sqlite":
        raise SettingsError(
            f"feature_store.yaml serves from SQLite, but HOTAREA_ONLINE_STORE is {settings.online_store}. "
            "Open the store by hotarea.stores.feature_store.open_store(Settings.load()), which reads all."
        )
    beside = (repo or Path()).resolve().parent / ".hotarea"
    return (settings.home if "home" in settings.model_fields_set else beside) / path


class HomeFeatureStore(FeatureStore):  # type: ignore[misc]
    """Feast's store; a registry in SQL is ours."""

    def _create_registry(self) -> Any:
        if self.config.registry.registry_type == "sql":
            return HomeSqlRegistry(self.config.registry, self.config.project, None)
        return super()._create_registry()


class HomeDuckDBOfflineStoreConfig(DuckDBOfflineStoreConfig):  # type: ignore[misc]
    """Where the published tables lie, which ledger remembers them, and up to which day corrections are let in."""

    type: Literal["hotarea.stores.feast_home.HomeDuckDBOfflineStore"]
    home: str = ""
    ledger: SecretStr | None = None  # its URL; if unset, as the environment says
    as_of: str | None = None  # ISO date


class HomeDuckDBOfflineStore(DuckDBOfflineStore):  # type: ignore[misc]
    """Point-in-time joins over what is published below the home."""

    @staticmethod
    def get_historical_features(config: Any, **asked: Any) -> Any:
        """Join each entity row with the values that were known by then, or by `as_of` if it is set.

        Whether Feast was asked to filter by knowledge time does not matter: it is always done.
        """
        references, rows = asked["feature_refs"], retrieval.entities(asked["entity_df"])
        wanted = retrieval.wanted(asked["feature_views"], references, asked["full_feature_names"])
        sets = {source: _sets(config, source) for source in {w.source for w in wanted}}
        metadata = RetrievalMetadata(features=list(references), keys=[*dict.fromkeys(w.key for w in wanted)])
        return retrieval.HomeRetrievalJob(rows, wanted, sets, _as_of(config), metadata)

    @staticmethod
    def pull_latest_from_table_or_query(config: Any, *args: Any, **kwargs: Any) -> Any:
        """Return each document's newest row of a range of cutoffs."""
        return feast_ibis.pull_latest_from_table_or_query_ibis(config, *args, **kwargs, **_access(config))

    @staticmethod
    def pull_all_from_table_or_query(config: Any, *args: Any, **kwargs: Any) -> Any:
        """Return all rows of a range of cutoffs."""
        return feast_ibis.pull_all_from_table_or_query_ibis(config, *args, **kwargs, **_access(config))

    def validate_data_source(self, config: Any, data_source: Any) -> None:
        """Accept the sources of feature_repo: before the first publication their folders are rightly empty."""


def _access(config: Any) -> dict[str, Callable[..., Any]]:
    def read(source: Any, _repo_path: str) -> Any:
        return _published(source, config)

    def write(*_: Any, **__: Any) -> None:
        raise NotImplementedError("features and predictions are published by their stages, not through Feast")

    return {"data_source_reader": read, "data_source_writer": write}


def ledger_of(store: HomeDuckDBOfflineStoreConfig, home: Path) -> str:
    """Return the URL of the ledger that remembers what is published."""
    return store.ledger.get_secret_value() if store.ledger else Settings.load(home=home).ledger


def _published(source: Any, config: Any) -> Any:
    """Return the rows of a source's sets in service, without those known after `as_of`."""
    as_of = _as_of(config)
    known_by = until(as_of) if as_of else FOREVER - timedelta.resolution  # a release may be dated by tomorrow
    sets = [found for found in _sets(config, source.name) if found.is_in_service(known_by)]
    files = [str(file) for found in sets for file in found.files]
    if not files:
        return ibis.memtable(offline_sets.SCHEMAS[source.name].empty_table())
    table = ibis.read_parquet(files, hive_partitioning=False, union_by_name=True)
    return table.filter(table[source.created_timestamp_column] <= until(as_of)) if as_of else table


def _sets(config: Any, source: str) -> list[offline_sets.PublishedSet]:
    home = below_home(config.offline_store.home, config.repo_path)
    return offline_sets.published(home, ledger_of(config.offline_store, home), source)


def _as_of(config: Any) -> date | None:
    return date.fromisoformat(config.offline_store.as_of) if config.offline_store.as_of else None
