"""Replay: runs the loop over past releases as if time passed, in a home beside this one that is thrown away.

What a cutoff's features and labels are never changes by later data, so all of them are made at once. Then the home of
the replay is let to know them, release by release: what became known later is not in its ledger, nor among its files.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from hotarea.domain import ageing, evaluation, records, replay_policies, training
from hotarea.domain import replay as domain
from hotarea.domain.errors import NotReadyError, SettingsError, TooLittleDataError, ValidationError
from hotarea.domain.replay import BECAME, Candidate, Replay, Score, Step, Told
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Coverage, Cutoff
from hotarea.stages import drift, features, gate, ingest, promote, sample, train
from hotarea.stores.layout import Layout, discard
from hotarea.stores.ledger import Ledger, read
from hotarea.stores.training_folder import TrainingFolder, write

log = logging.getLogger(__name__)

Fact = records.Release | records.FeatureSet | records.LabelSet
"""What becomes known on a date, and lies in a folder of its own."""

_FACTS: tuple[type[Fact], ...] = (records.Release, records.FeatureSet, records.LabelSet)
_SAID = BECAME | {"hold": "held: nobody is there to approve it"}
_CHANGED = "world_changed"  # what a comparison finds where new works differ from those before


@dataclass(frozen=True)
class Asked:
    """What is to be replayed: of a raw folder, or else of what the home holds, the releases of some years."""

    raw: Path | None = None
    first: int | None = None  # the year of the first release at which the loop runs; what came before is there
    last: int | None = None  # nothing of later releases is known, labels neither

    def __post_init__(self) -> None:
        if self.first is not None and self.last is not None and self.first > self.last:
            raise SettingsError(f"a replay from {self.first} to {self.last} has no year; expected --from before --to.")


def run(settings: Settings, run_id: str, asked: Asked, told: Told = lambda _: None) -> Replay:
    """Replay past releases and return what the loop did at each, and what other policies would have served.

    Without a raw folder the releases of the home are replayed, and the sample corpus where it has none. Nothing of the
    home changes and nobody is alerted. Raises `NotReadyError` if there is no release in the asked years.
    """
    began = time.monotonic()
    aside = Layout(settings.home).aside("replay")
    try:
        past = _scratch(settings, aside / "past")
        _gather(settings, past, run_id, asked)
        gathered = time.monotonic()
        present = Present(past, _scratch(settings, aside / "present"))
        steps = tuple(_steps(present, run_id, asked, told))
        stepped = time.monotonic()
        scores = list(_scores(present.settings, steps))
        found = _summed_up(present, steps, (*scores, *domain.baseline_scores(steps, scores)))
        ended = time.monotonic()
        stages = {"releases, features and labels": gathered - began, "the loop": stepped - gathered}
        stages["scoring"] = ended - stepped
        return replace(found, seconds=round(ended - began, 1), stages={k: round(v, 1) for k, v in stages.items()})
    finally:
        discard(aside)


def report(settings: Settings, found: Replay, page: Path | None = None) -> Path:
    """Write the page of a replay, by default among the reports of the home, and all of it as JSON beside; return it."""
    from hotarea.stores import replay_report

    name = f"{found.source}-{found.first}-{found.last}.html"
    page = page.expanduser().resolve() if page else Layout(settings.home).reports / "replays" / name
    replay_report.write(page, found)
    write(page.with_suffix(".json"), found)
    return page


@dataclass(frozen=True)
class Present:
    """A home that is let to know what the past holds, up to a date."""

    past: Settings
    settings: Settings

    def advance(self, day: date) -> None:
        """Let the home know all that was known on a day."""
        _let_know(self.past, self.settings, day)


def _scratch(settings: Settings, home: Path) -> Settings:
    """Return settings of a home aside, with databases of its own, that alerts nobody."""
    ours = {"ledger_url": None, "mlflow_url": None, "registry_url": None, "online_store_url": None, "alert_urls": ()}
    changed = {"home": home, "raw": None, "online_store": "sqlite", **ours}
    return Settings.model_validate(settings.model_dump() | changed)


def _let_know(past: Settings, present: Settings, day: date) -> None:
    """Add to a home's ledger the facts that were known on a day, and links to the folders that they tell of."""
    layout = Layout(present.home)
    layout.lake.mkdir(parents=True, exist_ok=True)
    with Ledger(past.ledger) as theirs, Ledger(present.ledger) as ours:
        there = {_folder(layout, fact) for kind in _FACTS for fact in ours.all(kind)}
        for fact in (fact for kind in _FACTS for fact in theirs.all(kind)):
            link = _folder(layout, fact)
            if known(fact) <= day and link not in there:
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(_folder(Layout(past.home), fact).resolve(), target_is_directory=True)
                ours.add(fact)


