"""What policies would have served over past releases, and how good that was."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import isfinite
from statistics import fmean

from hotarea.domain.replay import GATED, NEVER, POLICIES, PRECISION, PolicyOutcome, Score, Served, Step, told_at


def in_service(steps: Sequence[Step], policy: str) -> list[int | None]:
    """Return the version that a policy has in service after each step; None before its first.

    The first champion of `never_retrain` is the first that the gate accepts: nobody would serve what it refused.
    """
    gated = [step.champion for step in steps]
    if policy == GATED:
        return gated
    if policy == NEVER:
        return _carried(gated)
    return _carried((s.candidate.version if s.candidate else None for s in steps), newest=True)


def outcomes(steps: Sequence[Step], scores: Iterable[Score]) -> tuple[PolicyOutcome, ...]:
    """Return what each policy would have served, and how good it was.

    That is told of the newest cutoff of each release, and of every cutoff that was scored: a delivery in the middle of
    a year makes known the year's end before it, at which models are evaluated, and its own date, at which none is.
    """
    table = {(score.version, score.cutoff): score.metrics for score in scores}
    lines = {policy: _served(steps, in_service(steps, policy), table) for policy in POLICIES}
    found = [PolicyOutcome(policy, served, _changes(served), {}, None) for policy, served in lines.items()]
    common = compared(found)
    return tuple(_averaged(outcome, common) for outcome in found)


def compared(found: Iterable[PolicyOutcome]) -> list[date]:
    """Return the matured cutoffs at which some policy had a model."""
    found = list(found)
    matured = [{s.cutoff for s in outcome.served if s.metrics} for outcome in found]
    modelled = {s.cutoff for outcome in found for s in outcome.served if s.version is not None}
    return sorted(modelled.intersection(*matured))


def _carried(versions: Iterable[int | None], *, newest: bool = False) -> list[int | None]:
    """Carry the first version on, or always the newest one."""
    line: list[int | None] = []
    for version in versions:
        last = line[-1] if line else None
        line.append(version if version is not None and (last is None or newest) else last)
    return line


def _served(
    steps: Sequence[Step], line: Sequence[int | None], table: Mapping[tuple[int | None, date], dict[str, float]]
) -> tuple[Served, ...]:
    """Return who served at each cutoff, in the order of their days."""
    served = []
    for cutoff in sorted({step.cutoff for step in steps} | {cutoff for _, cutoff in table}):
        place = told_at(steps, cutoff)
        metrics = table.get((line[place], cutoff), {})
        there = [m[PRECISION] for (_, day), m in table.items() if day == cutoff and PRECISION in m]
        regret = max(there) - metrics[PRECISION] if PRECISION in metrics else None
        served.append(Served(cutoff, steps[place].release, line[place], metrics, regret))
    return tuple(served)


def _changes(served: Iterable[Served]) -> int:
    versions = [s.version for s in served]
    return sum(now is not None and now != before for before, now in pairwise([None, *versions]))


def _averaged(outcome: PolicyOutcome, cutoffs: Container[date]) -> PolicyOutcome:
    """Return an outcome with its means over some of the cutoffs."""
    common = [s for s in outcome.served if s.cutoff in cutoffs]
    names = dict.fromkeys(name for s in common for name in s.metrics)
    means = {name: _mean(s.metrics.get(name) for s in common) for name in names}
    return replace(
        outcome,
        means={name: value for name, value in means.items() if value is not None},
        regret=_mean(s.regret for s in common),
    )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None and isfinite(value)]
    return fmean(known) if known else None
