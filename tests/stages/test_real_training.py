"""A real corpus from raw files to the gate: figures that an independent count gave, and the decision on them."""

from pathlib import Path

import pytest

from hotarea.domain.evaluation import MODEL
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import features, gate, ingest, jobs, materialize, staged_releases, train
from hotarea.stores.layout import Layout
from hotarea.stores.training_folder import TrainingFolder

YEARS = ("1992", "1993", "1994", "1995", "1996", "1999")


def built(settings: Settings, raw: Path) -> None:
    """Ingest and publish what training reads; the suites are proven elsewhere."""
    plan = ingest.plan(settings, "test", raw)
    assert plan
    jobs.run(ingest.job(settings, plan))
    staged_releases.publish(settings, plan, "test")
    cutoffs = [Cutoff.parse(text) for text in (*(f"{year}-12-31" for year in YEARS), "2003-05-01")]
    plan = features.plan(settings, "test", cutoffs)
    assert plan
    jobs.run(features.feature_job(settings, plan))
    jobs.run(features.label_job(settings, plan))
    features.publish(settings, plan, "test")


@pytest.mark.real_data
def test_high_energy_physics(with_registry: Settings, shared_data: Path) -> None:
    built(with_registry, shared_data / "hepth")

    materialize.run(with_registry, "test", views=["document_citations"])
    training_id = train.run(with_registry, "test")

    assert training_id
    evidence = TrainingFolder.of(Layout(with_registry.home), training_id).read_evidence()
    assert (evidence.rows, evidence.hot, evidence.evaluation_cutoff[:10]) == (13_908, 1_391, "1999-12-31")
    precision = {who: values["average_precision"] for who, values in evidence.metrics.items()}
    # The baselines' values are those of an independent count in SQL.
    assert precision["rate"] == pytest.approx(0.3559, abs=1e-4)
    assert precision["rate_1y"] == pytest.approx(0.7698, abs=1e-4)
    assert precision["cite_count_5y"] == pytest.approx(0.2302, abs=1e-4)
    assert precision[MODEL] > 0.84
    decision = gate.run(with_registry, training_id, "test")
    assert (decision.verdict, decision.reasons) == ("promote", [])
