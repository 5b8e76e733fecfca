"""The definitions are complete, agree with the published tables, and work as the docs show."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from feast import FeatureStore
from feast.types import Bool, Float64, Int64, String

from hotarea.domain.errors import SettingsError
from hotarea.domain.model_features import BASELINE_FEATURES, BASELINE_SERVICE, FEATURE_SERVICE, MODEL_FEATURES
from hotarea.domain.settings import Settings
from hotarea.domain.tables import FEATURES, PREDICTIONS
from hotarea.stages import materialize
from hotarea.stores import definitions, feature_store
from tests.conftest import PROJECT

KEYS = {"document_id", "event_timestamp", "created_timestamp"}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> FeatureStore:
    settings = Settings.load(home=tmp_path_factory.mktemp("home"), project=PROJECT)
    definitions.apply(settings)
    return feature_store.open_store(settings)


def features_of(store, service: str) -> list[tuple[str, str]]:
    projections = store.get_feature_service(service).feature_view_projections
    return [(p.name, feature.name) for p in projections for feature in p.features]


def test_every_definition_says_what_it_is_and_whose(store):
    definitions = [
        *store.list_entities(),
        *store.list_data_sources(),
        *store.list_feature_views(),
        *store.list_feature_services(),
    ]
    named = {d.name: d for d in definitions}

    assert sorted(named) == [
        "document",
        "document_area_v1",
        "document_citations",
        "document_dynamics",
        "document_predictions",
        "features",
        "hot_area_baselines_v1",
        "hot_area_model_v1",
        "predictions",
        "size_5y_cite_count",
    ]
    assert {name for name, d in named.items() if not (d.owner and d.description)} == set()
    assert {
        name for name, d in named.items() if not all(d.tags.get(t) for t in ("source", "unit", "freshness"))
    } == set()


def test_every_field_has_a_meaning_an_owner_a_unit_a_source_and_a_freshness(store):
    fields = [(view, field) for view in store.list_feature_views() for field in view.schema]

    lacking = {f.name: [t for t in ("owner", "unit", "source", "freshness") if not f.tags.get(t)] for _, f in fields}
    assert {name: tags for name, tags in lacking.items() if tags} == {}
    assert [f.name for _, f in fields if not f.description] == []
    read = [(f.tags["source"], f"{view.batch_source.name}.{f.name}") for view, f in fields if f.name != "document_id"]
    assert [said for said, source in read if said != source] == []


def test_freshness_is_what_the_project_does(store):
    """What follows the champion says so, what is not online too; the hours are those after which people are told."""
    told = {(view.name, f.tags["freshness"]) for view in store.list_feature_views() for f in view.features}
    hours = f"online within {Settings(home=Path()).silence_online_h:.0f} hours"

    assert len(told) == 4  # one for each view
    assert {view for view, said in told if "champion" in said} == {"document_predictions"}
    assert {view for view, said in told if hours not in said} == {"document_dynamics"}


def test_a_service_reads_what_its_version_says(store):
    """A service never changes in place: where this fails, leave its definition and define the next one beside it."""
    versions = json.loads((Path(__file__).parent / "service_versions.json").read_text())
    views = {view.name: view for view in store.list_feature_views()}

    assert {s.name: definitions.signature(s, views) for s in store.list_feature_services()} == versions


def test_every_published_column_is_in_one_view(store):
    held = [field.name for view in store.list_feature_views() for field in view.features]

    assert sorted(held) == sorted([*(set(FEATURES.names) | set(PREDICTIONS.names)) - KEYS, "cite_count"])


def test_types_are_those_of_the_published_tables(store):
    arrow = {Int64: "int64", Float64: "double", Bool: "bool", String: "string"}
    for view in store.list_feature_views():
        schema = PREDICTIONS if view.batch_source.name == "predictions" else FEATURES
        assert {f.name: arrow[f.dtype] for f in view.schema} == {
            f.name: str(schema.field(f.name).type) for f in view.schema
        }


def test_the_entity_is_an_integer_document(store):
    document = store.get_entity("document")

    assert (document.join_key, document.value_type.name) == ("document_id", "INT64")
    assert {tuple(view.entities) for view in store.list_feature_views()} == {("document",)}


def test_views_never_expire_and_what_only_the_model_reads_is_offline(store):
    assert {view.name: (view.ttl.total_seconds(), view.online) for view in store.list_feature_views()} == {
        "size_5y_cite_count": (0, True),
        "document_citations": (0, True),
        "document_dynamics": (0, False),
        "document_predictions": (0, True),
    }


@pytest.mark.parametrize(
    ("service", "names"), [(FEATURE_SERVICE, MODEL_FEATURES), (BASELINE_SERVICE, BASELINE_FEATURES)]
)
def test_a_service_offers_exactly_the_declared_features(store, service, names):
    assert sorted(name for _, name in features_of(store, service)) == sorted(names)


def test_applications_read_rate_counts_and_the_prediction(store):
    assert sorted(features_of(store, "document_area_v1")) == [
        ("document_citations", "cite_count"),
        ("document_citations", "cite_count_1y"),
        ("document_citations", "cite_count_2y"),
        ("document_citations", "cite_count_5y"),
        ("document_predictions", "hot_area"),
        ("document_predictions", "hot_area_score"),
        ("document_predictions", "model_name"),
        ("document_predictions", "model_version"),
        ("size_5y_cite_count", "rate"),
    ]


@pytest.fixture
def documented(settings, published, monkeypatch) -> dict[str, object]:
    """What the code blocks of the docs leave behind, run from the checkout on a small home."""
    published.features("2013-12-31", {"document_id": 1, "rate": 10.0, "cite_count": 4}, {"document_id": 2})
    published.features("2013-12-31@2014-06-30", {"document_id": 1, "rate": 99.0, "cite_count": 4}, {"document_id": 2})
    published.predictions("2013-12-31", 3, {1: 0.75, 2: 0.5})
    materialize.run(settings, "test")
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    monkeypatch.chdir(PROJECT)
    blocks = re.findall(r"```python\n(.*?)```", (PROJECT / "docs" / "feature_store.md").read_text(), re.DOTALL)
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)  # noqa: S102 - our own docs
    return names


def test_the_docs_work_as_shown(documented):
    by_document = {name: documented[name].set_index("document_id") for name in ("frame", "corrected", "training")}

    assert sorted(documented["frame"].columns) == ["document_id", "event_timestamp", "rate"]
    assert by_document["frame"]["rate"].fillna(-1).to_dict() == {1: 10.0, 2: -1}
    assert by_document["corrected"]["rate"].fillna(-1).to_dict() == {1: 99.0, 2: -1}
    assert set(MODEL_FEATURES) <= set(by_document["training"].columns)
    assert documented["response"] == {
        "document_id": [1, 404],
        "rate": [99.0, None],
        "cite_count": [4, None],
        "cite_count_5y": [0, None],
        "cite_count_2y": [0, None],
        "cite_count_1y": [0, None],
        "hot_area": [True, None],
        "hot_area_score": [0.75, None],
        "model_name": ["hot_area", None],
        "model_version": [3, None],
    }


def test_the_docs_name_every_view_and_service(store):
    text = (PROJECT / "docs" / "feature_store.md").read_text()
    names = [d.name for d in (*store.list_feature_views(), *store.list_feature_services())]

    assert [name for name in names if f"| `{name}` |" not in text] == []


def test_the_repo_opens_below_the_home_from_any_folder(settings, published, monkeypatch, tmp_path):
    published.features("2013-12-31", {"document_id": 1, "rate": 10.0})
    materialize.run(settings, "test")
    monkeypatch.setenv("HOTAREA_HOME", str(settings.home))
    monkeypatch.chdir(tmp_path)

    store = FeatureStore(repo_path=str(PROJECT / "feature_repo"))

    answer = store.get_online_features(features=["size_5y_cite_count:rate"], entity_rows=[{"document_id": 1}])
    assert answer.to_dict() == {"document_id": [1], "rate": [10.0]}


def test_without_a_home_the_state_lies_beside_the_repo(published, settings, monkeypatch, tmp_path):
    shutil.copytree(PROJECT / "feature_repo", tmp_path / "checkout" / "feature_repo")
    published.features("2013-12-31", {"document_id": 1, "rate": 10.0})
    materialize.run(settings, "test")
    settings.home.rename(tmp_path / "checkout" / ".hotarea")
    monkeypatch.delenv("HOTAREA_HOME", raising=False)
    monkeypatch.chdir(tmp_path / "checkout")

    answer = FeatureStore(repo_path="feature_repo").get_online_features(
        features=["size_5y_cite_count:rate"], entity_rows=[{"document_id": 1}]
    )

    assert answer.to_dict()["rate"] == [10.0]


def test_the_repo_refuses_to_answer_from_sqlite_when_another_store_is_set(monkeypatch, tmp_path):
    monkeypatch.setenv("HOTAREA_HOME", str(tmp_path))
    monkeypatch.setenv("HOTAREA_ONLINE_STORE", "redis")

    with pytest.raises(SettingsError, match=r"HOTAREA_ONLINE_STORE is redis.*open_store"):
        FeatureStore(repo_path=str(PROJECT / "feature_repo")).list_feature_views()


def test_feasts_own_command_applies_the_repo(store, tmp_path):
    command = [Path(sys.executable).parent / "feast", "-c", PROJECT / "feature_repo", "apply"]
    environment = os.environ | {"HOTAREA_HOME": str(tmp_path), "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}

    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    applied = feature_store.open_store(Settings.load(home=tmp_path, project=PROJECT))
    assert len(applied.list_feature_views()) == 4
    assert set(features_of(applied, FEATURE_SERVICE)) == set(features_of(store, FEATURE_SERVICE))
