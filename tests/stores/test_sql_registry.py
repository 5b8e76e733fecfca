"""Feast's registry in PostgreSQL: several processes apply, materialize and read at once."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import UTC, datetime, timedelta

import pytest
from feast import FeatureStore
from feast.infra.registry.sql import SqlRegistry

from hotarea.domain.errors import SettingsError
from hotarea.domain.settings import Settings
from hotarea.stages import materialize
from hotarea.stores import definitions, feature_store, registry_sql
from hotarea.stores.lock import exclusive_in
from tests.servers import postgres_server


def test_applies_and_a_materialization_at_once(settings, published):
    published.features("2012-12-31", *({"document_id": i, "rate": i / 3} for i in range(50)))
    with postgres_server() as url:
        database = url.replace("postgresql", "postgresql+psycopg2")
        shared = Settings.load(home=settings.home, project=settings.project, registry_url=database)

        with ThreadPoolExecutor(4) as threads:
            applied = [threads.submit(definitions.apply, shared) for _ in range(3)]
            written = threads.submit(materialize.run, shared, "run-1")
            assert sum(bool(done.result()) for done in applied) <= 1  # the materialization applies as well
            assert len(written.result()) == 2

        store = feature_store.open_store(shared)
        assert isinstance(store.registry, SqlRegistry)
        assert len(store.list_feature_views()) == 4
        assert feature_store.online(shared, "document_area_v1", [3])["rate"] == [1.0]
        assert not (settings.home / "feast" / "registry.db").exists()

        view, day = store.get_feature_view("size_5y_cite_count"), datetime(2012, 12, 31, tzinfo=UTC)
        with ThreadPoolExecutor(1) as threads:
            with exclusive_in(database, registry_sql.LOCK):  # as one who applies
                ended = threads.submit(store.registry.apply_materialization, view, "hotarea", day - timedelta(1), day)
                with pytest.raises(FutureTimeoutError):
                    ended.result(0.5)
            ended.result(30)
        assert store.get_feature_view(view.name).most_recent_end_time == day


def test_the_repository_does_not_open_a_file_beside_it(settings, monkeypatch):
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    monkeypatch.setenv("HOTAREA_REGISTRY_URL", "postgresql+psycopg2://somewhere/registry")

    with pytest.raises(SettingsError, match="HOTAREA_REGISTRY_URL or HOTAREA_LEDGER_URL names a server"):
        FeatureStore(repo_path=settings.project / "feature_repo").list_feature_views()
