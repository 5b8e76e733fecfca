"""The gate's truth table: each test's name says what the evidence is and what the gate answers."""

import math
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as with_rules

from hotarea.domain.evaluation import CHAMPION, METRICS, MODEL
from hotarea.domain.evidence import AGE, CITATIONS, Agreement, Evidence, Interval, Rehearsal
from hotarea.domain.gate import Judgement, Verdict, decide, not_beaten
from hotarea.domain.gate_check import Outcome, written
from hotarea.domain.hindsight import CEILINGS, GAINED, LEAST_ROWS
from hotarea.domain.training import Recipe, fit, importance
from tests.evidence import CONTESTED, FIRST, GOOD, POLICY, difference, metric

PROMOTE, HOLD, REJECT = Verdict.PROMOTE, Verdict.HOLD, Verdict.REJECT

SLICE = "age: under 2 years"


def against(decision: Judgement) -> list[str]:
    """Return the names of the checks that stand against a promotion."""
    return [check.name for check in decision.checks if check.outcome is not Outcome.PASSED]


def gained(estimate: float, lower: float, upper: float, evidence: Evidence = CONTESTED) -> Evidence:
    return difference(evidence, CHAMPION, average_precision=Interval(estimate, lower, upper))


def lost(estimate: float, lower: float, upper: float, evidence: Evidence = CONTESTED) -> Evidence:
    return difference(evidence, CHAMPION, log_loss=Interval(estimate, lower, upper))


def over(rival: str, estimate: float, lower: float, upper: float) -> Evidence:
    return difference(FIRST, rival, average_precision=Interval(estimate, lower, upper))


def in_slice(evidence: Evidence = CONTESTED, **changes: Any) -> Evidence:
    return replace(evidence, slices={**evidence.slices, SLICE: replace(evidence.slices[SLICE], **changes)})


def moved(feature: str, psi: float, before: float = 0.05, weight: float = 0.5, evidence: Evidence = FIRST) -> Evidence:
    return replace(
        evidence,
        drift={**evidence.drift, feature: psi},
        drift_evaluation={**evidence.drift_evaluation, feature: before},
        importance=dict.fromkeys(evidence.features, 1 - weight) | {feature: weight},
    )


def tried(**changes: Any) -> Evidence:
    return replace(
        FIRST,
        rehearsal=Rehearsal(
            **{"loading_s": 0.1, "requests": 300, "p50_ms": 0.3, "p99_ms": 0.6, "differing": 0} | changes
        ),
    )


def audited(**changes: Any) -> Evidence:
    """Return the evidence of a candidate whose audits found something else."""
    usual = {"documents": 400, "share": 0.0, "cutoff": "2020-12-31"}
    return replace(FIRST, agreement={"document_citations": Agreement(**usual | changes)})


def small(evidence: Evidence) -> Evidence:
    """Leave no slice that is large enough to be judged."""
    return replace(evidence, slices={name: replace(part, hot=49) for name, part in evidence.slices.items()})


def of_few_rows(evidence: Evidence = CONTESTED, **changes: Any) -> Evidence:
    """Leave too few rows of young documents to be judged, the others being older."""
    young, old = SLICE, "age: 2 years and more"
    slices = {**evidence.slices, old: replace(evidence.slices[old], rows=9_501)}
    return replace(evidence, slices={**slices, young: replace(slices[young], rows=499, **changes)})


def shares(*values: float) -> Evidence:
    """Return evidence of other shares of the gain, whose features moved so far that only those can excuse it."""
    importance = dict(zip(FIRST.features, values, strict=True))
    return replace(FIRST, importance=importance, drift=dict.fromkeys(FIRST.features, 9.0))


def agreeing(reference: str, agreement: float) -> Evidence:
    return replace(FIRST, hindsight={**FIRST.hindsight, reference: agreement})


def known(rows: int, reference: str = GAINED) -> Evidence:
    """Return evidence of which no agreement with a reference was computed, that of so many documents is known."""
    return replace(
        FIRST,
        hindsight=drop(FIRST.hindsight, reference),
        hindsight_rows={**FIRST.hindsight_rows, reference: rows},
    )


def drop(values: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in values.items() if k != key}


