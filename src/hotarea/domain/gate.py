"""The gate: whether a candidate may replace the champion. A pure function of the evidence and the policy.

Three verdicts. REJECT: the candidate is worse, or cannot be trusted, or what it takes to know is missing. HOLD: nothing
stands against the model itself, but the evidence cannot decide (a difference whose interval holds both answers) or the
world has moved; a person decides. PROMOTE: every check has passed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import isfinite

from hotarea.domain.evaluation import CHAMPION, METRICS, MODEL
from hotarea.domain.evidence import SLICED_BY, TOPIC, Evidence, Interval, Slice
from hotarea.domain.gate_check import (
    Check,
    Outcome,
    above,
    at_least,
    at_most,
    between,
    bound,
    finite,
    missing_evidence,
    passed_if,
)
from hotarea.domain.gate_drift import drift
from hotarea.domain.gate_policy import Policy
from hotarea.domain.hindsight import CEILINGS, LEAST_ROWS, PRECISION
from hotarea.domain.records import SERVING


class Verdict(StrEnum):
    """What is to become of a candidate."""

    PROMOTE = "promote"
    HOLD = "hold"
    REJECT = "reject"


@dataclass(frozen=True)
class Judgement:
    """What is to become of the candidate: what its worst check says."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """REJECT if a check has failed, HOLD if one is held, PROMOTE if all have passed, and there were any."""
        outcomes = {check.outcome for check in self.checks}
        if Outcome.FAILED in outcomes or not outcomes:
            return Verdict.REJECT
        return Verdict.HOLD if Outcome.HELD in outcomes else Verdict.PROMOTE

    @property
    def reasons(self) -> list[str]:
        """One sentence for each check that stands against a promotion."""
        return [check.reason for check in self.checks if check.outcome is not Outcome.PASSED]


def decide(evidence: Evidence, policy: Policy) -> Judgement:
    """Check the evidence against the policy; missing evidence is a failed check that says what is missing."""
    rules = (_complete, _floors, _baselines, _champion, _slices, _overlap, _leakage, drift, _rehearsal, _serving)
    return Judgement(tuple(check for rule in rules for check in rule(evidence, policy)))


def not_beaten(evidence: Evidence, policy: Policy) -> list[str]:
    """Return the baselines that the candidate is not surely better than, which is why it would be rejected."""
    return [
        name
        for name in evidence.baselines
        if any(check.outcome is not Outcome.PASSED for check in _beats(name, evidence, policy))
    ]


def _complete(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    what = "hot areas among the evaluation rows"
    yield at_least("evidence: hot areas", evidence.hot, policy.evaluation.min_hot, what)
    contenders = (MODEL, *evidence.baselines, *_rival(evidence))
    missing = [f"{who} {name}" for who in contenders for name in METRICS if _metric(evidence, who, name) is None]
    reason = f"metrics are missing: {', '.join(missing)}" if missing else "every contender has its metrics"
    yield passed_if("evidence: metrics", not missing, float(len(missing)), 0.0, reason)


def _floors(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    floors, precision = policy.evaluation, _metric(evidence, MODEL, "average_precision")
    lift = precision / evidence.prevalence if precision is not None and evidence.hot and evidence.rows else None
    auc, error = _metric(evidence, MODEL, "roc_auc"), _metric(evidence, MODEL, "calibration_error")
    yield at_least("floor: roc_auc", auc, floors.min_roc_auc, "ROC AUC against its floor")
    yield at_least("floor: lift", lift, floors.min_lift, "average precision per prevalence against its floor")
    yield at_most(
        "calibration", error, floors.max_calibration_error, "how far scores differ from how often they come true"
    )


def _baselines(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """A baseline that is not certainly beaten wins: it costs nothing, so nobody is asked."""
    absent = [name for name in policy.baselines.required if name not in evidence.baselines]
    reason = (
        f"required baselines are missing: {', '.join(absent)}" if absent else "every required baseline was compared"
    )
    yield passed_if("evidence: baselines", not absent, float(len(absent)), 0.0, reason)
    for name in evidence.baselines:
        yield from _beats(name, evidence, policy)


def _beats(name: str, evidence: Evidence, policy: Policy) -> Iterator[Check]:
    rules, gains = policy.baselines, _gains(evidence, name)
    precision, loss = gains("average_precision"), gains("log_loss")
    what = f"{_GAINED['average_precision']} baseline {name}, lower bound{between(precision)}"
    yield above(f"beats {name}: average_precision", precision.lower if precision else None, rules.margin, what)
    yield bound(f"beats {name}: log_loss", loss, 0 - rules.log_loss_tolerance, f"{_GAINED['log_loss']} baseline {name}")


def _champion(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Where the estimate is within the tolerance, and its interval reaches beyond, the rows cannot decide."""
    if evidence.champion_version is None:
        yield passed_if("champion", True, 0.0, 0.0, "no champion yet: floors and baselines decide alone")
        return
    rules, gains = policy.champion, _gains(evidence, CHAMPION)
    who = f"champion version {evidence.champion_version} on the same rows"
    for metric, loss in (("average_precision", rules.tolerance), ("log_loss", rules.log_loss_tolerance)):
        gain = gains(metric)
        undecided = Outcome.HELD if gain and gain.estimate >= -loss else Outcome.FAILED
        yield bound(f"champion: {metric}", gain, 0 - loss, f"{_GAINED[metric]} {who}", undecided)


