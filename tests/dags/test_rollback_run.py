"""The rollback DAG, run for real on homes with two champions: a dry run moves nothing, a rollback everything.

Where the earlier champion has not scored the newest cutoff, it does so first.
"""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from hotarea.domain import records
from hotarea.domain.model_features import MODEL_FEATURES
from hotarea.domain.settings import Settings
from hotarea.domain.training import Recipe, fit, load, matrix, save
from hotarea.domain.training import score as scores_of
from hotarea.domain.windows import Cutoff
from hotarea.stages import materialize, score
from hotarea.stores import feature_store, registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import read
from tests import champions
from tests.conftest import PROJECT, Published
from tests.dags.conftest import RunDags
from tests.histories import History, end
from tests.templates import copied

pytestmark = pytest.mark.airflow

REASON = "it scores reviews as hot"

SCORES_FIRST = ("decide", "plan", "score", "validate", "publish", "rollback", "audit", "model_cards")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Settings:
    """A home in which version 1 and then version 2 were promoted, whose predictions are online."""
    settings = copied(empty_registry, Settings.load(home=tmp_path_factory.mktemp("home"), project=PROJECT))
    champions.fill(settings, tmp_path_factory.mktemp("models"))
    champions.promoted(settings, 1, 2)
    materialize.run(settings, "before", views=[score.VIEW])
    return settings


@pytest.fixture(scope="module")
def runs(home: Settings, run_dags: RunDags) -> list[dict[str, Any]]:
    """What Airflow made of a dry run, of a rollback, and of a third run that names the version in service."""
    assert versions_online(home) == {2}
    asked = [{"reason": REASON, "dry_run": True}, {"reason": REASON}, {"reason": REASON, "version": 1}]
    return run_dags(home, *(("rollback_champion", conf) for conf in asked))


@pytest.fixture(scope="module")
def overtaken(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Settings:
    """A home in which version 2 replaced version 1 before the newest year came, which version 2 alone has scored."""
    settings = copied(empty_registry, Settings.load(home=tmp_path_factory.mktemp("overtaken"), project=PROJECT))
    for version, year in ((1, 2014), (2, 2015)):
        History(settings).publish([year])
        values = matrix(features(settings, year), MODEL_FEATURES)
        model = fit(values, values[:, version] > 0.8, MODEL_FEATURES, Recipe(rounds=10, nthread=1), seed=1)
        file = save(model, tmp_path_factory.mktemp("model") / "model.ubj")
        assert registry.register(settings, f"t{version}", file, {}, {}) == version
        registry.describe(settings, version, {}, {registry.THRESHOLD: "0.2"})
        Published(settings).champion(version)
        score.run(settings, f"score-{year}")
    return settings


def features(settings: Settings, year: int) -> pa.Table:
    """The features of the documents that are scored at the end of a year."""
    rows = pq.read_table(Layout(settings.home).feature_set(Cutoff(end(year), end(year))))
    return rows.filter(pc.greater_equal(rows["cite_count"], 1))


def online(settings: Settings, documents: list[int]) -> dict[str, list[Any]]:
    """What applications are answered."""
    found = feature_store.online(settings, "document_area_v1", documents)
    return {name: list(found[name]) for name in ("hot_area_score", "model_version")}


def versions_online(settings: Settings) -> set[int]:
    found = feature_store.online(settings, "document_area_v1", list(champions.DOCUMENTS))
    return set(found["model_version"])


def test_a_dry_run_ends_at_the_decision(runs: list[dict[str, Any]]) -> None:
    dry = runs[0]
    assert dry["state"] == "success"
    assert {name for name, state in dry["tasks"].items() if state != "skipped"} == {"decide"}


def test_a_rollback_moves_the_alias_the_ledger_and_what_is_served(runs: list[dict[str, Any]], home: Settings) -> None:
    back = runs[1]
    assert back["state"] == "success"
    moved = {name for name, state in back["tasks"].items() if state == "success"}
    assert moved == {
        "decide",
        "plan",
        "rollback",
        "audit",
        "model_cards",
    }  # its predictions are there: nothing is scored
    timeline = read(home.ledger, records.Champion)
    assert [entry.model_version for entry in timeline] == [1, 2, 1]
    assert (timeline[-1].kind, REASON in timeline[-1].reason) == (records.ROLLED_BACK, True)
    assert registry.champion(home) == 1
    assert versions_online(home) == {1}


def test_the_version_in_service_is_no_way_back(runs: list[dict[str, Any]]) -> None:
    again = runs[2]
    assert (again["state"], again["tasks"]["decide"], again["tries"]["decide"]) == ("failed", "failed", 1)


def test_an_earlier_champion_scores_the_newest_cutoff_before_it_serves(
    overtaken: Settings, run_dags: RunDags, tmp_path: Path
) -> None:
    rows = features(overtaken, 2015)
    documents = rows["document_id"].to_pylist()
    before = online(overtaken, documents)
    assert set(before["model_version"]) == {2}

    (back,) = run_dags(overtaken, ("rollback_champion", {"reason": REASON}))

    made = read(overtaken.ledger, records.PredictionSet, model_version=1)
    after = online(overtaken, documents)
    model = load(registry.fetch(overtaken, 1, tmp_path / "model.ubj"))
    assert back["tasks"] == dict.fromkeys(SCORES_FIRST, "success")
    assert {s.cutoff: (s.rows, s.run_id) for s in made} == {
        end(2014): (len(documents), "score-2014"),
        end(2015): (len(documents), back["run_id"]),
    }
    assert registry.champion(overtaken) == 1
    assert set(after["model_version"]) == {1}
    assert after["hot_area_score"] == pytest.approx(scores_of(model, matrix(rows, MODEL_FEATURES)).tolist(), abs=1e-6)
    assert after["hot_area_score"] != pytest.approx(before["hot_area_score"], abs=1e-2)