def known(fact: Fact) -> date:
    """Return the date on which what a record tells of became known."""
    return fact.release_date if isinstance(fact, records.Release) else fact.known


def _folder(layout: Layout, fact: Fact) -> Path:
    if isinstance(fact, records.Release):
        return layout.release(fact.release_id)
    cutoff = Cutoff(fact.cutoff, fact.known)
    return layout.feature_set(cutoff) if isinstance(fact, records.FeatureSet) else layout.label_set(cutoff)


def _gather(settings: Settings, past: Settings, run_id: str, asked: Asked) -> None:
    """Bring the releases until the end of the asked years into a home, with the features and labels that follow."""
    last = date(asked.last or date.max.year, 12, 31)
    if asked.raw is None and read(settings.ledger, records.Release):
        _let_know(settings, past, last)
        with Ledger(past.ledger) as ledger:
            ledger.add(*read(settings.ledger, records.Comparison))
    else:
        raw = asked.raw or sample.run(past).folder
        ingest.run(past, run_id, raw, last)
    due = _due(read(past.ledger, records.Release))
    log.info("features of %d cutoffs, and the labels that have matured", len(due))
    features.run(past, run_id, due)


def _due(releases: Sequence[records.Release]) -> list[Cutoff]:
    """Return every cutoff that was due when some release came."""
    known = sorted({r.release_date for r in releases})
    pairs = [(r.release_date, r.covered) for r in releases]
    return sorted({c for day in known for c in Coverage(tuple(p for p in pairs if p[0] <= day)).cutoffs()})


def _steps(present: Present, run_id: str, asked: Asked, told: Told) -> Iterator[Step]:
    """Yield what the loop does at each release of the asked years."""
    releases = sorted(read(present.past.ledger, records.Release), key=lambda r: r.release_date)
    wanted = [r for r in releases if r.release_date.year >= (asked.first or 0)]
    if not wanted:
        there = f"those there are end on {releases[-1].release_date}" if releases else "there are none"
        raise NotReadyError(
            f"no release to replay from {asked.first} to {asked.last}: {there}. Name earlier years by --from and --to."
        )
    for release in wanted:
        log.info("release %s", release.release_date)
        present.advance(release.release_date)
        step = _step(present, release, run_id)
        told(step)
        yield step


def _step(present: Present, release: records.Release, run_id: str) -> Step:
    """Run the loop once: train, decide, promote if the gate says so."""
    began, settings = time.monotonic(), present.settings
    before = _champion(settings)
    checked = drift.run(settings, run_id)
    outcome, candidate = _candidate(settings, run_id)
    champion = _champion(settings)
    newest = max(Cutoff(s.cutoff, s.known) for s in read(settings.ledger, records.FeatureSet))
    return Step(
        release=release.release_date,
        cutoff=newest.day,
        outcome=outcome,
        candidate=candidate,
        champion=champion,
        promoted=champion != before,
        drifted=tuple(checked.over) if checked else (),
        alarms=tuple(checked.alarms) if checked else (),
        drift_reasons=tuple(checked.reasons) if checked else (),
        changed=_changed(present.past, release.release_id),
        seconds=round(time.monotonic() - began, 2),
    )


