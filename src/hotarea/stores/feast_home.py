"""Feast's registry and its two stores, below the home folder.

Feast imports these classes by the names in feature_store.yaml. They change what Feast 0.67 gets wrong for this project:
relative paths are resolved against the home and not the working directory; of the files only those in service by the
ledger are read, and a view without any is empty and not an error; a late correction stays out of the past unless it is
asked for; the registry appears complete or not at all; a view is replaced online in one transaction.
"""

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, Literal

import ibis  # type: ignore[import-untyped]
import numpy as np
import pyarrow as pa
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.infra.offline_stores import ibis as feast_ibis
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig
from feast.infra.offline_stores.offline_store import RetrievalMetadata
from feast.infra.online_stores.sqlite import SqliteOnlineStore, SqliteOnlineStoreConfig
from feast.infra.registry.file import FileRegistryStore
from feast.infra.registry.sql import SqlRegistryConfig
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import python_values_to_proto_values
from pydantic import Field, SecretStr, StrictStr
from sqlalchemy.pool import NullPool

from hotarea.domain import records
from hotarea.domain.errors import SettingsError
from hotarea.domain.knowledge import until
from hotarea.domain.settings import Settings
from hotarea.stores import offline_sets, retrieval
from hotarea.stores.layout import write_aside

_CHUNK = 50_000  # documents encoded at a time: bounds memory, not speed


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


class HomeRegistryStore(FileRegistryStore):  # type: ignore[misc]
    """A registry file below the home that readers see whole."""

    def __init__(self, registry_config: Any, repo_path: Path) -> None:
        """Resolve the file."""
        super().__init__(registry_config, repo_path)
        self._filepath = below_home(registry_config.path, repo_path)

    def _write_registry(self, registry_proto: Any) -> None:
        registry_proto.version_id = str(uuid.uuid4())
        registry_proto.last_updated.FromDatetime(records.now())
        write_aside(self._filepath, registry_proto.SerializeToString())


class HiddenSqlRegistryConfig(SqlRegistryConfig):  # type: ignore[misc]
    """Where a registry in SQL lies; its address may hold a password, which is not shown with the configuration."""

    path: StrictStr = Field(repr=False, exclude=True)
    # Feast never closes a pool, so that connections would stay until the process ends
    sqlalchemy_config_kwargs: dict[str, Any] = Field({"poolclass": NullPool}, exclude=True)


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
        metadata = RetrievalMetadata(features=list(references), keys=list({w.key for w in wanted}))
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
    files = [str(file) for found in _sets(config, source.name) for file in found.files]
    if not files:
        return ibis.memtable(offline_sets.SCHEMAS[source.name].empty_table())
    table, as_of = ibis.read_parquet(files, hive_partitioning=False, union_by_name=True), _as_of(config)
    return table.filter(table[source.created_timestamp_column] <= until(as_of)) if as_of else table


def _sets(config: Any, source: str) -> list[offline_sets.PublishedSet]:
    home = below_home(config.offline_store.home, config.repo_path)
    return offline_sets.published(home, ledger_of(config.offline_store, home), source)


def _as_of(config: Any) -> date | None:
    return date.fromisoformat(config.offline_store.as_of) if config.offline_store.as_of else None


class HomeSqliteOnlineStoreConfig(SqliteOnlineStoreConfig):  # type: ignore[misc]
    """Where the online store's file lies."""

    type: Literal["hotarea.stores.feast_home.HomeSqliteOnlineStore"]


