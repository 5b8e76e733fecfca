"""Scoring: the champion's predictions of the newest cutoff, published, and the hot areas they give."""

import logging
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hotarea.domain import records
from hotarea.domain.errors import NotReadyError
from hotarea.domain.job import Job
from hotarea.domain.settings import Settings
from hotarea.domain.subjects import of_predictions
from hotarea.domain.windows import Cutoff
from hotarea.stages import binding, job_runs, jobs
from hotarea.stages.judge import check_many
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    import pyarrow as pa

    from hotarea.domain.predictions import Served

log = logging.getLogger(__name__)

VIEW = "document_predictions"


class Plan(msgspec.Struct, frozen=True):
    """What one run scores, and with what; decided once, read by every step."""

    cutoff: Cutoff
    releases: list[str]
    model_name: str
    model_version: int
    feature_service: str
    threshold: float
    scored_at: datetime


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
    return plan_by(settings, by_whom)


def plan_by(settings: Settings, by_whom: records.Champion) -> Path | None:
    """Decide what a model that is or was champion is to score; return the plan's file, None if it has scored it."""
    with Ledger(settings.ledger) as ledger:
        cutoff = newest_cutoff(ledger)
        if published(ledger, cutoff, by_whom.model_version):
            log.info("version %d has scored cutoff %s already", by_whom.model_version, cutoff)
            return None
        releases = [r.release_id for r in ledger.all(records.Release) if r.release_date <= cutoff.known]
    return _written(settings, by_whom, cutoff, releases)


