"""Training: plans it once, joins labels with features, judges the rows, fits the candidate and evaluates it."""

import logging
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotarea.domain import records
from hotarea.domain.errors import GateError, ValidationError
from hotarea.domain.settings import Settings
from hotarea.stages import binding, standing
from hotarea.stages.judge import check_many
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    from hotarea.domain.evidence import Evidence
    from hotarea.domain.training_plan import TrainingPlan
    from hotarea.stores.training_folder import DatasetFacts, TrainingFolder

log = logging.getLogger(__name__)


def plan(settings: Settings, run_id: str, *, same_data: bool = False) -> Path | None:
    """Decide what to train on; return the plan's file, None if the gate has decided on just that already.

    Every later step reads the plan and does nothing twice: a training that was interrupted goes on where it was.
    With `same_data`, what was decided on is planned again: what stands of that stays, and what the online store answers
    is measured anew where that alone was refused. Raises `NotReadyError` if the history is too short.
    """
    from hotarea.domain.training import check_device
    from hotarea.stores.training_folder import TrainingFolder, write

    check_device(settings.device)
    decided, settled = _planned(settings)
    if settled and not same_data:
        log.info("nothing to train: %s. A new release or other settings would change that.", settled)
        return None
    folder = TrainingFolder.of(Layout(settings.home), decided.training_id)
    write(folder.plan, decided)
    log.info("run %s trains %s on %s", run_id, decided.training_id, decided.window)
    return folder.plan


def due(settings: Settings) -> tuple[str, str | None]:
    """Return the id of the training that `plan` would plan, and in words why it needs nothing more, if so.

    Raises `NotReadyError` if the history is too short.
    """
    decided, settled = _planned(settings)
    return decided.training_id, settled


def is_due(settings: Settings) -> bool:
    """Whether `plan` would find something to train; raises `NotReadyError` if the history is too short."""
    return _planned(settings)[1] is None


def dataset(settings: Settings, plan: Path, run_id: str) -> None:
    """Join the labels of the plan's cutoffs with the features as they were known, and keep the rows beside the plan.

    Like every later step, it waits while another process is at the same training, and finds what that has finished.
    """
    from hotarea.stores.training_folder import TrainingFolder

    folder = TrainingFolder(plan.parent)
    with folder.alone():
        _join(settings, folder, run_id)


def _join(settings: Settings, folder: "TrainingFolder", run_id: str) -> None:
    """Join the rows of a training and keep them, unless they are there."""
    from hotarea.stages import training_rows

    if folder.inputs.is_file():
        return
    if folder.dataset.is_dir():  # of an earlier version, which did not say what they were made of
        folder.reject()
    decided = folder.read_plan()
    sets, rows = training_rows.made_of(settings, decided), training_rows.collect(settings, decided)
    facts = folder.write_rows(Layout(settings.home), rows, sets, training_rows.services(settings, decided))
    log.info("run %s joined %s", run_id, facts)


def validate(settings: Settings, plan: Path, run_id: str) -> None:
    """Hold the rows against their suite and against hindsight; raise `ValidationError` if they fail.

    They fail if they break a critical expectation, or a column agrees with what could not be known. Rejected rows are
    put aside, and joined anew by the next attempt. What a model was made of was judged before.
    """
    from hotarea.stores.training_folder import TrainingFolder

    folder = TrainingFolder(plan.parent)
    with folder.alone():
        _judge(settings, folder, run_id)


def _judge(settings: Settings, folder: "TrainingFolder", run_id: str) -> None:
    """Judge the rows of a training, unless a model was made of them; put them aside if they fail."""
    from hotarea.stages import hindsight

    if folder.model.is_file():
        return
    name = folder.read_plan().training_id
    try:
        check_many(settings, "training_set", {name: folder.parts}, run_id, contexts={name: context(folder)})
        hindsight.check(settings, folder, run_id)
    except ValidationError:
        folder.reject()
        raise


def context(folder: "TrainingFolder") -> dict[str, Any]:
    """Return what the suite of a training's rows compares them with: what was planned."""
    plan, facts = folder.read_plan(), folder.read_facts()
    return {
        "features": plan.features,
        "baselines": plan.baselines,
        "training": [cutoff.day for cutoff in plan.window.training],
        "evaluation": plan.window.evaluation.day,
        "horizon_years": plan.window.horizon_years,
        "hot_quantile": plan.hot_quantile,
        "labelled": facts.rows + facts.evaluation_rows + facts.unknown,
    }


def fit(settings: Settings, plan: Path, run_id: str) -> int:
    """Train the candidate and register it; return its version."""
    from hotarea.stores.training_folder import TrainingFolder

    folder = TrainingFolder(plan.parent)
    with folder.alone():
        return _registered(settings, folder, run_id)


def _registered(settings: Settings, folder: "TrainingFolder", run_id: str) -> int:
    """Train the candidate unless that was done, and return its version, which one process at a time may ask for."""
    from hotarea.domain.training import MODEL_NAME
    from hotarea.stores import registry

    decided, facts = folder.read_plan(), folder.read_facts()
    if not (folder.model.is_file() and folder.keys.is_file() and folder.recipe.is_file()):
        fitted(folder)
    parameters = {**asdict(folder.read_recipe().recipe), **asdict(facts), "seed": decided.seed}
    origin = _origin(folder, facts, run_id)
    version = registry.register(settings, decided.training_id, folder.model, parameters, origin, folder.keys)
    log.info("%s is version %d of %s", decided.training_id, version, MODEL_NAME)
    return version


