"""The gate's truth table: each test's name says what the evidence is and what the gate answers."""

import math
from dataclasses import replace

import pytest

from hotarea.domain.evaluation import CHAMPION, METRICS, MODEL
from hotarea.domain.evidence import Evidence
from hotarea.domain.gate import POLICY, Decision, Policy, decide

GOOD = {"average_precision": 0.76, "roc_auc": 0.95, "log_loss": 0.15, "brier": 0.04} | dict.fromkeys(METRICS[4:], 0.9)
WEAK = {"average_precision": 0.50, "roc_auc": 0.80, "log_loss": 0.25, "brier": 0.08} | dict.fromkeys(METRICS[4:], 0.6)
STRONGER = {"average_precision": 0.80, "roc_auc": 0.97, "log_loss": 0.12, "brier": 0.03} | dict.fromkeys(
    METRICS[4:], 0.95
)
BASELINES = ("rate", "rate_1y", "cite_count_5y", "logistic_regression")

EVIDENCE = Evidence(
    training_id="2020-12-31-0123456789",
    model_version=2,
    champion_version=None,
    evaluation_cutoff="2017-12-31@2017-12-31",
    newest_cutoff="2020-12-31@2020-12-31",
    rows=10_000,
    hot=1_000,
    metrics={MODEL: GOOD, **dict.fromkeys(BASELINES, WEAK)},
    baselines=BASELINES,
    features=("rate_1y_pct", "age_years"),
    drift={"rate_1y_pct": 0.1, "age_years": 0.3},
    drift_evaluation={"rate_1y_pct": 0.05, "age_years": 0.2},
    decision_threshold=0.4,
)
CONTESTED = replace(EVIDENCE, champion_version=1, metrics={**EVIDENCE.metrics, CHAMPION: GOOD})


def metric(evidence: Evidence, contender: str, **values: float) -> Evidence:
    return replace(evidence, metrics={**evidence.metrics, contender: {**evidence.metrics[contender], **values}})


def failed(decision: Decision) -> list[str]:
    return [check.name for check in decision.checks if not check.passed]


def test_all_good_and_no_champion_yet_accepts_and_says_that_there_was_none():
    decision = decide(EVIDENCE)

    assert decision.accepted
    assert decision.reasons == []
    assert "no champion yet: floors and baselines decide alone" in [c.reason for c in decision.checks]


def test_all_good_and_as_good_as_the_champion_accepts():
    assert decide(CONTESTED).accepted


def test_no_champion_yet_but_below_the_floors_rejects():
    weak = metric(EVIDENCE, MODEL, roc_auc=0.6)

    assert failed(decide(weak)) == ["floor: roc_auc"]


def test_average_precision_close_to_the_prevalence_rejects_by_lift():
    harmless = replace(EVIDENCE, hot=5_000)

    decision = decide(harmless)

    assert failed(decision) == ["floor: lift"]
    assert decision.reasons == ["average precision per prevalence against its floor: 1.52, expected at least 4"]


@pytest.mark.parametrize("name", BASELINES)
def test_one_baseline_within_the_margin_of_average_precision_rejects_and_names_it(name):
    close = metric(EVIDENCE, name, average_precision=0.755)

    decision = decide(close)

    assert failed(decision) == [f"beats {name}: average_precision"]
    assert name in decision.reasons[0]


@pytest.mark.parametrize("name", BASELINES)
def test_one_baseline_with_a_better_log_loss_rejects_and_names_it(name):
    assert failed(decide(metric(EVIDENCE, name, log_loss=0.149))) == [f"beats {name}: log_loss"]


def test_a_baseline_exactly_one_margin_below_accepts():
    edge = metric(EVIDENCE, "rate", average_precision=GOOD["average_precision"] - POLICY.baseline_margin)

    assert decide(edge).accepted


def test_slightly_worse_than_the_champion_within_the_tolerance_accepts():
    assert decide(metric(CONTESTED, CHAMPION, average_precision=0.769, log_loss=0.1455)).accepted


def test_worse_than_the_champion_beyond_the_tolerance_rejects():
    beaten = replace(CONTESTED, metrics={**CONTESTED.metrics, CHAMPION: STRONGER})

    decision = decide(beaten)

    assert failed(decision) == ["champion: average_precision", "champion: log_loss"]
    assert "champion version 1" in decision.reasons[0]


