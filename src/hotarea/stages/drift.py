"""Drift: how far the newest cutoff is from what the champion learned from, remembered, shown and told.

The reference belongs to the champion: it is kept with its training, and another takes its place with the next
promotion. Before the first, the cutoffs before stand in for it. What the source re-curated does not count: where limits
are passed and works that the reference knew have been told otherwise since, the newest cutoff is built once more as it
would be if they had not, and that decides.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import msgspec

from hotarea.domain import records
from hotarea.domain.drift import Histogram, distance
from hotarea.domain.drift_check import ASPECTS, DriftPolicy, Measured, Period, Verdict, judge, limits
from hotarea.domain.errors import JobError, PublishError
from hotarea.domain.job import Job
from hotarea.domain.model_features import FEATURE_SERVICE
from hotarea.domain.settings import Settings
from hotarea.domain.subjects import of_predictions
from hotarea.domain.windows import Cutoff, years_before
from hotarea.stages import drift_alert, jobs
from hotarea.stores import layout as files
from hotarea.stores import policy
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    from hotarea.domain.columns import Floats
    from hotarea.domain.reference import Bins, Reference
    from hotarea.stores.drift_report import Distributions

log = logging.getLogger(__name__)

DATASET = "drift"
"""What the ledger's validations call a check."""

USUAL_YEARS = 3
"""New documents are compared with those of so many years before, as works of a release are with its forerunners."""


class Plan(msgspec.Struct, frozen=True):
    """The newest cutoff as it would be known if no work had been told otherwise since a day."""

    cutoff: Cutoff
    releases: list[str]


@dataclass(frozen=True)
class Watched:
    """What is compared: the newest cutoff, and what the champion learned from."""

    newest: Cutoff
    champion: records.Champion | None
    reference: "Reference"

    @property
    def model_version(self) -> int:
        """The champion's version; 0 while there is none."""
        return self.champion.model_version if self.champion else 0


@dataclass(frozen=True)
class Seen:
    """What was measured, and the distributions that it was measured on."""

    measured: Measured
    distributions: "Distributions"


def look(settings: Settings, run_id: str) -> Path | None:
    """Plan the job that tells corrections of known works from a changed world; return the plan's file.

    None if that is not in question: nothing is over its limits, nothing was told otherwise, the check was made
    before, or there is nothing to compare yet.
    """
    watched = _watched(settings)
    if watched is None or _checked(settings, watched):
        return None
    return _question(settings, watched, _seen(settings, watched, settings), run_id)


def job(settings: Settings, plan: Path) -> Job:
    """Return the job that builds the newest cutoff's features from works as they were told first."""
    decided = msgspec.json.decode(plan.read_bytes(), type=Plan)
    home = _aside(settings, plan).home
    return Job(
        "beam_jobs.document_features",
        (
            f"--home={home}",
            f"--output={home}",
            *jobs.how_to_run(settings),
            *(f"--release={release}" for release in decided.releases),
            f"--cutoff={decided.cutoff}",
        ),
    )


def check(settings: Settings, plan: Path | None, run_id: str) -> records.DriftCheck | None:
    """Judge how far the newest cutoff has moved, remember, show and tell it; return the check.

    `plan` is what `look` returned, after its job. None if there is nothing to compare yet, or something else than
    when `look` did. Made again for the same cutoff and champion, the check is what it was.
    """
    watched = _watched(settings)
    if watched is None:
        return None
    if done := _checked(settings, watched):
        return done
    seen = _seen(settings, watched, settings)
    if _is_outdated(settings, watched, seen, plan):
        log.warning("a cutoff or a champion came since run %s looked; the next run looks at that", run_id)
        return None
    return _judged(settings, watched, seen, plan, run_id)


