"""The evidence for the gate: the candidate beside its rivals on the same rows, and how far the features moved since."""

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from hotarea.domain import baselines, evaluation, metric_intervals, row_keys, slices, training
from hotarea.domain.bootstrap import Resampling, compared
from hotarea.domain.columns import Bools, Floats
from hotarea.domain.evaluation import CHAMPION, LAST_CHAMPION, MODEL, Scores
from hotarea.domain.evidence import Evidence, Interval
from hotarea.domain.settings import Settings
from hotarea.stages import contenders, drift_references, hindsight, training_rows
from hotarea.stores import registry
from hotarea.stores.training_folder import TrainingFolder

if TYPE_CHECKING:
    from hotarea.stages.contenders import InService


def gather(settings: Settings, folder: TrainingFolder, version: int, served: "InService") -> Evidence:
    """Evaluate a trained candidate, those in service and the baselines on the rows of the evaluation cutoff."""
    plan, unseen = folder.read_plan(), folder.rows("evaluation")
    hot, scores = training.labels(unseen), contenders.scored(settings, folder, served)
    draw = Resampling(plan.seed)
    sure = compared(hot, scores[MODEL], _rivals(scores), draw)
    own, moved = scores[MODEL].probability, drift_references.keep(settings, folder)
    threshold = evaluation.decision_threshold(own, plan.hot_quantile)
    return Evidence(
        training_id=plan.training_id,
        model_version=version,
        champion_version=served.champion.model_version if served.champion else None,
        last_champion_version=served.last.model_version if served.last and LAST_CHAMPION in scores else None,
        evaluation_cutoff=str(plan.window.evaluation),
        newest_cutoff=str(plan.window.newest),
        rows=unseen.num_rows,
        hot=int(hot.sum()),
        metrics={who: evaluation.metrics(hot, said.probability, said.ranking) for who, said in scores.items()},
        baselines=(*plan.baselines, baselines.LOGISTIC_REGRESSION),
        features=plan.features,
        drift=moved.features,
        drift_evaluation=moved.evaluation,
        prediction_drift=moved.predictions,
        decision_threshold=threshold,
        at_threshold=evaluation.at_threshold(hot, own, threshold),
        intervals=_with_all_metrics(sure.contenders, hot, own, draw),
        differences=sure.differences,
        slices=slices.sliced(hot, scores, training_rows.described(settings, plan, unseen), draw),
        overlap=_overlap(settings, folder, unseen, served),
        importance=training.importance(training.load(folder.model)),
        hindsight=hindsight.greatest(folder),
        hindsight_rows=hindsight.compared(folder),
    )


def _with_all_metrics(
    contenders: dict[str, dict[str, Interval]], hot: Bools, own: Floats, draw: Resampling
) -> dict[str, dict[str, Interval]]:
    """Add the intervals of the candidate's other metrics to those by which it is compared."""
    if MODEL not in contenders:
        return contenders
    return contenders | {MODEL: contenders[MODEL] | metric_intervals.intervals(hot, own, draw)}


def _rivals(scores: dict[str, Scores]) -> dict[str, Scores]:
    return {who: said for who, said in scores.items() if who != MODEL}


def _overlap(settings: Settings, folder: TrainingFolder, unseen: pa.Table, served: "InService") -> dict[str, int]:
    """Return how many evaluation rows the candidate and the champion have learned from; without whose keys are gone."""
    held, found = row_keys.keys(unseen), {MODEL: np.load(folder.keys)}
    learned = registry.learned(settings, served.champion.model_version) if served.champion else None
    if learned is not None:
        found[CHAMPION] = learned
    return {who: row_keys.overlap(keys, held) for who, keys in found.items()}
