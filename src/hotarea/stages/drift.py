"""Drift: how far the newest cutoff is from what the champion learned from, remembered, shown and told.

The reference belongs to the champion: it is kept with its training, and another takes its place with the next
promotion. Before the first, the cutoffs before stand in for it. What the source re-curated does not count: where limits
are passed and works that the reference knew have been told otherwise since, the newest cutoff is built once more as it
would be if they had not, and that decides.
"""

import logging
from contextlib import suppress
from pathlib import Path

from hotarea.domain import label_definition, records
from hotarea.domain.drift_check import ASPECTS, Period, Verdict, judge
from hotarea.domain.errors import PublishError
from hotarea.domain.settings import Settings
from hotarea.domain.subjects import of_predictions
from hotarea.domain.windows import Cutoff, periods
from hotarea.stages import drift_alert, jobs, movement, recuration
from hotarea.stages.movement import Seen, Watched
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

DATASET = "drift"
"""What the ledger's validations call a check."""


def look(settings: Settings, run_id: str) -> Path | None:
    """Plan the job that tells corrections of known works from a changed world; return the plan's file.

    None if that is not in question: nothing is over its limits, nothing was told otherwise, the check was made
    before, or there is nothing to compare yet.
    """
    watched = movement.watched(settings)
    if watched is None or _checked(settings, watched):
        return None
    return _question(settings, watched, movement.seen(settings, watched, settings), run_id)


def check(settings: Settings, plan: Path | None, run_id: str) -> records.DriftCheck | None:
    """Judge how far the newest cutoff has moved, remember, show and tell it; return the check.

    `plan` is what `look` returned, after its job. None if there is nothing to compare yet, or something else than
    when `look` did. Made again for the same cutoff and champion, the check is what it was.
    """
    watched = movement.watched(settings)
    if watched is None:
        return None
    if done := _checked(settings, watched):
        return done
    seen = movement.seen(settings, watched, settings)
    if _is_outdated(settings, watched, seen, plan):
        log.warning("a cutoff or a champion came since run %s looked; the next run looks at that", run_id)
        return None
    return _judged(settings, watched, seen, plan, run_id)


def run(settings: Settings, run_id: str) -> records.DriftCheck | None:
    """Look, build what it asks for, and judge in this process; returns what `check` does."""
    watched = movement.watched(settings)
    if watched is None:
        return None
    if done := _checked(settings, watched):
        return done
    seen = movement.seen(settings, watched, settings)
    plan = _question(settings, watched, seen, run_id)
    if plan is not None:
        jobs.run(recuration.job(settings, plan))
    return _judged(settings, watched, seen, plan, run_id)


def _question(settings: Settings, watched: Watched, seen: Seen, run_id: str) -> Path | None:
    """Plan the job that tells whether the world moved or its history was re-curated, if that is in question."""
    if not _is_in_question(settings, watched, seen):
        return None
    log.info("run %s asks whether the world moved or its history was re-curated", run_id)
    return recuration.plan(settings, _asked(watched))


def _is_in_question(settings: Settings, watched: Watched, seen: Seen) -> bool:
    """Whether what is over its limits may have been told otherwise, and not have changed."""
    return bool(_verdict(settings, watched, seen).over) and recuration.is_possible(settings, watched.reference.known)


def _is_outdated(settings: Settings, watched: Watched, seen: Seen, plan: Path | None) -> bool:
    """Whether a plan answers another question than there is now."""
    if plan is None:
        return _is_in_question(settings, watched, seen)
    return recuration.question(plan) != _asked(watched)


def _asked(watched: Watched) -> recuration.Question:
    return recuration.Question(watched.newest, watched.reference.known, watched.model_version)


def _judged(settings: Settings, watched: Watched, now: Seen, plan: Path | None, run_id: str) -> records.DriftCheck:
    """Return the check of what was seen, told, shown and remembered."""
    world = now if plan is None else movement.seen(settings, watched, recuration.built(settings, plan))
    found = _remembered(settings, watched, now, world, run_id)
    drift_alert.checked(settings, found)  # before it is remembered: a repeat would not check again
    _keep(settings, found, world)
    if plan is not None:
        files.discard(plan.parent)
    return found


def _checked(settings: Settings, watched: Watched) -> records.DriftCheck | None:
    with Ledger(settings.ledger) as ledger:
        key = {"cutoff": watched.newest.day, "known": watched.newest.known, "model_version": watched.model_version}
        found = ledger.all(records.DriftCheck, **key)
    return found[0] if found else None


def _earlier(settings: Settings, watched: Watched) -> list[Period]:
    """Return the cutoffs before, of the champion's present reign; of one that was checked twice, the last check."""
    with Ledger(settings.ledger) as ledger:
        checks = ledger.all(records.DriftCheck, model_version=watched.model_version)
        days = periods(ledger.all(records.FeatureSet))
    began = watched.champion.promoted_at if watched.champion else None
    reign = [c for c in checks if began is None or c.checked_at >= began]
    over = {c.cutoff: c.over for c in sorted(reign, key=lambda c: (c.cutoff, c.known))}
    return [Period(over.get(day, ())) for day in days if day < watched.newest.day]


def _verdict(settings: Settings, watched: Watched, seen: Seen) -> Verdict:
    return judge(seen.measured, movement.rules(settings), _earlier(settings, watched))


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

    with Ledger(settings.ledger) as ledger:
        history = [*ledger.all(records.DriftCheck), found]
        labels = ledger.all(records.LabelSet, **label_definition.asked(settings))
        drift_report.write(found, seen.distributions, history, labels, movement.rules(settings))
        with suppress(PublishError):  # another run made the same check at once, and remembered it first
            ledger.add(found, _validation(found))
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