def run(settings: Settings, run_id: str) -> records.DriftCheck | None:
    """Look, build what it asks for, and judge in this process; returns what `check` does."""
    watched = _watched(settings)
    if watched is None:
        return None
    if done := _checked(settings, watched):
        return done
    seen = _seen(settings, watched, settings)
    plan = _question(settings, watched, seen, run_id)
    if plan is not None:
        jobs.run(job(settings, plan))
    return _judged(settings, watched, seen, plan, run_id)


def _question(settings: Settings, watched: Watched, seen: Seen, run_id: str) -> Path | None:
    """Plan the job that tells whether the world moved or its history was re-curated, if that is in question."""
    if not _is_in_question(settings, watched, seen):
        return None
    log.info("run %s asks whether the world moved or its history was re-curated", run_id)
    return _planned(settings, watched)


def _is_in_question(settings: Settings, watched: Watched, seen: Seen) -> bool:
    """Whether what is over its limits may have been told otherwise, and not have changed."""
    return bool(_verdict(settings, watched, seen).over) and _told_otherwise(settings, watched.reference.known)


def _is_outdated(settings: Settings, watched: Watched, seen: Seen, plan: Path | None) -> bool:
    """Whether a plan answers another question than there is now."""
    if plan is None:
        return _is_in_question(settings, watched, seen)
    return msgspec.json.decode(plan.read_bytes(), type=Plan).cutoff != watched.newest


def _judged(settings: Settings, watched: Watched, now: Seen, plan: Path | None, run_id: str) -> records.DriftCheck:
    """Return the check of what was seen, told, shown and remembered."""
    world = now if plan is None else _seen(settings, watched, _built(settings, plan))
    found = _remembered(settings, watched, now, world, run_id)
    drift_alert.checked(settings, found)  # before it is remembered: a repeat would not check again
    _keep(settings, found, world)
    if plan is not None:
        files.discard(plan.parent)
    return found


def _watched(settings: Settings) -> Watched | None:
    """Return what there is to compare; None without features, or a cutoff before the only one."""
    from hotarea.stages import references
    from hotarea.stores import definitions

    ledger = Ledger(settings.ledger)
    sets = ledger.all(records.FeatureSet)
    champion = ledger.newest(records.Champion)
    ledger.close()
    if not sets:
        return None
    definitions.apply(settings)
    reference = references.of_champion(settings, champion) if champion else references.of_cutoffs(settings, sets)
    newest = max(Cutoff(s.cutoff, s.known) for s in sets)
    return None if reference is None else Watched(newest, champion, reference)


def _policy(settings: Settings) -> DriftPolicy:
    return policy.read(settings, "drift", DriftPolicy)


def _checked(settings: Settings, watched: Watched) -> records.DriftCheck | None:
    ledger = Ledger(settings.ledger)
    key = {"cutoff": watched.newest.day, "known": watched.newest.known, "model_version": watched.model_version}
    found = ledger.all(records.DriftCheck, **key)
    ledger.close()
    return found[0] if found else None


def _earlier(settings: Settings, watched: Watched) -> list[Period]:
    """Return the periods before, of the same champion; of a day that was checked twice, the last check."""
    ledger = Ledger(settings.ledger)
    found = ledger.all(records.DriftCheck, model_version=watched.model_version)
    ledger.close()
    last = {c.cutoff: c for c in sorted(found, key=lambda c: (c.cutoff, c.known)) if c.cutoff < watched.newest.day}
    return [Period(c.over) for c in last.values()]


def _seen(settings: Settings, watched: Watched, here: Settings) -> Seen:
    """Measure the newest cutoff in the home `here` against the reference, and against the years before in ours."""
    from hotarea.stages import references
    from hotarea.stores.drift_report import Distributions

    reference, cutoff = watched.reference, watched.newest
    names = tuple(reference.features)
    service = watched.champion.feature_service if watched.champion else FEATURE_SERVICE
    found = references.columns(here, cutoff, service, names) if names else {}
    features = {name: (bins, bins.again(found[name])) for name, bins in reference.features.items() if len(found[name])}
    scores = _scores(settings, watched, found) if watched.champion else None
    both = _new_documents(settings, here, cutoff)
    drift_policy = _policy(settings)
    measured = Measured(
        features={name: before.psi(now) for name, (before, now) in features.items()},
        importance=reference.importance,
        limits=limits(names, reference.borne, drift_policy),
        predictions=scores[0].psi(scores[1]) if scores else None,
        new_documents={name: distance(before, now).distance for name, (before, now) in both.items()},
        label_share=_label_share(settings),
    )
    return Seen(measured, Distributions(features, scores, both))