@pytest.mark.parametrize(
    ("evidence", "verdict", "checks"),
    [
        # all good
        pytest.param(FIRST, PROMOTE, [], id="the first champion, by floors and baselines alone"),
        pytest.param(CONTESTED, PROMOTE, [], id="as good as the champion"),
        # floors: rejected
        pytest.param(replace(FIRST, hot=49), REJECT, ["evidence: hot areas"], id="too few hot areas"),
        pytest.param(metric(FIRST, MODEL, roc_auc=0.79), REJECT, ["floor: roc_auc"], id="below the floor"),
        pytest.param(replace(FIRST, hot=5_000), REJECT, ["floor: lift"], id="hardly better than the prevalence"),
        pytest.param(
            metric(FIRST, MODEL, calibration_error=0.051), REJECT, ["calibration"], id="scores that do not come true"
        ),
        pytest.param(metric(FIRST, MODEL, calibration_error=0.05), PROMOTE, [], id="calibrated as well as must be"),
        # baselines: never held
        pytest.param(
            over("rate", 0.0, -0.01, 0.01), REJECT, ["beats rate: average_precision"], id="even with a baseline"
        ),
        pytest.param(
            over("rate_1y", 0.01, -0.001, 0.02),
            REJECT,
            ["beats rate_1y: average_precision"],
            id="a gain of chance on one",
        ),
        pytest.param(over("rate_1y", 0.01, 0.0001, 0.02), PROMOTE, [], id="a gain on a baseline that is just certain"),
        pytest.param(
            over("rate_1y", 0.0, 0.0, 0.0), REJECT, ["beats rate_1y: average_precision"], id="a tie with a baseline"
        ),
        pytest.param(
            difference(FIRST, "rate", log_loss=Interval(0.01, 0.0, 0.02)),
            REJECT,
            ["beats rate: log_loss"],
            id="a log loss that may be a baseline's",
        ),
        # champion: held where the rows cannot decide
        pytest.param(gained(0.05, 0.03, 0.07), PROMOTE, [], id="better than the champion"),
        pytest.param(gained(-0.01, -0.02, 0.0), PROMOTE, [], id="a little worse, certainly within the tolerance"),
        pytest.param(gained(0.0, -0.021, 0.02), HOLD, ["champion: average_precision"], id="even, but uncertain"),
        pytest.param(
            gained(-0.02, -0.03, 0.0), HOLD, ["champion: average_precision"], id="worse, but borne as estimated"
        ),
        pytest.param(
            gained(-0.021, -0.04, 0.01), REJECT, ["champion: average_precision"], id="worse beyond the tolerance"
        ),
        pytest.param(lost(0.0, -0.01, 0.01), PROMOTE, [], id="log loss certainly within the tolerance"),
        pytest.param(lost(0.005, -0.01, 0.011), HOLD, ["champion: log_loss"], id="log loss uncertain"),
        pytest.param(lost(0.011, 0.0, 0.02), REJECT, ["champion: log_loss"], id="log loss beyond the tolerance"),
        # slices: rejected where certain, else held
        pytest.param(
            in_slice(difference=Interval(-0.06, -0.08, -0.01)),
            REJECT,
            [f"slice: {SLICE}"],
            id="a slice certainly worse",
        ),
        pytest.param(
            in_slice(difference=Interval(-0.06, -0.15, 0.01)),
            HOLD,
            [f"slice: {SLICE}"],
            id="a slice perhaps much worse",
        ),
        pytest.param(
            in_slice(difference=Interval(-0.05, -0.06, -0.04)), PROMOTE, [], id="a slice worse as much as is borne"
        ),
        pytest.param(
            of_few_rows(difference=Interval(-0.5, -0.6, -0.4)),
            PROMOTE,
            [],
            id="a slice of too few rows to judge",
        ),
        pytest.param(
            in_slice(difference=Interval(-0.5, -0.6, -0.4), hot=49),
            PROMOTE,
            [],
            id="a slice of too few hot areas to judge",
        ),
        pytest.param(small(CONTESTED), HOLD, ["slices: judged"], id="no slice to compare with the champion's"),
        pytest.param(small(FIRST), PROMOTE, [], id="no slice to judge where nobody serves"),
        # learned from what it is evaluated on, or from hindsight: never held
        pytest.param(
            replace(FIRST, overlap={MODEL: 1}), REJECT, ["overlap: model"], id="trained on one evaluation row"
        ),
        pytest.param(
            replace(CONTESTED, overlap={MODEL: 0, CHAMPION: 3}), REJECT, ["overlap: champion"], id="the champion was"
        ),
        *(
            pytest.param(agreeing(name, ceiling + 0.001), REJECT, [f"leakage: {name}"], id=f"a feature knows {name}")
            for name, ceiling in CEILINGS.items()
        ),
        pytest.param(
            metric(FIRST, MODEL, average_precision=0.99),
            REJECT,
            ["leakage: too good"],
            id="better than honest models are",
        ),
        pytest.param(known(LEAST_ROWS), REJECT, [f"leakage: {GAINED}"], id="an agreement that is missing"),
        # too few documents to tell a leak: held
        pytest.param(known(LEAST_ROWS - 1), HOLD, [f"leakage: {GAINED}"], id="too few rows to tell a leak"),
        pytest.param(known(0), HOLD, [f"leakage: {GAINED}"], id="no row that tells one"),
        # drift: held
        pytest.param(moved("age_years", 1.1, weight=0.1), HOLD, ["drift: age_years"], id="a feature that moved"),
        pytest.param(moved("age_years", 1.7, 0.7, weight=0.1), PROMOTE, [], id="one that had moved before"),
        pytest.param(moved("age_years", 1.8, 0.7, weight=0.1), HOLD, ["drift: age_years"], id="and that moved too far"),
        pytest.param(moved("age_years", 2.1, 1.5, weight=0.1), HOLD, ["drift: age_years"], id="beyond the ceiling"),
        pytest.param(moved("age_years", 9.0, weight=0.009), PROMOTE, [], id="one that does not matter"),
        pytest.param(
            moved("age_years", 0.99, weight=0.8), HOLD, ["drift: weighted"], id="what matters moved within limits"
        ),
        # shares of the gain that are none: rejected, as they would excuse any drift
        pytest.param(shares(0.0, 0.0), REJECT, ["evidence: importance"], id="a model without any split"),
        pytest.param(shares(0.009, 0.009), REJECT, ["evidence: importance"], id="shares that are not all of the gain"),
        pytest.param(
            shares(1.001, -0.001),
            REJECT,
            ["evidence: importance", "drift: rate_1y_pct", "drift: weighted"],
            id="a share below 0",
        ),
        pytest.param(
            replace(FIRST, importance={"rate_1y_pct": 0.8, "age_years": 0.2 - 1e-7}),
            PROMOTE,
            [],
            id="shares as rounded",
        ),
        pytest.param(replace(FIRST, prediction_drift=0.21), HOLD, ["drift: predictions"], id="scores that moved"),
        # the file in a fresh process: held only for its speed
        pytest.param(tried(error="no model"), REJECT, ["rehearsal: loads"], id="a file that does not load"),
        pytest.param(tried(differing=1), REJECT, ["rehearsal: scores"], id="one that scores otherwise once"),
        pytest.param(tried(requests=99), REJECT, ["rehearsal: requests"], id="one that was hardly asked"),
        pytest.param(tried(p99_ms=51.0), HOLD, ["rehearsal: latency"], id="a slow one"),
        pytest.param(tried(loading_s=10.1), HOLD, ["rehearsal: loading"], id="one that loads slowly"),
        # online and offline
        pytest.param(
            audited(share=0.01),
            REJECT,
            ["serving: document_citations"],
            id="online answers that differ",
        ),
        pytest.param(
            audited(documents=299), REJECT, ["serving: document_citations, documents"], id="too few online answers"
        ),
        pytest.param(audited(documents=300), PROMOTE, [], id="just enough of them"),
        pytest.param(
            audited(cutoff="2019-12-31"), REJECT, ["serving: document_citations, cutoff"], id="answers of last year"
        ),
        pytest.param(audited(cutoff="2021-06-30"), PROMOTE, [], id="answers of a newer release"),
        pytest.param(
            replace(FIRST, serves=False, online_views=(), agreement={}), PROMOTE, [], id="a home that serves nothing"
        ),
        pytest.param(
            replace(FIRST, online_views=(), agreement={}), REJECT, ["serving"], id="a home that serves, and no view"
        ),
        pytest.param(
            audited(cutoff="unknown"), REJECT, ["serving: document_citations, cutoff"], id="answers of no known day"
        ),
        # several
        pytest.param(
            moved("age_years", 1.1, weight=0.1, evidence=gained(0.0, -0.03, 0.03)),
            HOLD,
            ["champion: average_precision", "drift: age_years"],
            id="drift and doubt",
        ),
        pytest.param(
            moved("age_years", 1.1, weight=0.1, evidence=metric(FIRST, MODEL, roc_auc=0.5)),
            REJECT,
            ["floor: roc_auc", "drift: age_years"],
            id="drift and a floor: what fails outweighs what is held",
        ),
    ],
)
def test_the_truth_table(evidence: Evidence, verdict: Verdict, checks: list[str]) -> None:
    decision = decide(evidence, POLICY)

    assert (decision.verdict, against(decision)) == (verdict, checks)
    assert len(decision.reasons) == len(checks)
    assert [f"beats {name}" for name in not_beaten(evidence, POLICY)] == [
        name.split(":")[0] for name in checks if name.startswith("beats ")
    ]


