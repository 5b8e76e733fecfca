"""Feast's own `materialize`, of the repository as anybody opens it, takes our engine and gives Feast's answers."""

from datetime import UTC, datetime, timedelta

import pytest
from feast import FeatureStore, RepoConfig

from hotarea.domain.records import OnlineWrite
from hotarea.stages.beam_engine import BeamComputeEngine
from hotarea.stores import definitions, feature_store
from hotarea.stores.ledger import Ledger

VIEW = "size_5y_cite_count"
DAY = datetime(2013, 12, 31, tzinfo=UTC)


@pytest.fixture
def published_rows(settings, published):
    """Of document 1 the second year is the newest and corrected, document 2 ended, document 3 has no rate."""
    published.features("2012-12-31", *({"document_id": i, "rate": i / 3, "cite_count": 2**53 + i} for i in (1, 2)))
    published.features("2013-12-31", {"document_id": 1, "rate": 1.5}, {"document_id": 3, "rate": None})
    published.features("2013-12-31@2014-06-30", {"document_id": 1, "rate": 0.1 + 0.2, "cite_count": 7})
    definitions.apply(settings)
    return settings


def answers(store) -> dict[str, object]:
    columns = ("rate", "size_5y", "cite_count")
    return store.get_online_features(
        features=[f"{VIEW}:{name}" for name in columns], entity_rows=[{"document_id": i} for i in (1, 2, 3, 9)]
    ).to_dict(include_event_timestamps=True)


def test_the_repository_opens_with_the_engine(settings, monkeypatch):
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))

    assert isinstance(
        FeatureStore(repo_path=settings.project / "feature_repo").provider.batch_engine, BeamComputeEngine
    )


@pytest.mark.parametrize("shards", [1, 3])
def test_a_range_gives_the_answers_of_feasts_local_engine(published_rows, capsys, shards):
    configuration = feature_store._configuration(published_rows, None)
    local = configuration | {
        "batch_engine": "local",
        "online_store": {"type": "sqlite", "path": str(published_rows.home / "stock.db")},
    }
    ours = configuration | {"batch_engine": configuration["batch_engine"] | {"shards": shards}}
    by_local, by_us = (FeatureStore(config=RepoConfig(**found)) for found in (local, ours))
    by_local._get_provider().update_infra("hotarea", [], [by_local.get_feature_view(VIEW)], [], [], partial=True)

    for store in (by_local, by_us):
        store.materialize(DAY - timedelta(days=400), DAY, feature_views=[VIEW])

    capsys.readouterr()
    found, expected = answers(by_us), answers(by_local)
    assert {n: v for n, v in found.items() if n != "cite_count"} == {
        n: v for n, v in expected.items() if n != "cite_count"
    }
    assert found["rate"] == [0.1 + 0.2, 2 / 3, None, None]
    assert found["cite_count"] == [7, 2**53 + 2, 0, None]


def test_an_incremental_run_goes_on_from_feasts_watermark(published_rows, capsys):
    store = feature_store.open_store(published_rows)

    store.materialize(DAY - timedelta(days=1), DAY, feature_views=[VIEW])

    assert feature_store.open_store(published_rows).get_feature_view(VIEW).most_recent_end_time == DAY
    with Ledger(published_rows.ledger) as ledger:
        assert [(w.view, w.cutoff, w.run_id) for w in ledger.all(OnlineWrite)] == [
            (VIEW, None, "feast 2013-12-30 to 2013-12-31")
        ]
    capsys.readouterr()


def test_an_empty_range_writes_nothing(published_rows, capsys):
    store = feature_store.open_store(published_rows)

    store.materialize(DAY - timedelta(days=9000), DAY - timedelta(days=8000), feature_views=[VIEW])

    assert answers(store)["rate"] == [None] * 4
    capsys.readouterr()
