"""The evidence for the gate: the candidate beside its rivals on the same rows, and how far the features moved since."""

import pyarrow as pa

from hotarea.domain import baselines, evaluation, training
from hotarea.domain.columns import Floats
from hotarea.domain.evidence import Evidence
from hotarea.domain.records import Champion
from hotarea.domain.settings import Settings
from hotarea.domain.training_plan import TrainingPlan
from hotarea.stages import binding, references, training_rows
from hotarea.stores import registry
from hotarea.stores.training_folder import TrainingFolder

Metrics = dict[str, dict[str, float]]


def gather(settings: Settings, folder: TrainingFolder, version: int, champion: Champion | None) -> Evidence:
    """Evaluate a trained candidate, the champion and the baselines on the rows of the evaluation cutoff."""
    plan, rows, unseen = folder.read_plan(), folder.rows("training"), folder.rows("evaluation")
    hot = training.labels(unseen)
    scores = training.score(training.load(folder.model), training.matrix(unseen, plan.features))
    metrics = {evaluation.MODEL: evaluation.metrics(hot, scores)}
    if champion:
        rival = _champion_scores(settings, folder, champion, unseen)
        metrics[evaluation.CHAMPION] = evaluation.metrics(hot, rival)
    moved = references.keep(settings, folder)
    threshold = evaluation.decision_threshold(scores, plan.hot_quantile)
    return Evidence(
        training_id=plan.training_id,
        model_version=version,
        champion_version=champion.model_version if champion else None,
        evaluation_cutoff=str(plan.window.evaluation),
        newest_cutoff=str(plan.window.newest),
        rows=unseen.num_rows,
        hot=int(hot.sum()),
        metrics=metrics | _baselines(plan, rows, unseen),
        baselines=(*plan.baselines, baselines.LOGISTIC_REGRESSION),
        features=plan.features,
        drift=moved.features,
        drift_evaluation=moved.evaluation,
        prediction_drift=moved.predictions,
        decision_threshold=threshold,
        at_threshold=evaluation.at_threshold(hot, scores, threshold),
    )


def _champion_scores(settings: Settings, folder: TrainingFolder, champion: Champion, unseen: pa.Table) -> Floats:
    """Return the champion's scores of the evaluation rows, by the features that it was trained on."""
    binding.check(settings, champion.model_version, champion.feature_service)
    model = training.load(registry.fetch(settings, champion.model_version, folder.champion))
    names = tuple(model.feature_names)
    if not set(names) <= set(unseen.schema.names):
        unseen = training_rows.joined(settings, folder.read_plan(), unseen, champion.feature_service, names)
    return training.score(model, training.matrix(unseen, names))


def _baselines(plan: TrainingPlan, rows: pa.Table, unseen: pa.Table) -> Metrics:
    learned_hot, hot = training.labels(rows), training.labels(unseen)
    found = {}
    for name in plan.baselines:
        learned, values = (training.matrix(part, [name])[:, 0] for part in (rows, unseen))
        found[name] = evaluation.metrics(hot, baselines.calibrated(learned, learned_hot, values), values)
    learned, values = (training.matrix(part, plan.features) for part in (rows, unseen))
    linear = baselines.logistic_regression(learned, learned_hot, values)
    return {**found, baselines.LOGISTIC_REGRESSION: evaluation.metrics(hot, linear)}