def test_that_there_was_no_champion_is_a_case_with_a_name():
    assert "no champion yet: floors and baselines decide alone" in [c.reason for c in decide(FIRST, POLICY).checks]
    assert "champion" not in [c.name for c in decide(CONTESTED, POLICY).checks]


# ---- missing evidence


def without_slices(evidence: Evidence) -> Iterator[Any]:
    """Yield the evidence without each slice, without all of a kind, and without any."""
    for name in evidence.slices:
        cut, kind = drop(evidence.slices, name), name.partition(":")[0]
        yield pytest.param({"slices": cut}, f"the slices by {kind}", id=f"slice {name}")
    for kind in (AGE, CITATIONS):
        cut = {name: part for name, part in evidence.slices.items() if not name.startswith(kind)}
        yield pytest.param({"slices": cut}, f"the slices by {kind}: 0", id=f"slices by {kind}")
    yield pytest.param({"slices": {}}, "not sliced", id="slices")


def without(evidence: Evidence) -> Iterator[Any]:
    """Yield the evidence with each thing in it missing that the gate asks for, and what the gate names."""
    for who in evidence.metrics:
        yield pytest.param({"metrics": drop(evidence.metrics, who)}, f"{who} average_precision", id=f"metrics of {who}")
        for name in METRICS:
            cut = {**evidence.metrics, who: drop(evidence.metrics[who], name)}
            yield pytest.param({"metrics": cut}, f"{who} {name}", id=f"{name} of {who}")
    for rival in evidence.differences:
        cut = drop(evidence.differences, rival)
        yield pytest.param({"differences": cut}, rival, id=f"differences to {rival}")
        for name in ("average_precision", "log_loss"):
            cut = {**evidence.differences, rival: drop(evidence.differences[rival], name)}
            yield pytest.param({"differences": cut}, rival, id=f"difference to {rival} in {name}")
    for name in ("overlap", "importance", "drift", "drift_evaluation", "hindsight", "hindsight_rows", "agreement"):
        for key in getattr(evidence, name):
            yield pytest.param({name: drop(getattr(evidence, name), key)}, key, id=f"{name} of {key}")
    yield from without_slices(evidence)
    for name in evidence.baselines:
        others = tuple(other for other in evidence.baselines if other != name)
        yield pytest.param({"baselines": others}, f"baselines are missing: {name}", id=f"baseline {name}")
    yield pytest.param({"baselines": ()}, "baselines are missing: rate, rate_1y", id="baselines")
    yield pytest.param({"features": ()}, "names no features", id="features")
    yield pytest.param({"prediction_drift": None}, "scores between", id="drift of predictions")
    yield pytest.param({"rehearsal": None}, "no fresh process", id="rehearsal")
    yield pytest.param({"online_views": None}, "served online of those that the model reads: missing", id="its views")


