"""Homes with several versions of a model that have been, or may become, champion."""

from datetime import date
from pathlib import Path

import numpy as np

from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.domain.training import Recipe, fit, save
from hotarea.stages import promote
from hotarea.stores import registry
from hotarea.stores.ledger import Ledger
from tests.conftest import Published

DOCUMENTS = range(1, 7)

METRICS = {"average_precision": 0.76, "roc_auc": 0.95, "log_loss": 0.15, "brier": 0.04}
RATE = {"average_precision": 0.61, "roc_auc": 0.8, "log_loss": 0.2, "brier": 0.05}


def fill(settings: Settings, models: Path) -> None:
    """Fill a home with three model versions in the registry, of the trainings t1, t2 and t3, and their predictions."""
    values = np.random.default_rng(1).random((100, 2))
    for version in (1, 2, 3):
        model = fit(values, values[:, 0] > 0.8, ("a", "b"), Recipe(rounds=version, nthread=1), seed=1)
        file = save(model, models / f"{version}.ubj")
        assert registry.register(settings, f"t{version}", file, {}, {}) == version
    published = Published(settings)
    published.features("2020-12-31@2020-12-31", *({"document_id": i, "cite_count": 1} for i in DOCUMENTS))
    for version in (1, 2, 3):
        published.predictions("2020-12-31", version, {i: (i + version) % 10 / 10 for i in DOCUMENTS})


def decide(settings: Settings, version: int, against: int | None, accepted: bool = True, verdict: str = "") -> None:
    metrics = {"model": METRICS, "rate": RATE, **({"champion": METRICS} if against else {})}
    training = records.TrainingRun(
        training_id=f"t{version}",
        model_version=version,
        feature_service="hot_area_model_v1",
        training_cutoffs=[],
        evaluation_cutoff=date(2017, 12, 31),
        rows=1,
        metrics=metrics,
        run_id="test",
    )
    decision = records.Decision(
        training_id=f"t{version}",
        model_version=version,
        champion_version=against,
        accepted=accepted,
        verdict=verdict or ("promote" if accepted else "reject"),
        checks=[],
        reasons=[] if accepted else ["it is no better than a coin"],
        metrics=metrics,
        run_id="test",
    )
    with Ledger(settings.ledger) as ledger:
        ledger.add(training)
        ledger.add(decision)


def timeline(settings: Settings) -> list[int]:
    with Ledger(settings.ledger) as ledger:
        return [c.model_version for c in ledger.all(records.Champion)]


def promoted(settings: Settings, *versions: int) -> None:
    before = None
    for version in versions:
        decide(settings, version, before)
        promote.run(settings, f"t{version}", f"promote-{version}")
        before = version
