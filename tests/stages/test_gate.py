import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, replace
from datetime import date

import msgspec
import pytest

from hotarea.domain import records
from hotarea.domain.errors import GateError, NotReadyError
from hotarea.domain.evaluation import CHAMPION, MODEL
from hotarea.domain.evidence import Evidence
from hotarea.domain.hindsight import PRECISION
from hotarea.domain.settings import Settings
from hotarea.stages import approval, decision_pages, gate, promote
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder, write
from tests.evidence import FIRST, beaten_by, contested
from tests.servers import Webhook, webhook

EVIDENCE = replace(FIRST, training_id="t1")
BAD = beaten_by(EVIDENCE, "rate")
DRIFTED = replace(
    EVIDENCE, drift={**EVIDENCE.drift, "age_years": 1.9}, importance={"rate_1y_pct": 0.95, "age_years": 0.05}
)
UNDECIDED = replace(EVIDENCE, rehearsal=replace(EVIDENCE.rehearsal, p99_ms=1_000.0))


def candidate(settings: Settings, evidence: Evidence | None, training_id: str = "t1") -> None:
    with Ledger(settings.ledger) as ledger:
        ledger.add(
            records.TrainingRun(
                training_id=training_id,
                model_version=evidence.model_version if evidence else 1,
                feature_service="s",
                training_cutoffs=[],
                evaluation_cutoff=date(2017, 12, 31),
                rows=1,
                metrics=evidence.metrics if evidence else {},
                run_id="test",
            )
        )
    if evidence:
        write(
            TrainingFolder.of(Layout(settings.home), training_id).evidence, replace(evidence, training_id=training_id)
        )


def decisions(settings: Settings) -> list[records.Decision]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(records.Decision)


def test_an_acceptance_goes_to_the_ledger_the_folder_and_the_log(settings, caplog):
    candidate(settings, EVIDENCE)

    with caplog.at_level("INFO"):
        decision = gate.run(settings, "t1", "run")

    assert decision.accepted
    assert decisions(settings) == [decision]
    file = TrainingFolder.of(Layout(settings.home), "t1").decision
    assert msgspec.json.decode(file.read_bytes(), type=records.Decision) == decision
    assert decision.policy["leakage"]["max_average_precision"] == PRECISION
    assert "passed beats rate: average_precision: value 0.25, threshold 0.0" in caplog.text
    assert "version 1 of t1 is accepted" in caplog.text


def test_a_refusal_is_an_outcome_that_names_value_and_threshold(settings, caplog):
    candidate(settings, BAD)

    decision = gate.run(settings, "t1", "run")

    assert not decision.accepted
    failed = {c["name"]: (c["value"], c["threshold"]) for c in decision.checks if c["verdict"] == "failed"}
    assert failed["beats rate: average_precision"] == (-0.27, 0.0)
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


@pytest.mark.parametrize(("training_id", "named"), [(None, "candidate; expected"), ("t9", "candidate t9; expected")])
def test_no_candidate_is_no_decision(settings, training_id, named):
    with pytest.raises(NotReadyError, match=f"there is no trained {named}"):
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


def test_of_two_that_ask_at_once_the_second_finds_what_the_first_decided(settings):
    candidate(settings, EVIDENCE)
    folder = TrainingFolder.of(Layout(settings.home), "t1")
    with ThreadPoolExecutor() as pool:
        with folder.alone():
            asked = [pool.submit(gate.run, settings, "t1", run_id) for run_id in ("a", "b")]
            assert wait(asked, timeout=1).done == set()
        found = [one.result(timeout=60) for one in asked]

    assert found == decisions(settings) * 2


def test_evidence_about_the_champion_in_service_is_judged(settings, published):
    published.champion(7)
    candidate(settings, contested(7))

    assert gate.run(settings, "t1", "run").champion_version == 7


def test_an_accepted_candidate_whose_rival_changed_is_decided_on_anew(settings, published):
    candidate(settings, EVIDENCE)
    first = gate.run(settings, "t1", "run")
    published.champion(7)
    worse = beaten_by(contested(7, training_id="t1"), CHAMPION)
    write(TrainingFolder.of(Layout(settings.home), "t1").evidence, worse)

    second = gate.run(settings, "t1", "again")

    assert (first.accepted, second.accepted) == (True, False)
    assert (second.champion_version, second.metrics) == (7, worse.metrics)
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


# ---- what people are told


@pytest.fixture
def hook(settings) -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def watched(settings, hook) -> Settings:
    return Settings.load(home=settings.home, project=settings.project, alert_urls=hook.url)


