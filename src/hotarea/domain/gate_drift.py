"""The gate's checks of drift: how far what the model reads and says has moved since, by what that matters to it."""

from collections.abc import Iterator

from hotarea.domain.evidence import Evidence
from hotarea.domain.gate_check import Check, Outcome, at_most, finite, missing_evidence, passed_if
from hotarea.domain.gate_policy import Policy

_ROUNDING = 1e-6
"""By so much the sum of the shares of the gain may differ from 1."""


def drift(evidence: Evidence, policy: Policy) -> Iterator[Check]:
    """Yield the checks of the features, of all of them by their share of the gain, and of the model's scores."""
    if not evidence.features:
        yield missing_evidence("drift", 1.0, "the model names no features, so none could be compared")
        return
    yield _importance(evidence)
    for name in evidence.features:
        yield _feature(evidence, policy, name)
    rules, where = policy.drift, f"between the training rows and cutoff {evidence.newest_cutoff}"
    pairs = [(finite(evidence.importance.get(n)), finite(evidence.drift.get(n))) for n in evidence.features]
    known = [weight * moved for weight, moved in pairs if weight is not None and moved is not None]
    mean = sum(known) if len(known) == len(pairs) else None
    what = f"PSI of all features by their share of the gain, {where}"
    yield at_most("drift: weighted", mean, rules.max_weighted_psi, what, Outcome.HELD)
    what = f"PSI of the model's scores between the evaluation rows and cutoff {evidence.newest_cutoff}"
    yield at_most("drift: predictions", evidence.prediction_drift, rules.max_predictions_psi, what, Outcome.HELD)


def _importance(evidence: Evidence) -> Check:
    """What has no share of the gain may move as it likes, so that shares which are none would pass any drift."""
    known = [share for n in evidence.features if (share := finite(evidence.importance.get(n))) is not None]
    total = sum(known) if len(known) == len(evidence.features) else None
    sound = total is not None and min(known) >= 0 and abs(total - 1) <= _ROUNDING
    found = "are missing" if total is None else f"sum to {total:.7g}, the least of them {min(known):.4g}"
    cause = ", as of a model without any split" if total == 0 else ""
    reason = f"the features' shares of the gain {found}{cause}; expected a sum of 1, and none below 0"
    return passed_if("evidence: importance", sound, total, 1.0, reason)


def _feature(evidence: Evidence, policy: Policy, name: str) -> Check:
    """The world may have moved, or the data: the metrics cannot tell, so a person is asked."""
    moved, before, weight = (
        finite(values.get(name)) for values in (evidence.drift, evidence.drift_evaluation, evidence.importance)
    )
    limit = None if before is None or weight is None else policy.drift.limit(before)
    share = "an unknown share" if weight is None else f"{weight:.1%}"
    what = f"PSI of {name} ({share} of the gain) between the training rows and cutoff {evidence.newest_cutoff}"
    matters = weight is None or weight >= policy.drift.min_importance
    if moved is not None and limit is not None and moved > limit and not matters:
        reason = f"{what}: {moved:.4g}, beyond {limit:.4g}, but it hardly moves the scores"
        return passed_if(f"drift: {name}", True, moved, limit, reason)
    return at_most(f"drift: {name}", moved, limit, what, Outcome.HELD)