@pytest.mark.parametrize(("changes", "named"), list(without(CONTESTED)))
def test_missing_evidence_rejects_and_is_named(changes: dict[str, Any], named: str) -> None:
    decision = decide(replace(CONTESTED, **changes), POLICY)

    assert decision.verdict is REJECT
    assert any(named in reason for reason in decision.reasons), decision.reasons


@pytest.mark.parametrize("part", ["metrics of the champion", "metrics of the model", "difference"])
def test_a_slice_of_sufficient_size_that_was_not_evaluated_rejects(part: str) -> None:
    changes: dict[str, Any] = {
        "metrics of the champion": {"metrics": {MODEL: GOOD}},
        "metrics of the model": {"metrics": {CHAMPION: GOOD}},
        "difference": {"difference": None},
    }[part]

    decision = decide(in_slice(**changes), POLICY)

    assert (decision.verdict, against(decision)) == (REJECT, [f"slice: {SLICE}"])
    assert "missing" in decision.reasons[0]


EMPTY = {dict: {}, tuple: (), type(None): None, int: 0, float: math.nan, str: ""}
NAMES = {"training_id", "model_version", "champion_version", "evaluation_cutoff", "newest_cutoff", "serves"}
TOLD = {"decision_threshold", "at_threshold", "intervals", "last_champion_version", "online_features"}
"""What the gate does not decide on: what the model is called and where it is judged, and what is shown only."""