def _scores(settings: Settings, watched: Watched, found: dict[str, "Floats"]) -> tuple["Bins", "Bins"] | None:
    """Return the champion's scores at its evaluation and of the newest cutoff; None if there is nothing to score."""
    import numpy as np

    from hotarea.domain import training
    from hotarea.stores import registry

    before, values = watched.reference.scores, np.column_stack(list(found.values()))
    if watched.champion is None or before is None or not len(values):
        return None
    with TemporaryDirectory() as folder:
        file = registry.fetch(settings, watched.champion.model_version, Path(folder) / "model.ubj")
        return before, before.again(training.score(training.load(file), values))


def _new_documents(settings: Settings, here: Settings, cutoff: Cutoff) -> dict[str, tuple["Histogram", "Histogram"]]:
    """Return what is watched of the new documents of the years before, and of those of the newest cutoff.

    Where there are too few of them on either side, nothing is compared.
    """
    import numpy as np

    from hotarea.stages import references

    ledger = Ledger(settings.ledger)
    sets = ledger.all(records.FeatureSet)
    ledger.close()
    first = {s.cutoff: Cutoff(s.cutoff, s.known) for s in sorted(sets, key=lambda s: s.known, reverse=True)}
    usual = sorted(day for day in first if day <= years_before(cutoff.day, 1))[-USUAL_YEARS:]
    if not usual:
        return {}
    now = references.new_documents(here, cutoff)
    parts = [references.new_documents(settings, first[day]) for day in usual]
    both = {name: (np.concatenate([part[name] for part in parts]), now[name]) for name in now}
    fewest = _policy(settings).fewest
    return {
        name: (Histogram.of(before), Histogram.of(newest))
        for name, (before, newest) in both.items()
        if min(len(before), len(newest)) >= fewest
    }


def _label_share(settings: Settings) -> float | None:
    """Return the share of hot areas at the newest matured cutoff, less what the label's quantile gives.

    None without labels, or with too few.
    """
    ledger = Ledger(settings.ledger)
    sets = ledger.all(records.LabelSet, horizon_years=settings.horizon_years)
    ledger.close()
    newest = max(sets, key=lambda s: (s.cutoff, s.known), default=None)
    if newest is None or newest.eligible < _policy(settings).fewest:
        return None
    return newest.hot / newest.eligible - (1 - settings.hot_quantile)


def _verdict(settings: Settings, watched: Watched, seen: Seen) -> Verdict:
    return judge(seen.measured, _policy(settings), _earlier(settings, watched))


def _told_otherwise(settings: Settings, known: date) -> bool:
    """Whether a release after a day may have told anything otherwise that was known by then."""
    ledger = Ledger(settings.ledger)
    later = {r.release_id for r in ledger.all(records.Release) if r.release_date > known}
    compared = {c.release_id: c for c in ledger.all(records.Comparison)}
    ledger.close()
    unlike = [c.works["again"] - c.works["unchanged"] + c.ended["known"] for r, c in compared.items() if r in later]
    return bool(later - compared.keys()) or any(unlike)


def _planned(settings: Settings, watched: Watched) -> Path:
    from hotarea.stores import first_told

    files.sweep(Layout(settings.home))
    ledger = Ledger(settings.ledger)
    known = [r.release_id for r in ledger.all(records.Release) if r.release_date <= watched.newest.known]
    ledger.close()
    file = Layout(settings.home).aside("drift") / "plan.json"
    first_told.build(Layout(settings.home), Layout(_aside(settings, file).home), known, watched.reference.known)
    file.write_bytes(msgspec.json.encode(Plan(watched.newest, known)))
    return file


