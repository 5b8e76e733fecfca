"""References: what each model learned from, as distributions kept with its training, and how far others are from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hotarea.domain import records, training
from hotarea.domain.columns import Floats
from hotarea.domain.drift_reference import Bins, Model, Reference
from hotarea.domain.errors import NotReadyError
from hotarea.domain.evaluation import finite
from hotarea.domain.model_features import FEATURE_SERVICE, MODEL_FEATURES, NEW_DOCUMENT_FEATURES
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff, first_known, is_year_end
from hotarea.stages import training_rows
from hotarea.stores import feature_store
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder, write

if TYPE_CHECKING:
    import xgboost as xgb

GROWN = 1.5
"""A corpus that grew by half since the cutoff before is young: before the first champion, nothing is compared then.
hep-th's second year moved features by a PSI of 3 and more, and nothing was wrong (docs/decisions.md)."""

_NEW_DOCUMENTS_VIEW = "document_citations"
"""The view that offers what is watched of new documents."""


@dataclass(frozen=True)
class Moved:
    """How far features and scores have moved since a model's training, as PSI; what is no number is left out."""

    features: dict[str, float]  # from the training rows to the newest cutoff
    evaluation: dict[str, float]  # from the training rows to the evaluation rows
    predictions: float | None  # of the scores, from the evaluation rows to the newest cutoff


def keep(settings: Settings, folder: TrainingFolder) -> Moved:
    """Keep what a trained candidate learned from beside it, and return how far the newest cutoff is from that."""
    plan, reference = folder.read_plan(), of_training(folder)
    write(folder.reference, reference)
    newest = training.matrix(training_rows.newest(settings, plan), plan.features)
    return Moved(
        features=finite(distances(reference, _by_name(plan.features, newest))),
        evaluation=finite(reference.borne),
        predictions=of_scores(reference, training.load(folder.model), newest),
    )


def of_training(folder: TrainingFolder) -> Reference:
    """Return what a trained candidate learned from, made of its rows and its model."""
    plan, model = folder.read_plan(), training.load(folder.model)
    learned, unseen = (training.matrix(folder.rows(part), plan.features) for part in ("training", "evaluation"))
    of_model = Model(training.importance(model), _by_name(plan.features, unseen), training.score(model, unseen))
    known = max(cutoff.known for cutoff in plan.window.training)
    return Reference.of(plan.training_id, known, _by_name(plan.features, learned), of_model)


def of_champion(settings: Settings, champion: records.Champion) -> Reference:
    """Return what the champion learned from; raises `NotReadyError` if neither that nor its rows were kept."""
    with Ledger(settings.ledger) as ledger:
        runs = ledger.all(records.TrainingRun, model_version=champion.model_version)
    if not runs:
        raise NotReadyError(
            f"the ledger knows no training of champion version {champion.model_version}; expected the run that made "
            "it. Train and promote another."
        )
    folder = TrainingFolder.of(Layout(settings.home), runs[-1].training_id)
    if not folder.reference.is_file():  # it was trained by an earlier version of hotarea
        write(folder.reference, of_training(folder))
    return folder.read_reference()


def of_cutoffs(settings: Settings, sets: Sequence[records.FeatureSet]) -> Reference | None:
    """Return what stands in for a champion's reference before the first: the year ends before the newest cutoff.

    None if there is none. Of a corpus that grows too fast, no feature is compared.
    """
    newest = max(sets, key=lambda s: (s.cutoff, s.known))
    ends = first_known(s for s in sets if s.cutoff < newest.cutoff and is_year_end(s.cutoff))
    before = sorted(ends.values(), key=lambda s: s.cutoff)[-settings.training_cutoffs :]
    if not before:
        return None
    cutoffs = [Cutoff(s.cutoff, s.known) for s in before]
    name = f"cutoffs {cutoffs[0].day} to {cutoffs[-1].day}"
    known = max(cutoff.known for cutoff in cutoffs)
    if newest.rows > GROWN * before[-1].rows:
        return Reference.of(name, known, {})
    parts = [columns(settings, cutoff, FEATURE_SERVICE, MODEL_FEATURES) for cutoff in cutoffs]
    rows = {feature: np.concatenate([part[feature] for part in parts]) for feature in MODEL_FEATURES}
    return Reference.of(name, known, rows if len(rows[MODEL_FEATURES[0]]) else {})


def columns(settings: Settings, cutoff: Cutoff, service: str, features: Sequence[str]) -> dict[str, Floats]:
    """Return the model's features of a cutoff's cited documents, by name."""
    rows = feature_store.at(feature_store.documents(settings, cutoff), cutoff)
    found = feature_store.historical(settings, rows, service, cutoff.known)
    return _by_name(features, training.matrix(found, features))


def new_documents(settings: Settings, cutoff: Cutoff) -> dict[str, Floats]:
    """Return what is watched of the documents that are new at a cutoff, by name."""
    rows = feature_store.at(feature_store.new_documents(settings, cutoff), cutoff)
    wanted = [f"{_NEW_DOCUMENTS_VIEW}:{name}" for name in NEW_DOCUMENT_FEATURES]
    found = feature_store.historical(settings, rows, wanted, cutoff.known)
    return _by_name(NEW_DOCUMENT_FEATURES, training.matrix(found, NEW_DOCUMENT_FEATURES))


def distances(reference: Reference, current: dict[str, Floats]) -> dict[str, float]:
    """Return the PSI of each feature of a reference; NaN where there are no rows."""
    return {
        name: bins.psi(bins.again(current[name])) if len(current[name]) else float("nan")
        for name, bins in reference.features.items()
    }


def of_scores(reference: Reference, model: "xgb.Booster", newest: Floats) -> float | None:
    """Return the PSI of a model's scores since its evaluation; None if there is nothing to score."""
    bins: Bins | None = reference.scores
    return bins.psi(bins.again(training.score(model, newest))) if bins and len(newest) else None


def _by_name(features: Sequence[str], values: Floats) -> dict[str, Floats]:
    return dict(zip(features, values.T, strict=True))