class HomeSqliteOnlineStore(SqliteOnlineStore):  # type: ignore[misc]
    """Feast's SQLite store, with readers that never wait for the writer, and a bulk write."""

    @staticmethod
    def _get_db_path(config: Any) -> str:
        return str(below_home(config.online_store.path, config.repo_path))

    def _get_conn(self, config: Any) -> Any:
        if self._conn is None:
            Path(self._get_db_path(config)).parent.mkdir(parents=True, exist_ok=True)
            connection = super()._get_conn(config)
            connection.execute("PRAGMA busy_timeout = 30000")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
        return self._conn

    def update(self, config: Any, tables_to_delete: Any, tables_to_keep: Any, **others: Any) -> None:
        """Create the views' tables, clustered by document: half the size of Feast's, which index the key twice."""
        for view in tables_to_keep:
            self._get_conn(config).execute(
                f'CREATE TABLE IF NOT EXISTS "{_table(config, view)}" (entity_key BLOB, feature_name TEXT, value BLOB, '
                "value_text TEXT, vector_value BLOB, event_ts timestamp, created_ts timestamp, "
                "PRIMARY KEY (entity_key, feature_name)) WITHOUT ROWID"
            )
        super().update(config=config, tables_to_delete=tables_to_delete, tables_to_keep=[], **others)

    def replace(self, config: Any, view: Any, rows: pa.Table) -> None:
        """Make the view's online answers exactly these rows (its join key, features and both timestamps).

        One transaction: readers see the old rows or the new ones, and documents that are not among them are gone.
        """
        ids = rows.column(view.join_keys[0]).to_numpy()
        ordered = rows.take(np.argsort(ids.astype("<i8").view(">u8")))  # the order of the serialised keys
        connection = self._get_conn(config)
        with connection:
            connection.execute(f'DELETE FROM "{_table(config, view)}"')  # noqa: S608 - a name from our definitions
            for start in range(0, ordered.num_rows, _CHUNK):
                connection.executemany(
                    f'INSERT INTO "{_table(config, view)}" (entity_key, feature_name, value, event_ts, created_ts) '  # noqa: S608
                    "VALUES (?, ?, ?, ?, ?)",
                    _encoded(view, ordered.slice(start, _CHUNK).combine_chunks()),
                )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _table(config: Any, view: Any) -> str:
    return f"{config.project}_{view.name}"


def _encoded(view: Any, rows: pa.Table) -> Iterator[tuple[bytes, str, bytes, int, int]]:
    """Yield a document's features one by one, as Feast's SQLite store keeps them."""
    features = sorted((f.name, f.dtype.to_value_type()) for f in view.features)
    columns = [_values(rows.column(name), kind) for name, kind in features]
    stamps = (_epochs(rows.column(name)) for name in ("event_timestamp", "created_timestamp"))
    keys = _keys(view.join_keys[0], rows.column(view.join_keys[0]).to_numpy())
    for key, event, created, *values in zip(keys, *stamps, *columns, strict=True):
        for (name, _), value in zip(features, values, strict=True):
            yield key, name, value, event, created


def _keys(join_key: str, ids: Any) -> list[bytes]:
    """Return the serialised entity keys: one prefix, then eight bytes of the id."""
    pattern = EntityKey(join_keys=[join_key], entity_values=[Value(int64_val=0)])
    prefix = serialize_entity_key(pattern, entity_key_serialization_version=3)[:-8]
    raw = ids.astype("<i8").tobytes()
    return [prefix + raw[at : at + 8] for at in range(0, len(raw), 8)]


def _values(column: pa.ChunkedArray, kind: Any) -> list[bytes]:
    """Return each value as Feast's protobuf, encoding each distinct value once."""
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    distinct = python_values_to_proto_values(encoded.dictionary.to_pylist(), kind)
    serialised = [value.SerializeToString() for value in distinct]
    return [serialised[index] for index in encoded.indices.to_pylist()]


def _epochs(column: pa.ChunkedArray) -> list[int]:
    """Return seconds as Feast keeps them: of the UTC clock read as local time, which its reader turns back."""
    encoded = column.combine_chunks().dictionary_encode()
    seconds = [int(moment.replace(tzinfo=None).timestamp()) for moment in encoded.dictionary.to_pylist()]
    return [seconds[index] for index in encoded.indices.to_pylist()]