def test_a_feature_that_moved_beyond_the_limit_rejects_and_names_it():
    moved = replace(EVIDENCE, drift={**EVIDENCE.drift, "rate_1y_pct": 1.2})

    decision = decide(moved)

    assert failed(decision) == ["drift: rate_1y_pct"]
    assert "2020-12-31" in decision.reasons[0]


@pytest.mark.parametrize(("newest", "accepted"), [(1.7, True), (1.8, False)])
def test_a_feature_that_had_moved_at_the_evaluation_may_move_on_in_proportion(newest, accepted):
    young = replace(
        EVIDENCE,
        drift={**EVIDENCE.drift, "age_years": newest},
        drift_evaluation={**EVIDENCE.drift_evaluation, "age_years": 0.7},
    )

    assert decide(young).accepted is accepted


@pytest.mark.parametrize(("newest", "accepted"), [(2.0, True), (2.1, False)])
def test_no_feature_may_move_beyond_the_ceiling_however_far_it_had_moved_before(newest, accepted):
    moving = replace(
        EVIDENCE,
        drift={**EVIDENCE.drift, "age_years": newest},
        drift_evaluation={**EVIDENCE.drift_evaluation, "age_years": 1.5},
    )

    assert decide(moving).accepted is accepted


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize("contender", [MODEL, CHAMPION, *BASELINES])
def test_a_metric_that_is_missing_rejects_and_says_which(contender, name):
    values = {k: v for k, v in CONTESTED.metrics[contender].items() if k != name}
    incomplete = replace(CONTESTED, metrics={**CONTESTED.metrics, contender: values})

    decision = decide(incomplete)

    assert not decision.accepted
    assert f"metrics are missing: {contender} {name}" in decision.reasons


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("contender", [MODEL, CHAMPION, "rate"])
def test_a_metric_that_is_no_number_rejects_like_a_missing_one(contender, value):
    decision = decide(metric(CONTESTED, contender, average_precision=value))

    assert not decision.accepted
    assert f"metrics are missing: {contender} average_precision" in decision.reasons


@pytest.mark.parametrize("contender", [MODEL, CHAMPION, *BASELINES])
def test_a_contender_without_any_metrics_rejects(contender):
    silent = replace(CONTESTED, metrics={k: v for k, v in CONTESTED.metrics.items() if k != contender})

    assert "evidence: metrics" in failed(decide(silent))


def test_no_baseline_at_all_rejects():
    alone = replace(EVIDENCE, baselines=(), metrics={MODEL: GOOD})

    assert failed(decide(alone)) == ["baselines"]


def test_too_few_hot_areas_reject():
    thin = replace(EVIDENCE, rows=490, hot=49)

    assert failed(decide(thin)) == ["evidence: hot areas"]


def test_no_rows_at_all_reject_without_dividing_by_zero():
    empty = replace(EVIDENCE, rows=0, hot=0, metrics={})

    decision = decide(empty)

    assert not decision.accepted
    assert "average precision per prevalence against its floor: missing, expected at least 4" in decision.reasons


@pytest.mark.parametrize("missing", [{}, {"rate_1y_pct": math.nan, "age_years": 0.3}])
def test_unknown_drift_of_a_feature_rejects(missing):
    assert "drift: rate_1y_pct" in failed(decide(replace(EVIDENCE, drift=missing)))


def test_unknown_drift_at_the_evaluation_rejects():
    assert "drift: age_years" in failed(decide(replace(EVIDENCE, drift_evaluation={"rate_1y_pct": 0.05})))


def test_a_model_that_names_no_features_rejects():
    assert failed(decide(replace(EVIDENCE, features=()))) == ["drift"]


def test_several_faults_are_all_reported():
    bad = metric(replace(EVIDENCE, drift={"rate_1y_pct": 3.0, "age_years": 0.3}), MODEL, roc_auc=0.5)

    assert failed(decide(bad)) == ["floor: roc_auc", "drift: rate_1y_pct"]


def test_every_check_shows_value_and_threshold():
    shown = {c.name: (c.value, c.threshold) for c in decide(CONTESTED).checks}

    assert shown["floor: roc_auc"] == (0.95, 0.80)
    assert shown["beats rate: average_precision"] == (0.76, pytest.approx(0.51))
    assert shown["champion: average_precision"] == (0.76, pytest.approx(0.75))
    assert shown["drift: age_years"] == (0.3, 1.0)
    assert len(shown) == len(decide(CONTESTED).checks)


def test_another_policy_decides_differently():
    assert not decide(EVIDENCE, Policy(min_roc_auc=0.99)).accepted