def job(settings: Settings, plan: Path) -> Job:
    """Return the job that scores the plan's documents beside the plan."""
    decided = _read(plan)
    arguments = {
        "features": Layout(settings.home).feature_set(decided.cutoff),
        "retracted": _retracted(plan),
        "model": _model(plan),
        "output": _built(plan),
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

    decided = _read(plan)
    if _is_published(settings, decided) and not _built(plan).is_dir():
        return
    name = of_predictions(decided.cutoff, decided.model_version)
    context = {
        "features": feature_files(Layout(settings.home), [decided.cutoff]),
        "retracted": [_retracted(plan)],
        "served": _served(decided),
        "before": _before(settings, decided.cutoff, decided.model_version),
    }
    check_many(settings, "predictions", {name: _parts(_built(plan))}, run_id, contexts={name: context})


def published_context(
    settings: Settings, published: records.PredictionSet, champion: records.Champion, folder: Path
) -> tuple[list[Path], dict[str, Any]]:
    """Return the files of published predictions and what their suite compares them with, written into a folder.

    Nobody remembers the moment at which they were scored.
    """
    from hotarea.domain.predictions import Served
    from hotarea.stores import registry
    from hotarea.stores.lake import feature_files

    cutoff, layout = Cutoff(published.cutoff, published.known), Layout(settings.home)
    with Ledger(settings.ledger) as ledger:
        releases = [r.release_id for r in ledger.all(records.Release) if r.release_date <= cutoff.known]
    _write_retracted(layout, cutoff, releases, folder / "retracted.parquet")
    served = Served(
        cutoff=datetime.combine(cutoff.day, time(), UTC),
        scored_at=None,
        model_name=published.model_name,
        model_version=published.model_version,
        feature_service=champion.feature_service,
        threshold=registry.threshold(settings, published.model_version),
    )
    context = {
        "features": feature_files(layout, [cutoff]),
        "retracted": [folder / "retracted.parquet"],
        "served": served,
        "before": _before(settings, cutoff, published.model_version),
    }
    return _parts(layout.prediction_set(cutoff, published.model_version)), context


def _before(settings: Settings, cutoff: Cutoff, model_version: int) -> list[Path]:
    """Return the files of the same model's predictions at the cutoff before; none if there are none."""
    with Ledger(settings.ledger) as ledger:
        sets = ledger.all(records.PredictionSet, model_version=model_version)
    last = cutoff.previous(Cutoff(s.cutoff, s.known) for s in sets)
    return _parts(Layout(settings.home).prediction_set(last, model_version)) if last else []


def publish(settings: Settings, plan: Path, run_id: str) -> list[str]:
    """Make the predictions and the hot areas per topic visible and remember them; return what was published.

    Done again after an interruption, it goes on where it was. In the plan's folder only files such as the plan and
    the model stay, until they are swept.
    """
    made = [] if _is_published(settings, _read(plan)) else _publish(settings, plan, run_id)
    files.clear(plan.parent)
    return made


def _publish(settings: Settings, plan: Path, run_id: str) -> list[str]:
    decided, layout = _read(plan), Layout(settings.home)
    destination = layout.prediction_set(decided.cutoff, decided.model_version)
    areas = layout.hot_areas(decided.cutoff, decided.model_version)
    if _built(plan).is_dir():
        # Readers follow the ledger: what it does not remember is left from an interrupted run.
        files.discard(destination)
        files.publish(_built(plan), destination)
    predictions = _predictions(destination)
    _write_areas(layout, decided, predictions, areas)
    with Ledger(settings.ledger) as ledger:
        job_runs.remember(ledger, "score_documents", _result(plan), run_id)
        ledger.add(_prediction_set(decided, predictions, run_id))
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


def published(ledger: Ledger, cutoff: Cutoff, model_version: int) -> records.PredictionSet | None:
    """Return the published predictions of a cutoff by one model; None if there are none."""
    found = ledger.all(records.PredictionSet, **_key(cutoff, model_version))
    return found[0] if found else None


def documents(settings: Settings, cutoff: Cutoff) -> int:
    """Return how many documents of a cutoff would be scored, those that are retracted among them."""
    from hotarea.stores import feature_store

    return len(feature_store.documents(settings, cutoff))


def _is_published(settings: Settings, decided: Plan) -> bool:
    with Ledger(settings.ledger) as ledger:
        return published(ledger, decided.cutoff, decided.model_version) is not None


def _key(cutoff: Cutoff, model_version: int) -> dict[str, Any]:
    return {"cutoff": cutoff.day, "known": cutoff.known, "model_version": model_version}


def newest_cutoff(ledger: Ledger) -> Cutoff:
    """Return the newest cutoff that has features, as last known; raise `NotReadyError` if none has."""
    sets = ledger.all(records.FeatureSet)
    if not sets:
        raise NotReadyError("there are no features to score; expected a published feature set. Build features first.")
    return max(Cutoff(s.cutoff, s.known) for s in sets)


def _written(settings: Settings, champion: records.Champion, cutoff: Cutoff, releases: list[str]) -> Path:
    from hotarea.stores import registry

    binding.check(settings, champion.model_version, champion.feature_service)
    files.sweep(Layout(settings.home))
    file = Layout(settings.home).aside("score") / "plan.json"
    registry.fetch(settings, champion.model_version, _model(file))
    decided = Plan(
        cutoff=cutoff,
        releases=releases,
        model_name=champion.model_name,
        model_version=champion.model_version,
        feature_service=champion.feature_service,
        threshold=registry.threshold(settings, champion.model_version),
        scored_at=records.now(),
    )
    _write_retracted(Layout(settings.home), decided.cutoff, decided.releases, _retracted(file))
    file.write_bytes(msgspec.json.encode(decided))
    return file


def _write_retracted(layout: Layout, cutoff: Cutoff, releases: list[str], file: Path) -> None:
    """Write the ids of documents that are retracted as known at the cutoff: they are served no prediction."""
    import pyarrow.parquet as pq

    from hotarea.stores.lake import documents_as_of

    columns = ("document_id", "is_retracted")
    documents = documents_as_of(layout, releases, cutoff.known, columns)
    pq.write_table(documents.filter(documents["is_retracted"]).select(["document_id"]), file)


def _write_areas(layout: Layout, decided: Plan, predictions: "pa.Table", destination: Path) -> None:
    import pyarrow.parquet as pq

    from hotarea.domain.hot_areas import hot_areas
    from hotarea.stores.lake import documents_as_of

    topics = ("document_id", "topic_id", "topic")
    documents = documents_as_of(layout, decided.releases, decided.cutoff.known, topics)
    built = layout.aside("hot_areas")
    pq.write_table(hot_areas(predictions, documents), built / destination.name)
    destination.parent.mkdir(parents=True, exist_ok=True)
    (built / destination.name).replace(destination)
    files.discard(built)


def _prediction_set(decided: Plan, predictions: "pa.Table", run_id: str) -> records.PredictionSet:
    import pyarrow.compute as pc

    return records.PredictionSet(
        cutoff=decided.cutoff.day,
        known=decided.cutoff.known,
        model_name=decided.model_name,
        model_version=decided.model_version,
        rows=predictions.num_rows,
        hot=pc.sum(predictions["hot_area"]).as_py() or 0,
        run_id=run_id,
    )


def _served(decided: Plan) -> "Served":
    from hotarea.domain.predictions import Served

    return Served(
        cutoff=datetime.combine(decided.cutoff.day, time(), UTC),
        scored_at=decided.scored_at,
        model_name=decided.model_name,
        model_version=decided.model_version,
        feature_service=decided.feature_service,
        threshold=decided.threshold,
    )


def _predictions(folder: Path) -> "pa.Table":
    import pyarrow.dataset as ds

    return ds.dataset(_parts(folder)).to_table()


def _parts(folder: Path) -> list[Path]:
    parts = files.parts(folder)
    if not parts:
        raise NotReadyError(f"{folder} holds no part-*.parquet; expected predictions. Run the scoring job again.")
    return parts


def _model(plan: Path) -> Path:
    return plan.parent / "model.ubj"


def _retracted(plan: Path) -> Path:
    return plan.parent / "retracted.parquet"


def _built(plan: Path) -> Path:
    return plan.parent / "predictions"


def _result(plan: Path) -> dict[str, Any]:
    file = plan.parent / "predictions.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise NotReadyError(f"{file} cannot be read: {error}. Run the scoring job again.") from error


def _read(plan: Path) -> Plan:
    try:
        return msgspec.json.decode(plan.read_bytes(), type=Plan)
    except (OSError, msgspec.DecodeError) as error:
        raise NotReadyError(f"{plan} cannot be read: {error}. Plan the scoring again.") from error
