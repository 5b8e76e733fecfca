"""A replay: what the loop did at each past release, and what other policies would have served instead."""

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from math import isfinite
from statistics import fmean

PRECISION = "average_precision"
"""What policies are compared by."""

SHOWN = (PRECISION, "precision_at_100", "log_loss")
"""What is shown of each policy, as far as it was measured."""

BASELINE = "rate_1y"
"""The single feature that ranks hot areas best; who has no model goes by it."""

BECAME = {"promote": "promoted", "hold": "held", "reject": "refused"}
"""What becomes of a candidate by each verdict, where nobody is asked."""

GATED, NEVER, ALWAYS = "gated", "never_retrain", "always_promote"

POLICIES = {
    GATED: "the gate decides, and a candidate that it holds is not promoted",
    NEVER: "the first champion stays for ever",
    ALWAYS: "the newest candidate serves, whatever the gate says",
}


@dataclass(frozen=True)
class Candidate:
    """What one release's training gave, and what the gate said of it."""

    training_id: str
    version: int
    rows: int
    dataset_sha256: str
    training_cutoffs: tuple[str, ...]
    evaluation_cutoff: str
    verdict: str  # of the gate, promote, hold or reject
    refused_for: tuple[str, ...]  # names of the checks that failed
    reasons: tuple[str, ...]  # one sentence for each of them
    metrics: dict[str, dict[str, float]]  # contender -> metric -> value, at the evaluation cutoff


@dataclass(frozen=True)
class Step:
    """One release, and what the loop did when it came."""

    release: date
    cutoff: date  # the newest that was known then
    outcome: str  # in words
    candidate: Candidate | None  # None where nothing was trained
    champion: int | None  # the version in service after it
    promoted: bool
    drifted: tuple[str, ...]  # aspects over their limits, before anything was trained
    alarms: tuple[str, ...]  # those of them that are an alarm
    drift_reasons: tuple[str, ...]  # one sentence for each aspect that is over
    changed: tuple[str, ...]  # in what the release's new works differ from those before
    seconds: float


@dataclass(frozen=True)
class Score:
    """A version on the documents of a cutoff, of which nothing but what was known then had been seen."""

    version: int | None  # None for the baseline, which stands in where no model serves
    cutoff: date
    rows: int
    hot: int
    metrics: dict[str, float]


@dataclass(frozen=True)
class Served:
    """Whom a policy had in service at a cutoff, and how good that turned out once the labels matured."""

    cutoff: date
    release: date  # with which the cutoff became known
    version: int | None  # None where the baseline stands in
    metrics: dict[str, float]  # empty where the labels have not matured
    regret: float | None  # how much more average precision the best had, of the baseline and all candidates until then


@dataclass(frozen=True)
class PolicyOutcome:
    """One policy over the whole replay; means are over the matured cutoffs from the first candidate on."""

    policy: str
    served: tuple[Served, ...]
    changes: int  # how often another version came into service, the first included
    means: dict[str, float]
    regret: float | None


@dataclass(frozen=True)
class Ageing:
    """A version's average precision as it aged, beside that of a candidate that was new then."""

    version: int
    trained: date  # the newest cutoff when it was trained
    was_champion: bool
    precision: dict[int, float]  # years since -> average precision
    relative: dict[int, float]  # years since -> that per the new candidate's on the same documents


@dataclass(frozen=True)
class Replay:
    """All that a replay found."""

    source: str
    synthetic: bool
    first: int  # year of the first release that was replayed
    last: int
    horizon_years: int
    steps: tuple[Step, ...]
    verdicts: dict[str, int]  # how many candidates got each
    refused_for: dict[str, int]  # failed check -> candidates
    baseline: str  # what stands in where no model serves
    outcomes: tuple[PolicyOutcome, ...]
    ageing: tuple[Ageing, ...]
    staleness: dict[int, float]  # years since training -> mean relative average precision
    scores: tuple[Score, ...]
    seconds: float
    stages: dict[str, float] = field(default_factory=dict)  # what took how many seconds

    def outcome(self, policy: str) -> PolicyOutcome:
        """Return what a policy gave."""
        return next(found for found in self.outcomes if found.policy == policy)

    def matured(self, policy: str) -> dict[date, float]:
        """Return by release the average precision of whoever served, at the last matured cutoff that it made known."""
        return {s.release: s.metrics[PRECISION] for s in self.outcome(policy).served if PRECISION in s.metrics}


def told_at(steps: Sequence[Step], cutoff: date) -> int:
    """Return the place of the release with which a cutoff became known: whoever served after it, served there.

    That is the first that covers it. Corrections of that release, which cover no later day, belong to it: the last
    of them counts. Raises `ValueError` if none of them covers the cutoff.
    """
    covered = [step.cutoff for step in steps if step.cutoff >= cutoff]
    if not covered:
        raise ValueError(
            f"cutoff {cutoff} is after the newest of the replay, {steps[-1].cutoff}; expected one until then"
        )
    first = min(covered)
    return max(place for place, step in enumerate(steps) if step.cutoff == first)


def compared(found: Iterable[PolicyOutcome]) -> list[date]:
    """Return the matured cutoffs at which some policy had a model."""
    found = list(found)
    matured = [{s.cutoff for s in outcome.served if s.metrics} for outcome in found]
    modelled = {s.cutoff for outcome in found for s in outcome.served if s.version is not None}
    return sorted(modelled.intersection(*matured))


