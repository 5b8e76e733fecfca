import json
from dataclasses import asdict, replace
from datetime import date

import msgspec
import pytest

from hotarea.domain import records
from hotarea.domain.errors import GateError, NotReadyError
from hotarea.domain.evaluation import CHAMPION, MODEL, Evidence
from hotarea.domain.settings import Settings
from hotarea.stages import gate
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder, write

GOOD = {"average_precision": 0.7, "roc_auc": 0.95, "log_loss": 0.15, "brier": 0.04}
WEAK = {"average_precision": 0.5, "roc_auc": 0.80, "log_loss": 0.25, "brier": 0.08}
EVIDENCE = Evidence(
    training_id="t1",
    model_version=1,
    champion_version=None,
    evaluation_cutoff="2017-12-31@2017-12-31",
    newest_cutoff="2020-12-31@2020-12-31",
    rows=10_000,
    hot=1_000,
    metrics={MODEL: GOOD, "rate": WEAK},
    baselines=("rate",),
    features=("age_years",),
    drift={"age_years": 0.3},
    drift_evaluation={"age_years": 0.2},
    decision_threshold=0.4,
)
BAD = replace(EVIDENCE, metrics={MODEL: WEAK, "rate": GOOD})


def candidate(settings: Settings, evidence: Evidence | None, training_id: str = "t1") -> None:
    ledger = Ledger(settings.ledger)
    ledger.add(
        records.TrainingRun(
            training_id=training_id,
            model_version=1,
            feature_service="s",
            training_cutoffs=[],
            evaluation_cutoff=date(2017, 12, 31),
            rows=1,
            metrics=evidence.metrics if evidence else {},
            run_id="test",
        )
    )
    ledger.close()
    if evidence:
        write(
            TrainingFolder.of(Layout(settings.home), training_id).evidence, replace(evidence, training_id=training_id)
        )


def decisions(settings: Settings) -> list[records.Decision]:
    ledger = Ledger(settings.ledger)
    try:
        return ledger.all(records.Decision)
    finally:
        ledger.close()


def test_an_acceptance_goes_to_the_ledger_the_folder_and_the_log(settings, caplog):
    candidate(settings, EVIDENCE)

    with caplog.at_level("INFO"):
        decision = gate.run(settings, "t1", "run")

    assert decision.accepted
    assert decisions(settings) == [decision]
    file = TrainingFolder.of(Layout(settings.home), "t1").decision
    assert msgspec.json.decode(file.read_bytes(), type=records.Decision) == decision
    assert "passed beats rate: average_precision: value 0.7, threshold 0.51" in caplog.text
    assert "version 1 of t1 is accepted" in caplog.text


def test_a_refusal_is_an_outcome_that_names_value_and_threshold(settings, caplog):
    candidate(settings, BAD)

    decision = gate.run(settings, "t1", "run")

    assert not decision.accepted
    failed = {c["name"]: (c["value"], c["threshold"]) for c in decision.checks if c["verdict"] == "failed"}
    assert failed["beats rate: average_precision"] == (0.5, 0.71)
    assert "failed beats rate: average_precision" in caplog.text
    assert gate.explain(settings, "t1") == decision.reasons


def test_without_a_name_the_newest_candidate_is_decided_on(settings):
    candidate(settings, EVIDENCE, "t1")
    candidate(settings, BAD, "t2")

    assert gate.run(settings, None, "run").training_id == "t2"


def test_the_gate_decides_once(settings):
    candidate(settings, EVIDENCE)
    first = gate.run(settings, "t1", "run")
    write(TrainingFolder.of(Layout(settings.home), "t1").evidence, BAD)

    assert gate.run(settings, "t1", "again") == first
    assert len(decisions(settings)) == 1


@pytest.mark.parametrize("training_id", [None, "t9"])
def test_no_candidate_is_no_decision(settings, training_id):
    with pytest.raises(NotReadyError, match="there is no trained candidate"):
        gate.run(settings, training_id, "run")


def test_a_missing_evaluation_is_an_error_and_not_a_refusal(settings):
    candidate(settings, None)

    with pytest.raises(NotReadyError, match=r"evaluation\.json cannot be read"):
        gate.run(settings, "t1", "run")
    assert decisions(settings) == []


@pytest.mark.parametrize("content", [b"", b"{", b'{"training_id": "t1"}', b'{"training_id": 1}'])
def test_an_evaluation_that_cannot_be_read_is_an_error(settings, content):
    candidate(settings, EVIDENCE)
    TrainingFolder.of(Layout(settings.home), "t1").evidence.write_bytes(content)

    with pytest.raises(NotReadyError, match="cannot be read as Evidence"):
        gate.run(settings, "t1", "run")


def test_a_metric_that_is_null_in_the_file_is_a_broken_file(settings):
    candidate(settings, EVIDENCE)
    file = TrainingFolder.of(Layout(settings.home), "t1").evidence
    content = asdict(EVIDENCE)
    content["metrics"][MODEL]["brier"] = None
    file.write_text(json.dumps(content))

    with pytest.raises(NotReadyError, match="cannot be read"):
        gate.run(settings, "t1", "run")


def test_evidence_about_another_champion_is_not_judged(settings, published):
    candidate(settings, EVIDENCE)
    published.champion(7)

    with pytest.raises(GateError, match="compared with champion version None, but version 7 is in service"):
        gate.run(settings, "t1", "run")


def test_evidence_about_the_champion_in_service_is_judged(settings, published):
    published.champion(7)
    candidate(settings, replace(EVIDENCE, champion_version=7, metrics={**EVIDENCE.metrics, CHAMPION: GOOD}))

    assert gate.run(settings, "t1", "run").champion_version == 7


def test_an_accepted_candidate_whose_rival_changed_is_decided_on_anew(settings, published):
    candidate(settings, EVIDENCE)
    first = gate.run(settings, "t1", "run")
    published.champion(7)
    contested = replace(EVIDENCE, champion_version=7, metrics={MODEL: WEAK, "rate": WEAK, CHAMPION: GOOD})
    write(TrainingFolder.of(Layout(settings.home), "t1").evidence, contested)

    second = gate.run(settings, "t1", "again")

    assert (first.accepted, second.accepted) == (True, False)
    assert (second.champion_version, second.metrics) == (7, contested.metrics)
    assert gate.explain(settings, "t1") == second.reasons
    published.champion(8)
    assert gate.run(settings, "t1", "once more") == second  # a refusal is final
    assert len(decisions(settings)) == 2


def test_a_promoted_candidate_keeps_its_decision(settings, published):
    candidate(settings, EVIDENCE)
    first = gate.run(settings, "t1", "run")
    published.champion(1)
    published.champion(7)

    assert gate.run(settings, "t1", "again") == first


def test_there_is_nothing_to_explain_before_the_decision(settings):
    with pytest.raises(NotReadyError, match="the gate has not decided on t1"):
        gate.explain(settings, "t1")
