"""Complete evidence of a good candidate, which tests then spoil, and the policy that the project has."""

from dataclasses import replace

from hotarea.domain.evaluation import CHAMPION, MODEL
from hotarea.domain.evidence import Agreement, Evidence, Interval, Rehearsal, Slice
from hotarea.domain.gate_policy import Policy
from hotarea.domain.hindsight import CEILINGS
from hotarea.domain.settings import Settings
from hotarea.stores import policies
from tests.conftest import PROJECT

POLICY = policies.read(Settings.load(project=PROJECT), "gate", Policy)

GOOD = {"average_precision": 0.76, "roc_auc": 0.95, "log_loss": 0.15, "brier": 0.04, "calibration_error": 0.01}
GOOD |= {"precision_at_100": 0.9, "precision_at_1_percent": 0.9}
WEAK = {**GOOD, "average_precision": 0.50, "roc_auc": 0.80, "log_loss": 0.25, "brier": 0.08}
BASELINES = ("rate", "rate_1y", "cite_count_5y", "logistic_regression")
BEATEN = {"average_precision": Interval(0.26, 0.25, 0.27), "log_loss": Interval(-0.10, -0.11, -0.09)}
EVEN = {"average_precision": Interval(0.0, -0.01, 0.01), "log_loss": Interval(0.0, -0.005, 0.005)}

FIRST = Evidence(
    training_id="2020-12-31-0123456789",
    model_version=1,
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
    differences=dict.fromkeys(BASELINES, BEATEN),
    slices={
        "age: under 2 years": Slice(6_000, 600, {MODEL: GOOD}),
        "age: 2 years and more": Slice(4_000, 400, {MODEL: GOOD}),
        "citations: 1": Slice(7_000, 300, {MODEL: GOOD}),
        "citations: 2 and more": Slice(3_000, 700, {MODEL: GOOD}),
        "topic: large": Slice(9_900, 990, {MODEL: GOOD}),
        "topic: small": Slice(100, 10, {}),
    },
    overlap={MODEL: 0},
    importance={"rate_1y_pct": 0.8, "age_years": 0.2},
    prediction_drift=0.1,
    hindsight=dict.fromkeys(CEILINGS, 0.5),
    hindsight_rows=dict.fromkeys(CEILINGS, 9_000),
    rehearsal=Rehearsal(loading_s=0.1, requests=300, p50_ms=0.3, p99_ms=0.6, differing=0),
    online_views=("document_citations",),
    online_features=("age_years",),
    agreement={"document_citations": Agreement(documents=400, share=0.0, cutoff="2020-12-31")},
)
"""The first candidate of a home, which has no champion yet."""


def _against(part: Slice) -> Slice:
    return replace(part, metrics={**part.metrics, CHAMPION: GOOD}, difference=EVEN["average_precision"])


CONTESTED = replace(
    FIRST,
    model_version=2,
    champion_version=1,
    metrics={**FIRST.metrics, CHAMPION: GOOD},
    differences={**FIRST.differences, CHAMPION: EVEN},
    slices={name: _against(part) if part.metrics else part for name, part in FIRST.slices.items()},
    overlap={MODEL: 0, CHAMPION: 0},
)
"""A candidate that is as good as the champion."""


def contested(by: int, **changes: object) -> Evidence:
    """Return the evidence of a candidate as good as champion version `by`."""
    return replace(CONTESTED, champion_version=by, **changes)  # type: ignore[arg-type]


def metric(evidence: Evidence, contender: str, **values: float) -> Evidence:
    """Change metrics of one contender."""
    return replace(evidence, metrics={**evidence.metrics, contender: {**evidence.metrics[contender], **values}})


def difference(evidence: Evidence, rival: str, **intervals: Interval) -> Evidence:
    """Change differences between the model and one rival."""
    return replace(evidence, differences={**evidence.differences, rival: {**evidence.differences[rival], **intervals}})


def beaten_by(evidence: Evidence, rival: str) -> Evidence:
    """Let a rival be better in all that counts."""
    worse = {"average_precision": Interval(-0.26, -0.27, -0.25), "log_loss": Interval(0.10, 0.09, 0.11)}
    swapped = {**evidence.metrics, MODEL: WEAK, rival: GOOD}
    return difference(replace(evidence, metrics=swapped), rival, **worse)
