"""Scoring: the champion's predictions of the newest cutoff, published, and the hot areas they give."""

import logging
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING

from hotarea.domain import records
from hotarea.domain.errors import NotReadyError
from hotarea.domain.job import Job
from hotarea.domain.settings import Settings
from hotarea.domain.subjects import of_predictions
from hotarea.stages import job_runs, jobs, predictions, scoring_plan
from hotarea.stages.judge import check_many
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    import pyarrow as pa

    from hotarea.domain.predictions import Served

log = logging.getLogger(__name__)

VIEW = "document_predictions"


def champion(settings: Settings) -> bool:
    """Whether there is a champion to score with."""
    with Ledger(settings.ledger) as ledger:
        return ledger.newest(records.Champion) is not None


def plan(settings: Settings, run_id: str) -> Path | None:
    """Decide what to score; return the plan's file, None if the champion has scored the newest cutoff already.

    The champion's model is copied beside the plan. Raises `NotReadyError` without a champion or features.
    """
    from hotarea.stages.promote import align

    with Ledger(settings.ledger) as ledger:
        by_whom = align(settings, ledger)
        if by_whom is None:
            raise NotReadyError("there is no champion to score with; expected a promoted model. Train one first.")
    log.info("run %s scores with version %d", run_id, by_whom.model_version)
    return scoring_plan.plan_by(settings, by_whom)


def job(settings: Settings, plan: Path) -> Job:
    """Return the job that scores the plan's documents beside the plan."""
    decided = scoring_plan.read(plan)
    arguments = {
        "features": Layout(settings.home).feature_set(decided.cutoff),
        "retracted": scoring_plan.retracted(plan),
        "model": scoring_plan.model(plan),
        "output": scoring_plan.built(plan),
        "cutoff": decided.cutoff.day,
        "known": decided.cutoff.known,
        "scored-at": decided.scored_at.isoformat(),
        "model-name": decided.model_name,
        "model-version": decided.model_version,
        "feature-service": decided.feature_service,
        "threshold": repr(decided.threshold),
    }
    named = (f"--{name}={value}" for name, value in arguments.items())
    return Job("beam_jobs.score_documents", (*named, *jobs.how_to_run(settings)))


def validate(settings: Settings, plan: Path, run_id: str) -> None:
    """Hold the predictions against their suite; raise `ValidationError` if they break a critical expectation.

    Predictions that are published were judged before.
    """
    from hotarea.stores.lake import feature_files

    decided = scoring_plan.read(plan)
    if _is_published(settings, decided) and not scoring_plan.built(plan).is_dir():
        return
    name = of_predictions(decided.cutoff, decided.model_version)
    context = {
        "features": feature_files(Layout(settings.home), [decided.cutoff]),
        "retracted": [scoring_plan.retracted(plan)],
        "served": _served(decided),
        "before": predictions.before(settings, decided.cutoff, decided.model_version),
    }
    parts = predictions.parts(scoring_plan.built(plan))
    check_many(settings, "predictions", {name: parts}, run_id, contexts={name: context})


def publish(settings: Settings, plan: Path, run_id: str) -> list[str]:
    """Make the predictions and the hot areas per topic visible and remember them; return what was published.

    Done again after an interruption, it goes on where it was. In the plan's folder only files such as the plan and
    the model stay, until they are swept.
    """
    made = [] if _is_published(settings, scoring_plan.read(plan)) else _publish(settings, plan, run_id)
    files.clear(plan.parent)
    return made


def _publish(settings: Settings, plan: Path, run_id: str) -> list[str]:
    decided, layout = scoring_plan.read(plan), Layout(settings.home)
    destination = layout.prediction_set(decided.cutoff, decided.model_version)
    areas = layout.hot_areas(decided.cutoff, decided.model_version)
    if scoring_plan.built(plan).is_dir():
        # Readers follow the ledger: what it does not remember is left from an interrupted run.
        files.discard(destination)
        files.publish(scoring_plan.built(plan), destination)
    made = predictions.rows(destination)
    _write_areas(layout, decided, made, areas)
    with Ledger(settings.ledger) as ledger:
        job_runs.remember(ledger, "score_documents", scoring_plan.result(plan), run_id)
        ledger.add(_prediction_set(decided, made, run_id))
    return [f"predictions {decided.cutoff} model {decided.model_version}", str(areas)]


def run(settings: Settings, run_id: str) -> list[str]:
    """Plan, score, validate, publish and bring the predictions online in this process; return what was published."""
    from hotarea.stages import materialize

    decided = plan(settings, run_id)
    made = [] if decided is None else score_by(settings, decided, run_id)
    # Also where all was scored before: after a rollback the earlier champion's predictions must be served again.
    materialize.run(settings, run_id, views=[VIEW])
    return made


def score_by(settings: Settings, plan: Path, run_id: str) -> list[str]:
    """Score, validate and publish what a plan says, in this process; return what was published."""
    jobs.run(job(settings, plan))
    validate(settings, plan, run_id)
    made = publish(settings, plan, run_id)
    files.discard(plan.parent)
    return made


def _is_published(settings: Settings, decided: scoring_plan.Plan) -> bool:
    with Ledger(settings.ledger) as ledger:
        return predictions.published(ledger, decided.cutoff, decided.model_version) is not None


def _write_areas(layout: Layout, decided: scoring_plan.Plan, made: "pa.Table", destination: Path) -> None:
    import pyarrow.parquet as pq

    from hotarea.domain.hot_areas import hot_areas
    from hotarea.stores.lake import documents_as_of

    topics = ("document_id", "topic_id", "topic")
    documents = documents_as_of(layout, decided.releases, decided.cutoff.known, topics)
    built = layout.aside("hot_areas")
    pq.write_table(hot_areas(made, documents), built / destination.name)
    destination.parent.mkdir(parents=True, exist_ok=True)
    (built / destination.name).replace(destination)
    files.discard(built)


def _prediction_set(decided: scoring_plan.Plan, made: "pa.Table", run_id: str) -> records.PredictionSet:
    import pyarrow.compute as pc

    return records.PredictionSet(
        cutoff=decided.cutoff.day,
        known=decided.cutoff.known,
        model_name=decided.model_name,
        model_version=decided.model_version,
        rows=made.num_rows,
        hot=pc.sum(made["hot_area"]).as_py() or 0,
        run_id=run_id,
    )


def _served(decided: scoring_plan.Plan) -> "Served":
    from hotarea.domain.predictions import Served

    return Served(
        cutoff=datetime.combine(decided.cutoff.day, time(), UTC),
        scored_at=decided.scored_at,
        model_name=decided.model_name,
        model_version=decided.model_version,
        feature_service=decided.feature_service,
        threshold=decided.threshold,
    )
