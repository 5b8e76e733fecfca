"""Whether the world has left what the champion learned from: a pure function of distances, policy and history."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from hotarea.domain.errors import SettingsError
from hotarea.domain.model_features import MODEL_FEATURES, NEW_DOCUMENT_FEATURES
from hotarea.domain.ranges import Count, Factor, Index, Part
from hotarea.domain.tables import FEATURES as COLUMNS

FEATURES, PREDICTIONS, NEW_DOCUMENTS, LABELS = "features", "predictions", "new_documents", "labels"

ASPECTS = (FEATURES, PREDICTIONS, NEW_DOCUMENTS, LABELS)
"""What is watched. Each has limits, and a number of periods after which it is an alarm."""


class Patience(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An aspect is an alarm once it was over its limits in `over` of the last `of` periods."""

    over: Count
    of: Count

    def __post_init__(self) -> None:
        if not 1 <= self.over <= self.of:
            raise ValueError(f"over {self.over} of {self.of} periods; expected at least one, and no more than all")


class Alarm(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """After how many periods each aspect is an alarm."""

    features: Patience
    predictions: Patience
    new_documents: Patience
    labels: Patience


class Live(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much more than the baseline matured predictions may have lost since the champion's evaluation."""

    drop: Part
    fewest_hot: Count


class DriftPolicy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`policy/drift.toml`, where each number has its reason."""

    share: Annotated[float, msgspec.Meta(ge=0, lt=1)]
    at_once: Factor
    growth: Factor
    fewest: Count
    predictions: Index
    label_share: Part
    features: dict[str, Index]
    new_documents: dict[str, Part]
    alarm: Alarm
    live: Live

    def __post_init__(self) -> None:
        # a champion of an earlier version may read columns that today's model does not
        _check_names("features", self.features, MODEL_FEATURES, COLUMNS.names)
        _check_names("new_documents", self.new_documents, NEW_DOCUMENT_FEATURES, NEW_DOCUMENT_FEATURES)


def _check_names(table: str, given: Mapping[str, float], needed: Collection[str], known: Collection[str]) -> None:
    """Raise ValueError, which names the table, if it lacks a limit or has one for what is not there."""
    absent = [f"gives no limit for {name}" for name in needed if name not in given]
    unknown = [f"names {name} = {limit}, which nothing is called" for name, limit in given.items() if name not in known]
    if absent or unknown:
        raise ValueError(f"{table} {', '.join((*unknown, *absent))}; expected one limit each for {', '.join(needed)}")


@dataclass(frozen=True)
class Measured:
    """How far each thing is from the champion's reference; None and absence stand for what cannot be compared."""

    features: Mapping[str, float]  # PSI
    importance: Mapping[str, float]  # shares, which sum to 1
    limits: Mapping[str, float]  # of the features, for this champion
    predictions: float | None = None  # PSI of the champion's scores
    new_documents: Mapping[str, float] = field(default_factory=dict)  # Kolmogorov-Smirnov distance
    label_share: float | None = None  # hot areas among the eligible at the newest matured cutoff, less what is expected


@dataclass(frozen=True)
class Period:
    """An earlier cutoff of the same reign: which aspects were over their limits; none if nobody looked at it."""

    over: Sequence[str]


@dataclass(frozen=True)
class Verdict:
    """Which aspects are over their limits now, which of them are an alarm, and why, in words."""

    over: tuple[str, ...]
    alarms: tuple[str, ...]
    reasons: tuple[str, ...]


def judge(measured: Measured, policy: DriftPolicy, earlier: Sequence[Period]) -> Verdict:
    """Hold what was measured against the policy; `earlier` are the periods before, the newest last.

    Features count by what they matter to the champion. An aspect that is `at_once` times over its limits is an alarm
    without waiting for another period.
    """
    found = {aspect: _reasons(aspect, measured, policy, 1.0) for aspect in ASPECTS}
    over = tuple(aspect for aspect, reasons in found.items() if reasons)
    alarms = tuple(a for a in over if _reasons(a, measured, policy, policy.at_once) or _lasts(a, policy, earlier))
    return Verdict(over, alarms, tuple(reason for aspect in over for reason in found[aspect]))


def moved(measured: Measured, factor: float = 1.0) -> list[str]:
    """Return the features that are over their limits, the most important first."""
    names = [name for name, psi in measured.features.items() if psi > factor * measured.limits[name]]
    return sorted(names, key=lambda name: -measured.importance.get(name, 0.0))


def limits(features: Iterable[str], borne: Mapping[str, float], policy: DriftPolicy) -> dict[str, float]:
    """Return the PSI that each feature may have: the policy's, or more if the champion was shown to bear more.

    `borne` is how far each had moved at the champion's evaluation. Raises `SettingsError` for a feature without limit.
    """
    names = list(features)
    unknown = [name for name in names if name not in policy.features]
    if unknown:
        raise SettingsError(
            f"policy/drift.toml gives no limit for {', '.join(unknown)}; expected one for each feature of the model. "
            "Add it below [features], with its reason."
        )
    return {name: max(policy.features[name], policy.growth * borne.get(name, 0.0)) for name in names}


def _lasts(aspect: str, policy: DriftPolicy, earlier: Sequence[Period]) -> bool:
    patience: Patience = getattr(policy.alarm, aspect)
    last = [aspect in period.over for period in earlier[-(patience.of - 1) :]] if patience.of > 1 else []
    return 1 + sum(last) >= patience.over


def _reasons(aspect: str, measured: Measured, policy: DriftPolicy, factor: float) -> list[str]:
    """Return in words how an aspect is over its limits, these taken `factor` times; nothing if it is not."""
    return {
        FEATURES: _of_features,
        PREDICTIONS: _of_predictions,
        NEW_DOCUMENTS: _of_new_documents,
        LABELS: _of_labels,
    }[aspect](measured, policy, factor)


def _of_features(measured: Measured, policy: DriftPolicy, factor: float) -> list[str]:
    names = moved(measured, factor)
    weight = sum(measured.importance.get(name, 0.0) for name in names)
    if weight <= policy.share:
        return []
    told = ", ".join(f"{n} ({measured.features[n]:.2f}, at most {factor * measured.limits[n]:.2f})" for n in names)
    return [
        f"features that carry {weight:.0%} of the model's gain have left their range, at most {policy.share:.0%} may: "
        f"{told}"
    ]


def _of_predictions(measured: Measured, policy: DriftPolicy, factor: float) -> list[str]:
    found, limit = measured.predictions, factor * policy.predictions
    return [f"PSI of the champion's scores is {found:.2f}, at most {limit:.2f}"] if found and found > limit else []


def _of_new_documents(measured: Measured, policy: DriftPolicy, factor: float) -> list[str]:
    return [
        f"{name} of the new documents is {found:.2f} from that of those before, at most {limit:.2f}"
        for name, found in measured.new_documents.items()
        if found > (limit := factor * policy.new_documents[name])
    ]


def _of_labels(measured: Measured, policy: DriftPolicy, factor: float) -> list[str]:
    found, limit = measured.label_share, factor * policy.label_share
    if found is None or abs(found) <= limit:
        return []
    return [f"the share of hot areas is {found:+.3f} from what the label's quantile gives, at most {limit:.3f}"]