def fitted(folder: "TrainingFolder") -> None:
    """Settle the recipe, train the model on a training's rows and leave it there, with the keys of these rows."""
    from hotarea.domain import training, tuning
    from hotarea.domain.columns import array
    from hotarea.stores.training_folder import write

    plan, rows = folder.read_plan(), folder.rows("training")
    training.check_device(plan.recipe.device)
    folder.write_keys(rows)
    values, hot = training.matrix(rows, plan.features), training.labels(rows)
    days = array(rows, "event_timestamp", "int64")
    settled = tuning.settled(tuning.Rows(values, hot, days, plan.features), plan.recipe, plan.tuning, plan.seed)
    log.info("%s is fitted by %s: %s", plan.training_id, settled.recipe, settled.reason)
    write(folder.recipe, settled)
    model = training.fit(values, hot, plan.features, settled.recipe, plan.seed)
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=folder.path) as aside:
        training.save(model, Path(aside) / folder.model.name).rename(folder.model)


def evaluate(settings: Settings, plan: Path, run_id: str) -> str:
    """Evaluate candidate, champions and baselines on the same rows, and the drift since; return the training's id.

    The evidence is left for the gate as `evaluation.json`, with the model in the registry, and in the ledger. Done
    again it is made anew, because the champion may be another by now; unless a decision was made on it that stands:
    then it stays. Raises `GateError` if the candidate is the champion, which cannot be compared with itself.
    """
    from hotarea.stores.training_folder import TrainingFolder

    folder = TrainingFolder(plan.parent)
    training_id = folder.read_plan().training_id
    with folder.alone(), Ledger(settings.ledger) as ledger:
        version = _registered(settings, folder, run_id)
        stands = standing.decision(ledger, training_id)
        if stands is None:
            _compare(settings, ledger, folder, version, run_id)
        else:
            log.info("%s is not evaluated again: the gate's %s stands", training_id, stands.verdict)
    return training_id


def _compare(settings: Settings, ledger: Ledger, folder: "TrainingFolder", version: int, run_id: str) -> None:
    """Gather the evidence on a candidate, and leave it for the gate, in the registry and in the ledger."""
    from hotarea.stages import evidence
    from hotarea.stages.contenders import InService
    from hotarea.stores import registry
    from hotarea.stores.training_folder import write

    served = InService.of(ledger)
    if served.champion and served.champion.model_version == version:
        raise GateError(
            f"version {version} is in service, so that it cannot be compared with the champion; expected another "
            "candidate. Train on other data."
        )
    found = evidence.gather(settings, folder, version, served)
    write(folder.evidence, found)
    figures = {f"{who}/{name}": v for who, values in found.metrics.items() for name, v in values.items()}
    figures |= {f"psi/{name}": v for name, v in found.drift.items()}
    registry.describe(settings, version, figures, {registry.THRESHOLD: repr(found.decision_threshold)})
    if not ledger.all(records.TrainingRun, training_id=found.training_id):
        ledger.add(_training_run(folder, found, run_id))
    for who, values in found.metrics.items():
        log.info("%s: %s at %s: %s", found.training_id, who, found.evaluation_cutoff, values)


def run(settings: Settings, run_id: str) -> str | None:
    """Plan, join, judge, fit and evaluate in this process; return the training's id, None if nothing was to train."""
    decided = plan(settings, run_id)
    return None if decided is None else carry_out(settings, decided, run_id)


def carry_out(settings: Settings, decided: Path, run_id: str) -> str:
    """Join, judge, fit and evaluate what was planned, in this process; return the training's id."""
    dataset(settings, decided, run_id)
    validate(settings, decided, run_id)
    return evaluate(settings, decided, run_id)


def _planned(settings: Settings) -> tuple["TrainingPlan", str | None]:
    """Return what there is to train now, and in words why it needs nothing more, if so."""
    from hotarea.domain.training_plan import planned

    with Ledger(settings.ledger) as ledger:
        decided = planned(
            settings, ledger.all(records.Release), ledger.all(records.FeatureSet), ledger.all(records.LabelSet)
        )
        settled = standing.settled(ledger, decided.training_id)
    return decided, settled


def _origin(folder: "TrainingFolder", facts: "DatasetFacts", run_id: str) -> dict[str, str]:
    """Return what a model came from, as tags of the registry."""
    plan = folder.read_plan()
    excluded = {"excluded_releases": " ".join(plan.excluded)} if plan.excluded else {}
    return {
        "run_id": run_id,
        "feature_service": plan.feature_service,
        binding.FINGERPRINT: folder.read_inputs().services[plan.feature_service],
        "features": " ".join(plan.features),
        "training_cutoffs": " ".join(map(str, plan.window.training)),
        "evaluation_cutoff": str(plan.window.evaluation),
        "newest_cutoff": str(plan.window.newest),
        "horizon_years": str(plan.window.horizon_years),
        "dataset_sha256": facts.digest,
        **excluded,
    }


def _training_run(folder: "TrainingFolder", found: "Evidence", run_id: str) -> records.TrainingRun:
    plan = folder.read_plan()
    return records.TrainingRun(
        training_id=plan.training_id,
        model_version=found.model_version,
        feature_service=plan.feature_service,
        training_cutoffs=[str(c) for c in plan.window.training],
        evaluation_cutoff=plan.window.evaluation.day,
        rows=folder.read_facts().rows,
        metrics=found.metrics,
        run_id=run_id,
    )