def _slices(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    if not evidence.slices:
        said = "the evaluation was not sliced; expected slices with their row counts"
        yield missing_evidence("slices", float(evidence.rows), said)
        return
    yield from _whole(evidence)
    judged = [name for name, part in evidence.slices.items() if _is_judged(part, policy)]
    small = [name for name in evidence.slices if name not in judged]
    told = f"not judged, as they hold fewer than {policy.slices.min_rows} rows or {policy.slices.min_hot} hot areas: "
    reason = told + ", ".join(small) if small else "every slice is large enough to judge"
    yield passed_if("slices: too small", True, float(len(small)), float(len(evidence.slices)), reason)
    if evidence.champion_version is not None:  # else nobody could tell that no slice was compared
        what = "slices that are large enough to be compared with the champion's"
        yield at_least("slices: judged", len(judged), 1, what, Outcome.HELD)
    for name in judged:
        yield _slice(evidence, policy, name, evidence.slices[name])


def _whole(evidence: Evidence) -> Iterator[Check]:
    """Every row is in one slice of each kind, so that one which was left out is noticed by its rows."""
    for kind in SLICED_BY:
        parts = [part.rows for name, part in evidence.slices.items() if name.startswith(f"{kind}: ")]
        if parts or kind != TOPIC:  # a corpus without topics has no slices of them
            reason = f"evaluation rows in the slices by {kind}: {sum(parts):,}, expected all {evidence.rows:,}"
            whole = sum(parts) == evidence.rows
            yield passed_if(f"slices: {kind}", whole, float(sum(parts)), float(evidence.rows), reason)


def _is_judged(part: Slice, policy: Policy) -> bool:
    return part.rows >= policy.slices.min_rows and part.hot >= policy.slices.min_hot


def _slice(evidence: Evidence, policy: Policy, name: str, part: Slice) -> Check:
    title, least = f"slice: {name}", 0 - policy.slices.tolerance
    missing = [who for who in (MODEL, *_rival(evidence)) if _of(part.metrics, who, "average_precision") is None]
    if missing:
        return missing_evidence(title, least, f"average precision in {name} is missing of: {', '.join(missing)}")
    if evidence.champion_version is None:
        reached = _of(part.metrics, MODEL, "average_precision")
        return passed_if(title, True, reached, None, f"average precision in {name}; no champion yet to compare with")
    gain = _interval(part.difference)
    estimate = gain.estimate if gain else None
    certain = gain is None or gain.upper < 0
    what = f"{_GAINED['average_precision']} the champion in {name} ({part.rows:,} rows){between(gain)}"
    return at_least(title, estimate, least, what, Outcome.FAILED if certain else Outcome.HELD)


def _overlap(evidence: Evidence, policy: Policy) -> Iterator[Check]:  # noqa: ARG001 - none is borne
    for who in (MODEL, *_rival(evidence)):
        what = f"evaluation rows among those that the {who} learned from"
        yield at_most(f"overlap: {who}", evidence.overlap.get(who), 0, what)


def _leakage(evidence: Evidence, policy: Policy) -> Iterator[Check]:  # noqa: ARG001 - its limits are measured facts
    precision = _metric(evidence, MODEL, "average_precision")
    yield at_most("leakage: too good", precision, PRECISION, "average precision against what an honest model reaches")
    for reference, ceiling in CEILINGS.items():
        yield _hindsight(evidence, reference, ceiling)


def _hindsight(evidence: Evidence, reference: str, ceiling: float) -> Check:
    """Of too few documents nothing can be told for or against the candidate, so a person is asked."""
    name, rows = f"leakage: {reference}", evidence.hindsight_rows.get(reference)
    if rows is None:
        said = f"of how many documents {reference} is known is missing; expected their number"
        return missing_evidence(name, ceiling, said)
    if rows < LEAST_ROWS:
        said = f"too few rows to tell a leak of {reference}: {rows}, expected at least {LEAST_ROWS}"
        return Check(name, Outcome.HELD, None, ceiling, said)
    what = f"greatest agreement of a feature with {reference}, which only hindsight knows"
    return at_most(name, evidence.hindsight.get(reference), ceiling, what)


def _rehearsal(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """A model that does not load, or scores otherwise, is rejected; slowness may be the machine's."""
    rules, rehearsal = policy.rehearsal, evidence.rehearsal
    if rehearsal is None:
        said = "no fresh process has loaded the model; expected a rehearsal of its registered file"
        yield missing_evidence("rehearsal", float(rules.min_requests), said)
        return
    if rehearsal.error:
        said = f"a fresh process could not use the registered file: {rehearsal.error}"
        yield passed_if("rehearsal: loads", False, 0.0, 1.0, said)
        return
    yield passed_if("rehearsal: loads", True, 1.0, 1.0, "a fresh process loads the model")
    what = "requests that a fresh process answered"
    yield at_least("rehearsal: requests", rehearsal.requests, rules.min_requests, what)
    what = "requests whose score is not the evaluation's to the bit"
    yield at_most("rehearsal: scores", rehearsal.differing, 0, what)
    what, slow = "seconds of the processor until the model is loaded", Outcome.HELD
    yield at_most("rehearsal: loading", rehearsal.loading_s, rules.max_loading_s, what, slow)
    what = "milliseconds of the processor, not of the clock, in which 99 % of all answers are given"
    yield at_most("rehearsal: latency", rehearsal.p99_ms, rules.max_p99_ms, what, slow)


def _serving(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    if not evidence.serves:
        yield passed_if(SERVING, True, 0.0, 0.0, "this home serves nothing online, as a replay's: nothing can differ")
        return
    views = evidence.online_views
    what = "views served online of those that the model reads"
    yield at_least(SERVING, None if views is None else len(views), 1, what)
    for view in views or ():
        yield from _agreement(view, evidence, policy)


def _agreement(view: str, evidence: Evidence, policy: Policy) -> Iterator[Check]:
    rules, found = policy.serving, evidence.agreement.get(view)
    if found is None:
        said = f"no audit says whether {view} answers online as offline"
        yield missing_evidence(f"{SERVING}: {view}", rules.max_disagreement, said)
        return
    what = f"documents of {view} whose online answers were compared"
    yield at_least(f"{SERVING}: {view}, documents", found.documents, rules.min_documents, what)
    newest = evidence.newest_cutoff.partition("@")[0]
    behind = _days_behind(found.cutoff, newest)
    reason = f"{view} serves cutoff {found.cutoff or 'unknown'}, expected {newest} or later"
    yield passed_if(f"{SERVING}: {view}, cutoff", behind == 0, behind, 0.0, reason)
    what = f"share of audited documents that {view} answers otherwise online than offline"
    yield at_most(f"{SERVING}: {view}", found.share, rules.max_disagreement, what)


def _days_behind(served: str, newest: str) -> float | None:
    """Return how many days a cutoff that is served is older than the newest; None where one of them is no day."""
    try:
        return float(max((date.fromisoformat(newest) - date.fromisoformat(served)).days, 0))
    except ValueError:
        return None


_GAINED = {"average_precision": "average precision gained on", "log_loss": "log loss saved against"}


def _rival(evidence: Evidence) -> tuple[str, ...]:
    return () if evidence.champion_version is None else (CHAMPION,)


def _gains(evidence: Evidence, rival: str) -> Callable[[str], Interval | None]:
    """Return by metric what the model has gained on a rival: of log loss, less is more."""

    def gain(metric: str) -> Interval | None:
        found = _interval(evidence.differences.get(rival, {}).get(metric))
        return Interval(-found.estimate, -found.upper, -found.lower) if found and metric == "log_loss" else found

    return gain


def _interval(found: Interval | None) -> Interval | None:
    whole = found is not None and all(map(isfinite, (found.estimate, found.lower, found.upper)))
    return found if whole else None


def _metric(evidence: Evidence, contender: str, metric: str) -> float | None:
    return _of(evidence.metrics, contender, metric)


def _of(metrics: Mapping[str, Mapping[str, float]], contender: str, metric: str) -> float | None:
    return finite(metrics.get(contender, {}).get(metric))
