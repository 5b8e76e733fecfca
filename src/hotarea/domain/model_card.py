"""The model card: what a version is, what it learned from, how good it is, and what it must not be used for.

After M. Mitchell et al., "Model Cards for Model Reporting", 2019. It holds the evidence itself and copies no figure of
it; what was not measured stays absent.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from hotarea.domain.evidence import Evidence
from hotarea.domain.records import Approval, Champion, Decision
from hotarea.domain.training_plan import TrainingPlan
from hotarea.domain.tuning import Settled
from hotarea.domain.windows import scorable_from

NOT_MEASURED = "not measured"

USES = (
    "To rank documents by how likely their research area, that is the document and those that cite it, is to be among "
    "the most cited ones relative to its size, and to sum that up by topic.",
    "For people who watch research areas and read what is behind a score before they act on it.",
)

NOT_FOR = (
    "To judge a person, a group or a single work: citations measure attention and not quality, and habits of citing "
    "differ between fields.",
    "To compare scores of different versions or of different cutoffs: each is calibrated on documents of its own time.",
)


@dataclass(frozen=True)
class Data:
    """What the model learned from, and was judged on."""

    source: str  # the raw folder's name
    synthetic: bool
    releases: tuple[str, ...]
    rows: int
    hot: int
    evaluation_rows: int
    evaluation_hot: int
    unknown: int  # labelled documents that the features of their cutoff did not know
    dataset_sha256: str


@dataclass(frozen=True)
class Origin:
    """By which code and which definitions it was made, as far as the registry knows."""

    feature_service: str
    feature_service_sha256: str | None
    code_version: str
    run_id: str
    trained_at: datetime


@dataclass(frozen=True)
class Reign:
    """One time in service; `until` is None while it lasts."""

    entry: Champion
    until: datetime | None


@dataclass(frozen=True)
class ModelCard:
    """All that is known of one version."""

    name: str
    version: int
    plan: TrainingPlan
    recipe: Settled
    data: Data
    origin: Origin
    evidence: Evidence
    decision: Decision | None  # None while the gate has not decided
    answers: tuple[Approval, ...]  # of people, where the gate held it
    reigns: tuple[Reign, ...]
    made_at: datetime

    @property
    def scorable_from(self) -> date:
        """The date from which its predictions at the newest cutoff can be compared with what came."""
        return scorable_from(self.plan.window.newest.day, self.plan.window.horizon_years)

    @property
    def state(self) -> str:
        """Say in a few words what became of it."""
        if any(reign.until is None for reign in self.reigns):
            return "in service"
        if self.reigns:
            return "was in service"
        if self.decision is None:
            return "not decided on"
        said = next((a for a in self.answers if a.decided_at == self.decision.decided_at), None)
        if said:
            return f"approved by {said.by}, not in service yet" if said.approved else f"refused by {said.by}"
        words = {"promote": "accepted, not in service yet", "hold": "held by the gate", "reject": "refused by the gate"}
        return words[self.decision.verdict]

    @property
    def summary(self) -> str:
        """Say in a few sentences what it is, for the registry and the terminal."""
        return " ".join(_sentences(self))


def reigns(timeline: Sequence[Champion], version: int) -> tuple[Reign, ...]:
    """Return when a version was in service, by the champion's timeline."""
    ordered = sorted(timeline, key=lambda c: c.sequence)
    ends = [*(entry.promoted_at for entry in ordered[1:]), None]
    pairs = zip(ordered, ends, strict=True) if ordered else ()
    return tuple(Reign(entry, until) for entry, until in pairs if entry.model_version == version)


def limits(card: ModelCard) -> list[str]:
    """Say what the figures do not tell, and what the model cannot do."""
    window, found = card.plan.window, card.evidence
    years = "year" if window.horizon_years == 1 else f"{window.horizon_years} years"
    said = [
        f"Judged on {found.rows:,} documents as they were on {window.evaluation.day}; what it predicts at "
        f"{window.newest.day} can be judged from {card.scorable_from} on.",
        f"Hot is relative: {1 - card.plan.hot_quantile:.0%} of the documents of a cutoff at most, by citations in the "
        f"{years} after it. A cold area can be a large one.",
        "Documents that nobody has cited yet have no area, and get no score.",
        "It knows citations inside the corpus only: documents at its edge, or of fields that it covers thinly, look "
        "colder than they are.",
    ]
    small = [name for name, part in found.slices.items() if not part.metrics]
    if small:
        said.append(f"Too few documents to judge: {', '.join(small)}.")
    if card.data.synthetic:
        said.insert(0, "It was trained on a synthetic corpus: nothing that it says is about real research.")
    return said


def unmeasured(evidence: Evidence) -> list[str]:
    """Return what the evidence lacks, in words."""
    parts: dict[str, Any] = {
        "metrics": evidence.metrics.get("model"),
        "intervals of the metrics": evidence.intervals,
        "intervals of the differences": evidence.differences,
        "slices": evidence.slices,
        "drift of the features": evidence.drift,
        "drift of the predictions": evidence.prediction_drift is not None,
        "importance of the features": evidence.importance,
        "rows in common with what was learned from": evidence.overlap,
        "agreement with hindsight": evidence.hindsight,
        "a rehearsal in a fresh process": evidence.rehearsal,
        "agreement of online and offline features": evidence.agreement or not evidence.serves,
    }
    return [name for name, there in parts.items() if not there]


def _sentences(card: ModelCard) -> Iterator[str]:
    window, found = card.plan.window, card.evidence
    kind = "synthetic corpus" if card.data.synthetic else "corpus"
    yield f"Version {card.version} of {card.name}: {card.state}."
    yield (
        f"Learned from {card.data.rows:,} documents of the {kind} {card.data.source} at {len(window.training)} cutoffs "
        f"until {window.training[-1].day}; judged on {found.rows:,} at {window.evaluation.day}."
    )
    precision = found.metrics.get("model", {}).get("average_precision")
    rivals = {name: found.metrics.get(name, {}).get("average_precision") for name in found.baselines}
    known = {name: value for name, value in rivals.items() if value is not None}
    if precision is None:
        yield f"Its average precision was {NOT_MEASURED}."
    else:
        best = max(known, key=lambda name: known[name], default=None)
        beside = f", of the best baseline ({best}) {known[best]:.3f}" if best else ""
        yield f"Average precision {precision:.3f}{beside}."
    if card.decision and card.decision.reasons:
        yield f"The gate: {'; '.join(card.decision.reasons)}."
