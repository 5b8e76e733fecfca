"""The gate: whether a candidate may replace the champion. A pure function of the evidence and the policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from hotarea.domain.evaluation import CHAMPION, METRICS, MODEL
from hotarea.domain.evidence import Evidence


@dataclass(frozen=True)
class Policy:
    """The thresholds, each with its reason; measured on arxiv_cs (2017) and hepth (1999) at a horizon of 3 years."""

    min_hot: int = 50
    """Hot areas in the evaluation: with fewer, chance alone moves average precision by 0.05 and more."""

    min_roc_auc: float = 0.80
    """Guards against a broken evaluation, in which the baselines fail too: labels or rows that do not belong together
    give 0.5. It does not separate models: `rate_1y` alone has 0.92 (arxiv_cs) and 0.93 (hepth)."""

    min_lift: float = 4.0
    """Average precision per prevalence; a guard like `min_roc_auc`. Chance gives 1, and `rate_1y` alone 6.7 (average
    precision 0.674, arxiv_cs): a model must beat that by the check against the baselines, not by this floor."""

    baseline_margin: float = 0.01
    """By how much average precision must exceed every baseline's. Over resampled rows the difference between two
    contenders has a standard deviation of 0.003 (55,000 rows) to 0.008 (14,000 rows)."""

    champion_tolerance: float = 0.01
    """By how much average precision may fall short of the champion's on the same rows. Another seed moves it by
    0.001; a newer candidate is worth some loss on the past, because it has seen the newest matured cutoff."""

    champion_log_loss_tolerance: float = 0.005
    """By how much log loss may exceed the champion's on the same rows; another seed moves it by 0.0007."""

    max_psi: float = 1.0
    """PSI of a feature between the training rows and the newest cutoff. The usual limit of 0.25 is for a population
    that is scored again; here six years and a growing corpus lie between. Percentiles moved by at most 0.7 in the real
    corpora, in arXiv's partly delivered 2020. It is coarse: on the sample five features move by 1.9 to 2.4 where the
    newest release has lost 95 % of its citations (tested); one that has lost half may pass."""

    psi_growth: float = 2.5
    """A feature that has moved at the evaluation cutoff already may move on, because the metrics there show that
    the model bears it: PSI grows with the square of a steady shift, and the newest cutoff is some 8 years from the
    middle of the training rows where the evaluation is 5: (8/5)² = 2.56. In hepth, whose corpus is young, ages moved
    by 0.7 at the evaluation and by 1.2 at the newest cutoff."""

    psi_ceiling: float = 2.0
    """What no feature may exceed, however far it had moved at the evaluation: about what a nearly empty release gives
    (see `max_psi`)."""


POLICY = Policy()


@dataclass(frozen=True)
class Check:
    """One question to the evidence, its answer and what it was held against; `value` is None where it is missing."""

    name: str
    passed: bool
    value: float | None
    threshold: float | None
    reason: str


@dataclass(frozen=True)
class Decision:
    """Whether the candidate is accepted: only if every check has passed."""

    accepted: bool
    checks: tuple[Check, ...]

    @property
    def reasons(self) -> list[str]:
        """One sentence for each check that failed."""
        return [check.reason for check in self.checks if not check.passed]


def decide(evidence: Evidence, policy: Policy = POLICY) -> Decision:
    """Check the evidence against the policy; missing evidence is a failed check that says so."""
    checks = (
        *_complete(evidence, policy),
        *_floors(evidence, policy),
        *_baselines(evidence, policy),
        *_champion(evidence, policy),
        *_drift(evidence, policy),
    )
    return Decision(all(check.passed for check in checks), checks)


def _complete(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    yield _at_least("evidence: hot areas", evidence.hot, policy.min_hot, "hot areas among the evaluation rows")
    contenders = (MODEL, *evidence.baselines, *([] if evidence.champion_version is None else [CHAMPION]))
    missing = [f"{who} {name}" for who in contenders for name in METRICS if _metric(evidence, who, name) is None]
    reason = f"metrics are missing: {', '.join(missing)}" if missing else "every contender has its metrics"
    yield Check("evidence: metrics", not missing, float(len(missing)), 0.0, reason)


def _floors(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    auc = _metric(evidence, MODEL, "roc_auc")
    yield _at_least("floor: roc_auc", auc, policy.min_roc_auc, "ROC AUC against its floor")
    precision = _metric(evidence, MODEL, "average_precision")
    lift = precision / evidence.prevalence if precision is not None and evidence.hot else None
    yield _at_least("floor: lift", lift, policy.min_lift, "average precision per prevalence against its floor")


def _baselines(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    precision, loss = (_metric(evidence, MODEL, name) for name in ("average_precision", "log_loss"))
    if not evidence.baselines:
        yield Check("baselines", False, None, None, "no baseline was named; expected at least one to beat")
    for name in evidence.baselines:
        rival = _plus(_metric(evidence, name, "average_precision"), policy.baseline_margin)
        title = f"beats {name}: average_precision"
        yield _at_least(title, precision, rival, f"average precision against that of baseline {name} and a margin")
        rival = _metric(evidence, name, "log_loss")
        yield _at_most(f"beats {name}: log_loss", loss, rival, f"log loss against that of baseline {name}")


def _champion(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    if evidence.champion_version is None:
        yield Check("champion", True, None, None, "no champion yet: floors and baselines decide alone")
        return
    who = f"champion version {evidence.champion_version} on the same rows, within the tolerance"
    precision, loss = (_metric(evidence, MODEL, name) for name in ("average_precision", "log_loss"))
    rival = _plus(_metric(evidence, CHAMPION, "average_precision"), -policy.champion_tolerance)
    yield _at_least("champion: average_precision", precision, rival, f"average precision against {who}")
    rival = _plus(_metric(evidence, CHAMPION, "log_loss"), policy.champion_log_loss_tolerance)
    yield _at_most("champion: log_loss", loss, rival, f"log loss against {who}")


def _drift(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    if not evidence.features:
        yield Check("drift", False, None, None, "the model names no features, so none could be compared")
    for name in evidence.features:
        moved, before = (_number(psi.get(name)) for psi in (evidence.drift, evidence.drift_evaluation))
        limit = None if before is None else max(policy.max_psi, min(policy.psi_growth * before, policy.psi_ceiling))
        where = f"between the training rows and cutoff {evidence.newest_cutoff}"
        yield _at_most(f"drift: {name}", moved, limit, f"PSI of {name} {where}")


def _metric(evidence: Evidence, contender: str, metric: str) -> float | None:
    return _number(evidence.metrics.get(contender, {}).get(metric))


def _number(value: float | None) -> float | None:
    return value if value is not None and isfinite(value) else None


def _plus(value: float | None, margin: float) -> float | None:
    return None if value is None else value + margin


def _at_least(name: str, value: float | None, threshold: float | None, what: str) -> Check:
    passed = value is not None and threshold is not None and value >= threshold
    return Check(name, passed, value, threshold, _sentence(what, value, threshold, "at least"))


def _at_most(name: str, value: float | None, threshold: float | None, what: str) -> Check:
    passed = value is not None and threshold is not None and value <= threshold
    return Check(name, passed, value, threshold, _sentence(what, value, threshold, "at most"))


def _sentence(what: str, value: float | None, threshold: float | None, relation: str) -> str:
    found = "missing" if value is None else f"{value:.4g}"
    expected = "a threshold that is missing" if threshold is None else f"{relation} {threshold:.4g}"
    return f"{what}: {found}, expected {expected}"