@given(
    evidence=st.sampled_from([FIRST, CONTESTED]),
    gone=st.sets(st.sampled_from(sorted({f.name for f in fields(Evidence)} - NAMES - TOLD)), min_size=1),
)
def test_evidence_with_any_field_removed_never_promotes(evidence: Evidence, gone: set[str]) -> None:
    removed = {
        name: None if name in {"rehearsal", "online_views"} else EMPTY[type(getattr(evidence, name))] for name in gone
    }

    assert decide(replace(evidence, **removed), POLICY).verdict is REJECT


@given(st.data())
def test_no_number_that_is_none_promotes(data: st.DataObject) -> None:
    """Every number of the evidence that the gate reads, replaced by NaN or an infinity that flatters the model."""
    wrong = data.draw(st.sampled_from([math.nan, math.inf, -math.inf]))
    no_interval = Interval(wrong, wrong, wrong)
    spoiled = [
        *(metric(CONTESTED, who, **{name: wrong}) for who in CONTESTED.metrics for name in METRICS),
        *(difference(CONTESTED, rival, average_precision=no_interval) for rival in CONTESTED.differences),
        *(difference(CONTESTED, rival, log_loss=no_interval) for rival in CONTESTED.differences),
        in_slice(difference=no_interval),
        moved("age_years", wrong, evidence=CONTESTED),
        moved("age_years", 0.1, before=wrong, evidence=CONTESTED),
        replace(CONTESTED, prediction_drift=wrong),
        replace(CONTESTED, hindsight=dict.fromkeys(CEILINGS, wrong)),
        replace(CONTESTED, agreement={"document_citations": Agreement(400, wrong, "2020-12-31")}),
        tried(p99_ms=wrong),
    ]

    assert decide(data.draw(st.sampled_from(spoiled)), POLICY).verdict is REJECT


def test_no_rows_at_all_reject_without_dividing_by_zero():
    decision = decide(replace(FIRST, rows=0, hot=0, metrics={}), POLICY)

    assert decision.verdict is REJECT
    assert "average precision per prevalence against its floor: missing, expected at least 4" in decision.reasons


def test_a_decision_without_any_check_rejects():
    assert Judgement(()).verdict is REJECT


# ---- what is told


def test_every_check_shows_value_and_threshold():
    checks = decide(CONTESTED, POLICY).checks
    shown = {c.name: (c.value, c.threshold) for c in checks}

    assert shown["floor: roc_auc"] == (0.95, 0.80)
    assert shown["beats rate: average_precision"] == (0.25, POLICY.baselines.margin)
    assert shown["beats rate: log_loss"] == (0.09, -POLICY.baselines.log_loss_tolerance)
    assert shown["champion: average_precision"] == (-0.01, -POLICY.champion.tolerance)
    assert shown[f"slice: {SLICE}"] == (0.0, -POLICY.slices.tolerance)
    assert shown["drift: age_years"] == (0.3, 1.0)
    assert shown["drift: weighted"] == (pytest.approx(0.8 * 0.1 + 0.2 * 0.3), POLICY.drift.max_weighted_psi)
    assert shown["rehearsal: latency"] == (0.6, POLICY.rehearsal.max_p99_ms)
    assert len(shown) == len(checks)


NO_RIVAL = "slice: "
"""Checks of a first candidate that show its average precision, while nobody is there to be worse than."""


