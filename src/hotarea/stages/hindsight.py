"""Guards a training against hindsight: compares its columns with what is known only now, and refuses what agrees."""

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from hotarea.domain import hindsight
from hotarea.domain.columns import Floats
from hotarea.domain.errors import ValidationError
from hotarea.domain.evaluation import MODEL
from hotarea.domain.hindsight import Agreement
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stores import feature_store
from hotarea.stores.lake import label_files
from hotarea.stores.layout import Layout
from hotarea.stores.training_folder import TrainingFolder, read, write

if TYPE_CHECKING:
    from hotarea.domain.evidence import Evidence

log = logging.getLogger(__name__)

_COUNTS = [f"document_citations:{name}" for name in (*hindsight.COUNTS, "age_years")]


@dataclass(frozen=True)
class Found:
    """The agreements of one cutoff's rows, the most implausible first."""

    cutoff: str
    agreements: list[Agreement]


def check(settings: Settings, folder: TrainingFolder) -> None:
    """Compare each column of a training's rows with hindsight, and leave what was found beside them.

    Raises `ValidationError` that names the column that agrees most implausibly.
    """
    plan = folder.read_plan()
    names = tuple(dict.fromkeys((*plan.features, *plan.baselines)))
    named = hindsight.of_the_present(names)
    if named:
        raise ValidationError(
            f"{', '.join(named)} of {plan.training_id} describe the day of the snapshot; expected features of the "
            "cutoff. Take them from the feature service, under a new version."
        )
    rows = pa.concat_tables([folder.rows("training"), folder.rows("evaluation")])
    days = rows["event_timestamp"].cast(pa.date32())
    found = []
    for cutoff, label in zip(plan.cutoffs, plan.labels, strict=True):
        of_day = rows.filter(pc.equal(days, cutoff.day))
        if of_day.num_rows < hindsight.LEAST_ROWS:
            log.warning("the %d documents of %s are too few to tell hindsight by rank", of_day.num_rows, cutoff)
        known = _references(settings, of_day["document_id"], (cutoff, plan.window.newest), label)
        found.append(Found(str(cutoff), hindsight.agreements({name: _floats(of_day[name]) for name in names}, known)))
    write(folder.hindsight, found)
    worst = max(
        ((f.cutoff, a) for f in found for a in f.agreements[:1]),
        key=lambda pair: pair[1].agreement - hindsight.CEILINGS[pair[1].reference],
    )
    log.info("the column that agrees most with hindsight is %s, at %s", worst[1], worst[0])
    if worst[1].is_implausible:
        raise ValidationError(_told(plan.training_id, *worst, folder))


def greatest(folder: TrainingFolder) -> dict[str, float]:
    """Return the greatest agreement of any column with each reference, at any cutoff, as `check` has left it."""
    found: dict[str, float] = {}
    for each in (agreement for part in read(folder.hindsight, list[Found]) for agreement in part.agreements):
        found[each.reference] = max(each.agreement, found.get(each.reference, 0.0))
    return found


def believe(found: "Evidence", folder: TrainingFolder) -> None:
    """Raise `ValidationError` if a model does better than any honest one can: several columns may leak together."""
    precision = found.metrics[MODEL]["average_precision"]
    if precision > hindsight.PRECISION:
        raise ValidationError(
            f"version {found.model_version} of {found.training_id} reaches an average precision of {precision:.3f}; "
            f"expected at most {hindsight.PRECISION} of an honest model. Look for columns that know the future "
            f"together: each one's agreement with hindsight is in {folder.hindsight}."
        )


def _references(
    settings: Settings, ids: pa.ChunkedArray, between: tuple[Cutoff, Cutoff], label: Cutoff
) -> dict[str, Floats]:
    then, now = (_counts(settings, ids, cutoff) for cutoff in between)
    return hindsight.references(then, now, _future(settings, ids, label))


def _counts(settings: Settings, ids: pa.ChunkedArray, cutoff: Cutoff) -> dict[str, Floats]:
    """Return counts of documents at a cutoff as known on its date; NaN for those that have ended by then."""
    asked = feature_store.at(ids, cutoff)
    found = feature_store.historical(settings, asked, _COUNTS, cutoff.known)
    return {name: _floats(found[name]) for name in found.column_names}


def _future(settings: Settings, ids: pa.ChunkedArray, label: Cutoff) -> Floats:
    files = label_files(Layout(settings.home), [label])
    labels = ds.dataset(files).to_table(["document_id", hindsight.FUTURE])
    place = pc.index_in(ids, labels["document_id"].combine_chunks())
    return _floats(labels[hindsight.FUTURE].take(place))


def _floats(column: pa.ChunkedArray) -> Floats:
    return np.asarray(column.cast(pa.float64()).to_numpy(), np.float64)


def _told(training_id: str, cutoff: str, found: Agreement, folder: TrainingFolder) -> str:
    return (
        f"column {found.column} of {training_id} agrees with {found.reference} by {found.agreement:.3f} at {cutoff}; "
        f"expected at most {hindsight.CEILINGS[found.reference]}, as only hindsight agrees further. Find where the "
        f"column is read from and build it from what was known at the cutoff; all agreements are in {folder.hindsight}."
    )
