"""The page that shows whether the world has left what the champion learned from."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hotarea.domain.drift import Histogram, distance
from hotarea.domain.drift_check import DriftPolicy
from hotarea.domain.drift_reference import Bins
from hotarea.domain.records import DriftCheck, LabelSet
from hotarea.stores.layout import write_aside
from hotarea.stores.page import rendered

_PERIODS = 24  # of the history that is shown


@dataclass(frozen=True)
class Distributions:
    """What was compared: each thing before, and at the newest cutoff."""

    features: Mapping[str, tuple[Bins, Bins]] = field(default_factory=dict)
    scores: tuple[Bins, Bins] | None = None
    new_documents: Mapping[str, tuple[Histogram, Histogram]] = field(default_factory=dict)


def write(
    check: DriftCheck,
    seen: Distributions,
    history: Sequence[DriftCheck],
    labels: Sequence[LabelSet],
    policy: DriftPolicy,
) -> None:
    """Write the page of one check; `history` are all checks so far, `labels` all published labels of the horizon."""
    ordered = _by_cutoff(history)
    text = rendered(
        "drift_report.html",
        c=check,
        policy=policy,
        rows=list(_rows(check, seen)),
        scores=_bars(seen.scores),
        new=list(_new(check, seen, policy)),
        psi_history=_psi_history(ordered),
        new_history=_new_history(ordered, policy),
        label_history=_label_history(labels),
        status={aspect: _status(check, aspect) for aspect in ("features", "predictions", "new_documents", "labels")},
    )
    write_aside(Path(check.report), text)


def _status(check: DriftCheck, aspect: str) -> str:
    if aspect in check.alarms:
        return "alarm"
    return "over" if aspect in check.over else "re-curated" if aspect in check.recurated else "calm"


def _rows(check: DriftCheck, seen: Distributions) -> Iterator[dict[str, Any]]:
    """Yield a line for each feature, the most important first."""
    from hotarea.stores import drift_plots

    for name in sorted(check.world, key=lambda n: -check.importance.get(n, 0.0)):
        yield {
            "name": name,
            "plot": drift_plots.bars(*seen.features[name]),
            "psi": check.world[name],
            "known_now": check.features.get(name, check.world[name]),
            "limit": check.limits[name],
            "importance": check.importance.get(name, 0.0),
            "over": check.world[name] > check.limits[name],
        }


def _bars(scores: tuple[Bins, Bins] | None) -> str:
    from hotarea.stores import drift_plots

    return drift_plots.bars(*scores) if scores else ""


def _new(check: DriftCheck, seen: Distributions, policy: DriftPolicy) -> Iterator[dict[str, Any]]:
    from hotarea.stores import drift_plots

    for name, (before, now) in seen.new_documents.items():
        yield {
            "name": name,
            "plot": drift_plots.steps(before, now),
            "found": check.new_documents[name],
            "limit": policy.new_documents[name],
            "where": distance(before, now),
        }


def _by_cutoff(history: Sequence[DriftCheck]) -> list[DriftCheck]:
    """Return the last check of each cutoff, the newest periods."""
    last = {c.cutoff: c for c in sorted(history, key=lambda c: (c.cutoff, c.known, c.checked_at))}
    return list(last.values())[-_PERIODS:]


def _psi_history(checks: Sequence[DriftCheck]) -> str:
    """Return how far the features were over the cutoffs: their PSI in parts of their limits, weighted."""
    from hotarea.stores import drift_plots

    known = [c for c in checks if c.world]
    if not known:
        return ""
    strain = [sum(c.importance.get(n, 0.0) * psi / c.limits[n] for n, psi in c.world.items()) for c in known]
    marked = ["features" in c.alarms for c in known]
    return drift_plots.line([c.cutoff for c in known], strain, 1.0, "PSI / limit", marked)


def _new_history(checks: Sequence[DriftCheck], policy: DriftPolicy) -> list[tuple[str, str]]:
    from hotarea.stores import drift_plots

    found = []
    for name, limit in policy.new_documents.items():
        known = [c for c in checks if name in c.new_documents]
        if known:
            marked = ["new_documents" in c.alarms for c in known]
            values = [c.new_documents[name] for c in known]
            found.append((name, drift_plots.line([c.cutoff for c in known], values, limit, "distance", marked)))
    return found


def _label_history(labels: Sequence[LabelSet]) -> str:
    from hotarea.stores import drift_plots

    known = sorted((s for s in labels if s.eligible), key=lambda s: s.cutoff)[-_PERIODS:]
    if not known:
        return ""
    shares = [s.hot / s.eligible for s in known]
    return drift_plots.line([s.cutoff for s in known], shares, None, "share hot", [False] * len(known))
