"""`monitor_model`, run for real where the source told old works otherwise: `first_told` shows that the world stayed."""

from pathlib import Path
from typing import Any

import pytest

from hotarea.domain.records import DriftCheck, TriggerRequest
from hotarea.domain.settings import Settings
from hotarea.stores.ledger import read
from tests.conftest import PROJECT
from tests.dags.conftest import RunDags
from tests.stages.test_drift import RECURATED, delivered
from tests.templates import copied

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Settings:
    settings = Settings.load(home=tmp_path_factory.mktemp("home"), project=PROJECT, workers=1)
    delivered(copied(empty_registry, settings), RECURATED)
    return settings


@pytest.fixture(scope="module")
def runs(home: Settings, run_dags: RunDags) -> list[dict[str, Any]]:
    """What Airflow made of a look at the re-curated release, and of another."""
    return run_dags(home, ("monitor_model", {}), ("monitor_model", {}))


def test_the_newest_cutoff_is_built_anew_and_the_world_has_not_changed(
    runs: list[dict[str, Any]], home: Settings
) -> None:
    assert {runs[0]["tasks"][name] for name in ("plan", "first_told", "drift", "performance")} == {"success"}
    (found,) = read(home.ledger, DriftCheck)
    assert "new_documents" in found.recurated
    assert (found.over, found.alarms) == ([], [])
    assert not [request for request in read(home.ledger, TriggerRequest) if request.reason == "drift"]


def test_what_was_built_for_the_look_is_thrown_away(runs: list[dict[str, Any]], home: Settings) -> None:
    assert runs
    assert not [*home.home.glob("staging/drift-*")]


def test_what_was_looked_at_is_not_built_again(runs: list[dict[str, Any]]) -> None:
    assert (runs[1]["state"], runs[1]["tasks"]["first_told"]) == ("success", "skipped")