def _candidate(settings: Settings, run_id: str) -> tuple[str, Candidate | None]:
    """Return in words what came of a training, and the candidate with the gate's decision on it."""
    try:
        training_id = train.run(settings, run_id)
    except TooLittleDataError as error:
        return f"too little data: {str(error).partition(',')[0]}", None
    except ValidationError as error:
        return f"not trained: {error}", None
    if training_id is None:
        return "nothing new to learn from", None
    folder = TrainingFolder.of(Layout(settings.home), training_id)
    decision = gate.run(settings, training_id, run_id, serves=False)  # nothing is served in a replay
    if decision.accepted:
        promote.run(settings, training_id, run_id)
    candidate = _described(folder, decision)
    return f"version {candidate.version} {_SAID[decision.verdict]}", candidate


def _described(folder: TrainingFolder, decision: records.Decision) -> Candidate:
    plan, facts = folder.read_plan(), folder.read_facts()
    return Candidate(
        training_id=decision.training_id,
        version=decision.model_version,
        rows=facts.rows,
        dataset_sha256=facts.digest,
        training_cutoffs=tuple(str(c.day) for c in plan.window.training),
        evaluation_cutoff=str(plan.window.evaluation.day),
        verdict=decision.verdict,
        refused_for=tuple(check["name"] for check in decision.checks if check["verdict"] != "passed"),
        reasons=tuple(decision.reasons),
        metrics=decision.metrics,
    )


def _champion(settings: Settings) -> int | None:
    entries = read(settings.ledger, records.Champion)
    return entries[-1].model_version if entries else None


def _changed(past: Settings, release_id: str) -> tuple[str, ...]:
    """Return in which fields a release's new works differ from those before, by its comparison."""
    found = read(past.ledger, records.Comparison, release_id=release_id)
    findings = max(found, key=lambda c: c.compared_at).findings if found else []
    return tuple(finding["column"] for finding in findings if finding["check"] == _CHANGED)


def _scores(settings: Settings, steps: Sequence[Step]) -> Iterator[Score]:
    """Yield how every version does at every matured cutoff that became known when it was there.

    The rows of a matured cutoff are what the candidate that was trained when it matured was evaluated on.
    """
    trained = [(place, step.candidate) for place, step in enumerate(steps) if step.candidate]
    folders = {c.version: TrainingFolder.of(Layout(settings.home), c.training_id) for _, c in trained}
    evaluated = {folders[c.version].read_plan().window.evaluation: folders[c.version] for _, c in trained}
    for cutoff, folder in evaluated.items():
        if cutoff.known < steps[0].release:
            continue  # it was known before the replay began
        rows, told = folder.rows("evaluation"), domain.told_at(steps, cutoff.day)
        hot = training.labels(rows)
        for place, candidate in trained:
            if place <= told:
                model, names = training.load(folders[candidate.version].model), folder.read_plan().features
                found = evaluation.metrics(hot, training.score(model, training.matrix(rows, names)))
                yield Score(candidate.version, cutoff.day, rows.num_rows, int(hot.sum()), found)


def _summed_up(present: Present, steps: tuple[Step, ...], scores: tuple[Score, ...]) -> Replay:
    releases = read(present.past.ledger, records.Release)
    source = Path(max(releases, key=lambda r: r.release_date).source)
    table = ageing.ageing(steps, scores)
    return Replay(
        source=source.name,
        synthetic=sample.is_synthetic(present.past, source),
        first=steps[0].release.year,
        last=steps[-1].release.year,
        horizon_years=present.settings.horizon_years,
        steps=steps,
        verdicts=domain.verdicts(steps),
        refused_for=domain.refused_for(steps),
        baseline=domain.BASELINE,
        outcomes=replay_policies.outcomes(steps, scores),
        ageing=table,
        staleness=ageing.staleness(table),
        scores=scores,
        seconds=0.0,
    )
