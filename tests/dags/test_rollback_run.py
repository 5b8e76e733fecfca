"""The rollback DAG, run for real on a home with two champions: a dry run moves nothing, a rollback everything."""

from pathlib import Path
from typing import Any

import pytest

from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.stages import materialize, score
from hotarea.stores import feature_store, registry
from hotarea.stores.ledger import read
from tests import champions
from tests.conftest import PROJECT
from tests.dags.conftest import RunDags
from tests.templates import copied

pytestmark = pytest.mark.airflow

REASON = "it scores reviews as hot"


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