@pytest.mark.parametrize("evidence", [FIRST, CONTESTED, replace(FIRST, serves=False), tried(error="no model")])
def test_every_check_of_a_whole_decision_has_value_and_threshold(evidence: Evidence) -> None:
    checks = decide(evidence, POLICY).checks

    assert [c.name for c in checks if c.value is None] == []
    bare = [c for c in checks if c.threshold is None]
    assert all(c.name.startswith(NO_RIVAL) and c.outcome is Outcome.PASSED for c in bare)
    assert not (bare and evidence.champion_version)


@pytest.mark.parametrize(("changes", "named"), list(without(CONTESTED)))
def test_what_is_missing_is_told_with_what_it_would_be_held_against(changes: dict[str, Any], named: str) -> None:
    """Except the PSI of a feature whose limit depends on what is missing."""
    checks = decide(replace(CONTESTED, **changes), POLICY).checks

    bare = {c.name for c in checks if c.threshold is None}
    assert bare <= ({f"drift: {named}"} if changes.keys() & {"importance", "drift_evaluation"} else set())


def test_values_of_checks_that_answer_yes_or_no():
    def shown(evidence: Evidence, name: str) -> tuple[float | None, float | None]:
        return next((c.value, c.threshold) for c in decide(evidence, POLICY).checks if c.name == name)

    assert shown(FIRST, "rehearsal: loads") == (1, 1)
    assert shown(tried(error="no model"), "rehearsal: loads") == (0, 1)
    assert shown(FIRST, "serving: document_citations, cutoff") == (0, 0)
    assert shown(audited(cutoff="2020-12-01"), "serving: document_citations, cutoff") == (30, 0)
    assert shown(FIRST, f"slice: {SLICE}") == (GOOD["average_precision"], None)
    assert shown(FIRST, "slices: too small") == (1, len(FIRST.slices))


def test_a_model_without_any_split_is_refused_for_it():
    values, hot = np.random.default_rng(1).random((50, 2)), np.zeros(50, bool)
    gained = importance(fit(values, hot, FIRST.features, Recipe(rounds=3), seed=1))

    assert decide(replace(FIRST, importance=gained), POLICY).reasons == [
        "the features' shares of the gain sum to 0, the least of them 0, as of a model without any split; "
        "expected a sum of 1, and none below 0"
    ]


def test_a_corpus_without_topics_has_no_slices_of_them():
    bare = {name: part for name, part in CONTESTED.slices.items() if not name.startswith("topic")}

    assert decide(replace(CONTESTED, slices=bare), POLICY).verdict is PROMOTE


def test_baselines_that_the_policy_does_not_require_may_be_absent():
    rules = with_rules(POLICY, baselines=with_rules(POLICY.baselines, required=("rate",)))

    assert decide(replace(FIRST, baselines=("rate",)), rules).verdict is PROMOTE


def test_a_reason_tells_figures_interval_and_what_was_expected():
    decision = decide(gained(-0.03, -0.04, -0.02), POLICY)

    assert decision.reasons == [
        "average precision gained on champion version 1 on the same rows, lower bound "
        "(-0.0300, 95 % within -0.0400 and -0.0200): -0.04, expected at least -0.02"
    ]


def test_too_few_rows_to_tell_a_leak_are_counted():
    assert decide(known(17), POLICY).reasons == [
        "too few rows to tell a leak of citations gained since: 17, expected at least 200"
    ]


def test_slices_that_are_too_small_are_named():
    reasons = [c.reason for c in decide(FIRST, POLICY).checks]

    assert "not judged, as they hold fewer than 500 rows or 50 hot areas: topic: small" in reasons


def test_latency_is_said_to_be_the_processors():
    (said,) = (c.reason for c in decide(tried(p99_ms=51.0), POLICY).checks if c.name == "rehearsal: latency")

    assert said.startswith(
        "milliseconds of the processor, not of the clock, in which 99 % of all answers are given: 51"
    )


def test_another_policy_decides_differently():
    strict = with_rules(POLICY, evaluation=with_rules(POLICY.evaluation, min_roc_auc=0.99))

    assert against(decide(FIRST, strict)) == ["floor: roc_auc"]


@pytest.mark.parametrize(
    ("value", "shown"), [(None, ""), (14_147, "14,147"), (0.0, "0"), (0.76543, "0.7654"), (float("nan"), "nan")]
)
def test_a_figure_is_written_whole_if_it_is_a_count(value, shown):
    assert written(value) == shown
