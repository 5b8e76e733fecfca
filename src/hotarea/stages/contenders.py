"""Everyone who is compared: the candidate, who serves and who else did last, and the baselines, on the same rows."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pyarrow as pa

from hotarea.domain import baselines, training
from hotarea.domain.columns import Floats
from hotarea.domain.errors import GateError
from hotarea.domain.evaluation import CHAMPION, LAST_CHAMPION, MODEL, Scores
from hotarea.domain.records import Champion
from hotarea.domain.settings import Settings
from hotarea.domain.timeline import last_other
from hotarea.domain.training_plan import TrainingPlan
from hotarea.stages import binding, training_rows
from hotarea.stores import registry
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InService:
    """Whose place the candidate would take, and who else served last; None where there is nobody."""

    champion: Champion | None
    last: Champion | None

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Read them from the timeline."""
        timeline = sorted(ledger.all(Champion), key=lambda c: c.sequence)
        return cls(timeline[-1] if timeline else None, last_other(timeline))


def scored(settings: Settings, folder: TrainingFolder, served: InService) -> dict[str, Scores]:
    """Return what every contender says of the evaluation's rows."""
    plan, unseen = folder.read_plan(), folder.rows("evaluation")
    candidate = training.score(training.load(folder.model), training.matrix(unseen, plan.features))
    found = {MODEL: Scores.of(candidate)}
    if served.champion:
        found[CHAMPION] = Scores.of(_served(settings, plan, served.champion, unseen, folder.champion))
    if served.last:
        try:
            found[LAST_CHAMPION] = Scores.of(_served(settings, plan, served.last, unseen, folder.last_champion))
        except GateError as error:  # nobody has to beat it, so that it can't be asked any more stops nothing
            log.warning("the last champion is not compared: %s", error)
    return found | dict(_baselines(plan, folder.rows("training"), unseen))


def _served(settings: Settings, plan: TrainingPlan, served: Champion, unseen: pa.Table, file: Path) -> Floats:
    """Return a champion's scores of the evaluation rows, by the features that it was trained on."""
    binding.check(settings, served.model_version, served.feature_service)
    model = training.load(registry.fetch(settings, served.model_version, file))
    names = tuple(model.feature_names)
    if not set(names) <= set(unseen.schema.names):
        unseen = training_rows.joined(settings, plan, unseen, served.feature_service, names)
    return training.score(model, training.matrix(unseen, names))


def _baselines(plan: TrainingPlan, rows: pa.Table, unseen: pa.Table) -> Iterator[tuple[str, Scores]]:
    hot = training.labels(rows)
    for name in plan.baselines:
        learned, values = (training.matrix(part, [name])[:, 0] for part in (rows, unseen))
        yield name, Scores.of(baselines.calibrated(learned, hot, values), values)
    learned, values = (training.matrix(part, plan.features) for part in (rows, unseen))
    yield baselines.LOGISTIC_REGRESSION, Scores.of(baselines.logistic_regression(learned, hot, values))
