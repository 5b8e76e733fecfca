"""Several promotions at once, in real processes: one champion, and a ledger and an alias that agree."""

import json
from contextlib import nullcontext
from datetime import date

import numpy as np
import pytest

from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.domain.training import Recipe, fit, save
from hotarea.stores import registry
from hotarea.stores.ledger import Ledger
from tests.champions import METRICS, RATE
from tests.servers import postgres_server
from tests.stages import programs

ROUNDS, CANDIDATES = 2, 2


def candidates(settings: Settings) -> None:
    """Register two candidates a round."""
    values = np.random.default_rng(1).random((50, 2))
    model = fit(values, values[:, 0] > 0.8, ("a", "b"), Recipe(rounds=1, nthread=1), seed=1)
    file, ledger = save(model, settings.home / "model.ubj"), Ledger(settings.ledger)
    for number in range(1, ROUNDS + 1):
        for place in range(1, CANDIDATES + 1):
            name = f"r{number}-{place}"
            version = registry.register(settings, name, file, {}, {})
            ledger.add(
                records.TrainingRun(
                    training_id=name,
                    model_version=version,
                    feature_service="hot_area_model_v1",
                    training_cutoffs=[],
                    evaluation_cutoff=date(2017, 12, 31),
                    rows=1,
                    metrics={"model": METRICS, "rate": RATE},
                    run_id="test",
                ),
            )
    ledger.close()


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_of_promotions_at_once_one_is_champion_and_ledger_and_alias_agree(database, with_registry):
    server = {"sqlite": nullcontext, "postgres": postgres_server}[database]
    with server() as url:
        ledger = {"HOTAREA_LEDGER_URL": url.replace("postgresql://", "postgresql+psycopg://")} if url else {}
        settings = Settings.load(home=with_registry.home, ledger_url=ledger.get("HOTAREA_LEDGER_URL"))
        candidates(settings)
        done = programs.ended("tests.stages.racing", settings.home, ROUNDS, **ledger)
    found = json.loads(done.stdout.splitlines()[-1])

    timeline = found["timeline"]
    assert [entry["sequence"] for entry in timeline] == [1, 2]
    assert found["alias"] == timeline[-1]["model_version"]
    for entry, said in zip(timeline, found["said"], strict=True):
        won = {line for line in said if "refused" not in line}
        assert won == {f"{entry['training_id']} is version {entry['model_version']}"}
        assert all("is in service by now" in line or "changed meanwhile" in line for line in set(said) - won)
