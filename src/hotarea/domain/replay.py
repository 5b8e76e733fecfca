"""A replay: what the loop did at each past release, whom each policy had in service, and what of it is told."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

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


def headline(replay: Replay) -> list[str]:
    """Say in sentences what the replay found."""
    candidates = sum(replay.verdicts.values())
    promoted, held, refused = (replay.verdicts.get(verdict, 0) for verdict in ("promote", "hold", "reject"))
    said = [f"The gate promoted {promoted} of {candidates} candidates, held {held} and refused {refused}."]
    if replay.refused_for:
        why = ", ".join(f"{name} ({count})" for name, count in replay.refused_for.items())
        said.append(f"What the others failed: {why}.")
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


Told = Callable[[Step], None]
"""Is told of each step when it is over."""