def headline(replay: Replay) -> list[str]:
    """Say in sentences what the replay found."""
    candidates = sum(replay.verdicts.values())
    promoted, held, refused = (replay.verdicts.get(verdict, 0) for verdict in ("promote", "hold", "reject"))
    said = [f"The gate promoted {promoted} of {candidates} candidates, held {held} and refused {refused}."]
    if replay.refused_for:
        why = ", ".join(f"{name} ({count})" for name, count in replay.refused_for.items())
        said.append(f"Against the others stood: {why}.")
    means = {outcome.policy: outcome.means.get(PRECISION) for outcome in replay.outcomes}
    ours, never, always = (means[policy] for policy in (GATED, NEVER, ALWAYS))
    if ours is not None and never is not None and always is not None:
        said.append(
            f"What served reached an average precision of {ours:.3f}; never retraining would have given "
            f"{never:.3f} ({never - ours:+.3f}), always promoting {always:.3f} ({always - ours:+.3f})."
        )
    told = [age for age in replay.staleness if age and aged(replay.ageing, age) > 1]
    kept = [f"{replay.staleness[age]:.0%} after {age} year{'s' if age > 1 else ''}" for age in told]
    if kept:
        said.append(f"Of a new model's average precision, an old one kept {', '.join(kept)}.")
    return said


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


def ageing(steps: Sequence[Step], scores: Iterable[Score]) -> tuple[Ageing, ...]:
    """Return how each version's average precision went with the years since its newest cutoff.

    Cutoffs differ in difficulty, so what counts is the share of what the newest candidate of that time reached on the
    same documents; where it was not new itself, as none was trained for half a year, nothing is told.
    """
    trained = {step.candidate.version: step.cutoff for step in steps if step.candidate}
    crowned = {step.champion for step in steps}
    found = {(s.version, s.cutoff): s.metrics[PRECISION] for s in scores if PRECISION in s.metrics}
    new = {day: value for (who, day), value in found.items() if value and who is not None and who == _new(steps, day)}
    table = []
    for version, since in sorted(trained.items()):
        here = dict(sorted((cutoff, value) for (who, cutoff), value in found.items() if who == version))
        if here:
            first = min(since, *here)  # a delivery makes known the year's end before it as well
            precision = {_age(first, day): value for day, value in here.items()}
            relative = {_age(first, day): here[day] / new[day] for day in here if day in new}
            table.append(Ageing(version, since, version in crowned, precision, relative))
    return tuple(table)


def staleness(table: Iterable[Ageing]) -> dict[int, float]:
    """Return by years since training the mean share of a new candidate's average precision that was left."""
    by_age: dict[int, list[float]] = {}
    for row in table:
        for age, share in row.relative.items():
            by_age.setdefault(age, []).append(share)
    return {age: fmean(by_age[age]) for age in sorted(by_age)}


def baseline_scores(steps: Iterable[Step], scores: Iterable[Score]) -> list[Score]:
    """Return how the baseline did at the cutoffs that versions were scored on: as the candidates' evaluations told."""
    told = {s.candidate.evaluation_cutoff: s.candidate.metrics.get(BASELINE, {}) for s in steps if s.candidate}
    scored = {score.cutoff: score for score in scores}
    return [
        replace(score, version=None, metrics=told[str(cutoff)])
        for cutoff, score in scored.items()
        if told.get(str(cutoff))
    ]


def aged(table: Iterable[Ageing], age: int) -> int:
    """Return how many versions are known that old: a mean of one says little."""
    return sum(age in row.relative for row in table)


def verdicts(steps: Iterable[Step]) -> dict[str, int]:
    """Return how many candidates got each verdict."""
    return dict(Counter(step.candidate.verdict for step in steps if step.candidate))


def refused_for(steps: Iterable[Step]) -> dict[str, int]:
    """Return by failed check how many candidates that were not promoted failed it, the most frequent first."""
    counts = Counter(name for step in steps if step.candidate and not step.promoted for name in _kinds(step.candidate))
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _kinds(candidate: Candidate) -> set[str]:
    """Return the failed checks, those of single features as one."""
    return {"drift" if name.startswith("drift") else name for name in candidate.refused_for}


def _carried(versions: Iterable[int | None], *, newest: bool = False) -> list[int | None]:
    """Carry the first version on, or always the newest one."""
    line: list[int | None] = []
    for version in versions:
        last = line[-1] if line else None
        line.append(version if version is not None and (last is None or newest) else last)
    return line


def _new(steps: Sequence[Step], cutoff: date) -> int | None:
    """Return the newest candidate when a cutoff became known; None if it was not new by then."""
    until = steps[: told_at(steps, cutoff) + 1]
    last = next((step for step in reversed(until) if step.candidate), None)
    if last is None or last.candidate is None or _age(min(last.cutoff, cutoff), cutoff):
        return None
    return last.candidate.version


def _age(since: date, cutoff: date) -> int:
    """Return how many years lie between two days, to the nearest; half a year is rounded up.

    So a delivery in December is as new at the year's end as one in January, and no two years have the same age.
    """
    months = 12 * (cutoff.year - since.year) + cutoff.month - since.month
    return (months + 6) // 12


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


Told = Callable[[Step], None]
"""Is told of each step when it is over."""