def _aside(settings: Settings, plan: Path) -> Settings:
    """Return the settings of the home in which works stay as they were told first; its state is its own."""
    changed = {"home": plan.parent / "home", "ledger_url": None, "registry_url": None, "online_store": "sqlite"}
    return Settings.model_validate(settings.model_dump() | changed)


def _built(settings: Settings, plan: Path) -> Settings:
    """Return the settings of that home once its features are built; raises `JobError` if they are not."""
    import pyarrow.parquet as pq

    from hotarea.stores import definitions

    cutoff, aside = msgspec.json.decode(plan.read_bytes(), type=Plan).cutoff, _aside(settings, plan)
    rows = sum(pq.read_metadata(part).num_rows for part in files.parts(Layout(aside.home).feature_set(cutoff)))
    if not rows:
        raise JobError(
            f"{aside.home} holds no features of cutoff {cutoff}; expected what the job builds. Run it again."
        )
    ledger = Ledger(aside.ledger)
    with suppress(PublishError):  # an attempt before this one
        ledger.add(records.FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=rows, seconds=0, run_id="aside"))
    ledger.close()
    definitions.apply(aside)
    return aside


def _remembered(settings: Settings, watched: Watched, now: Seen, world: Seen, run_id: str) -> records.DriftCheck:
    """Return the record of a check: the world's part decides, and what corrections alone moved is told apart."""
    before, verdict = _verdict(settings, watched, now), _verdict(settings, watched, world)
    name, moment = of_predictions(watched.newest, watched.model_version), records.now()
    folder = Layout(settings.home).reports / "validations" / DATASET / name
    return records.DriftCheck(
        cutoff=watched.newest.day,
        known=watched.newest.known,
        model_version=watched.model_version,
        reference=watched.reference.name,
        features=dict(now.measured.features),
        world=dict(world.measured.features),
        limits=dict(world.measured.limits),
        importance=dict(world.measured.importance),
        predictions=world.measured.predictions,
        new_documents=dict(world.measured.new_documents),
        label_share=world.measured.label_share,
        over=list(verdict.over),
        alarms=list(verdict.alarms),
        reasons=list(verdict.reasons),
        recurated=[aspect for aspect in before.over if aspect not in verdict.over],
        report=str(folder / f"{moment:%Y%m%dT%H%M%S.%fZ}" / "drift.html"),
        run_id=run_id,
        checked_at=moment,
    )


def _keep(settings: Settings, found: records.DriftCheck, seen: Seen) -> None:
    """Write the page of a check, and remember it, also as a validation with the others."""
    from hotarea.stages import reports
    from hotarea.stores import drift_report

    ledger = Ledger(settings.ledger)
    history = [*ledger.all(records.DriftCheck), found]
    labels = ledger.all(records.LabelSet, horizon_years=settings.horizon_years)
    drift_report.write(found, seen.distributions, history, labels, _policy(settings))
    with suppress(PublishError):  # another run made the same check at once, and remembered it first
        ledger.add(found, _validation(found))
    ledger.close()
    reports.index(settings)
    log.info("drift at %s: %s, report %s", found.cutoff, "; ".join(found.reasons) or "nothing is over", found.report)


def _validation(found: records.DriftCheck) -> records.Validation:
    name = of_predictions(Cutoff(found.cutoff, found.known), found.model_version)
    return records.Validation(
        validation_id=f"{DATASET}-{name}",
        dataset=DATASET,
        subject=name,
        success=not found.alarms,
        failures=[finding.plain for finding in drift_alert.findings(found)],
        report=found.report,
        run_id=found.run_id,
        checks=len(ASPECTS),
        validated_at=found.checked_at,
    )