def open_problems(settings: Settings) -> list[str]:
    with Ledger(settings.ledger) as ledger:
        return [p.problem for p in ledger.all(records.Problem, closed_at=None)]


def test_a_refusal_is_told_with_each_check_and_the_next_for_the_same_reasons_is_not(watched, hook):
    candidate(watched, BAD)
    candidate(watched, replace(BAD, model_version=2), "t2")
    gate.run(watched, "t1", "r1")
    gate.run(watched, "t1", "r1 again")
    gate.run(watched, "t2", "r2")
    assert hook.titles == ["hotarea: version 1 was refused by the gate"]
    lines = hook.bodies[0]["message"].splitlines()
    assert "Version 1 was refused by the gate; no model is in service yet." in lines
    assert "Check: beats rate (warning)" in lines
    assert "Slice: average_precision of version 1" in lines
    assert "Expected: more than 0" in lines
    gain = "lower bound (-0.2600, 95 % within -0.2700 and -0.2500): -0.27"
    assert f"Observed: average precision gained on baseline rate, {gain}" in lines
    assert "Look closer: hotarea gate t1" in lines
    assert f"Report: {decision_pages.of(watched, decisions(watched)[0])}" in lines
    assert hook.bodies[0]["type"] == "warning"


def test_what_only_drift_stands_against_is_told_as_drift(watched, hook):
    candidate(watched, DRIFTED)
    gate.run(watched, "t1", "r1")
    assert hook.titles == ["hotarea: version 1 waits for a person, as its features have drifted"]
    assert "Slice: age_years of version 1" in hook.bodies[0]["message"]
    assert open_problems(watched) == ["drift/features"]


@pytest.mark.parametrize("approved", [True, False])
def test_a_hold_for_drift_is_over_with_its_answer_whatever_it_is(watched, hook, approved):
    candidate(watched, DRIFTED)
    gate.run(watched, "t1", "r1")

    approval.answer(watched, "t1", approved=approved, by="ada", reason="seen", run_id="r2")

    assert open_problems(watched) == []


def test_drift_is_over_when_no_feature_has_drifted_even_if_the_gate_refuses_for_more(watched, hook):
    candidate(watched, DRIFTED)
    candidate(watched, BAD, "t2")
    gate.run(watched, "t1", "r1")
    gate.run(watched, "t2", "r2")
    assert open_problems(watched) == ["gate/refused"]


def test_an_acceptance_ends_what_the_gate_had_told(watched, hook):
    candidate(watched, BAD)
    candidate(watched, EVIDENCE, "t2")
    gate.run(watched, "t1", "r1")
    gate.run(watched, "t2", "r2")
    assert hook.titles[1:] == ["hotarea: recovered: version 1 was refused by the gate"]
    assert open_problems(watched) == []


def test_a_candidate_that_cannot_be_decided_on_is_held_and_told_once_with_its_error(watched, hook):
    candidate(watched, replace(EVIDENCE, champion_version=7))
    for _ in range(2):
        with pytest.raises(GateError, match="Evaluate the candidate again") as raised:
            gate.run(watched, "t1", "r1")
        assert raised.value.problem == "gate/held"
    assert hook.titles == ["hotarea: the gate holds a candidate back"]
    assert "Evaluate the candidate again" in hook.bodies[0]["message"]


def test_a_promotion_that_another_overtook_is_held_and_told(watched, hook, published):
    candidate(watched, EVIDENCE)
    gate.run(watched, "t1", "r1")
    published.champion(9)
    with pytest.raises(GateError, match="but version 9 is in service") as raised:
        promote.run(watched, "t1", "r1")
    assert raised.value.problem == "gate/held"
    assert hook.titles == ["hotarea: the gate holds a candidate back"]


def test_each_version_that_waits_is_told_and_is_over_with_its_answer(watched, hook):
    candidate(watched, UNDECIDED)
    candidate(watched, replace(UNDECIDED, model_version=2), "t2")
    gate.run(watched, "t1", "r1")
    gate.run(watched, "t2", "r2")

    assert hook.titles == [
        "hotarea: version 1 waits for a person, as the evidence cannot decide",
        "hotarea: version 2 waits for a person, as the evidence cannot decide (still open)",
    ]
    assert "hotarea approve t2" in hook.bodies[1]["message"]
    approval.answer(watched, "t2", approved=False, by="ada", reason="too slow", run_id="r3")
    assert open_problems(watched) == ["gate/waiting"]  # for the other
    approval.answer(watched, "t1", approved=False, by="ada", reason="too slow", run_id="r4")
    assert open_problems(watched) == []
