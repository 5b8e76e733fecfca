"""Guards a training against hindsight: compares its columns with what is known only now, and refuses what agrees."""

import logging
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from hotarea.domain import hindsight
from hotarea.domain.columns import Floats
from hotarea.domain.hindsight import Agreement
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import hindsight_alert
from hotarea.stores import feature_store
from hotarea.stores.lake import label_files
from hotarea.stores.layout import Layout
from hotarea.stores.training_folder import TrainingFolder, read, write

log = logging.getLogger(__name__)

_COUNTS = [f"document_citations:{name}" for name in (*hindsight.COUNTS, "age_years")]


@dataclass(frozen=True)
class Found:
    """The agreements of one cutoff's rows, the most implausible first."""

    cutoff: str
    agreements: list[Agreement]  # those that could be computed
    compared: dict[str, int]  # reference -> documents


def check(settings: Settings, folder: TrainingFolder, run_id: str) -> None:
    """Compare each column of a training's rows with hindsight, and leave what was found beside them.

    Raises `ValidationError` that names the column that agrees most implausibly, after people were told: nothing is
    fitted, so that no decision of the gate will say why.
    """
    plan = folder.read_plan()
    names = tuple(dict.fromkeys((*plan.features, *plan.baselines)))
    named = hindsight.of_the_present(names)
    if named:
        raise hindsight_alert.of_the_present(settings, plan.training_id, named, run_id)
    found = _found(settings, folder, names)
    write(folder.hindsight, found)
    leaks = [(part.cutoff, each) for part in found for each in part.agreements if each.is_implausible]
    if leaks:
        raise hindsight_alert.leaking(settings, folder, leaks, run_id)
    hindsight_alert.clean(settings, plan.training_id, run_id)


def greatest(folder: TrainingFolder) -> dict[str, float]:
    """Return the greatest agreement of any column with each reference, at any cutoff, as `check` has left it.

    A reference with which none could be computed is left out.
    """
    found: dict[str, float] = {}
    for each in (agreement for part in read(folder.hindsight, list[Found]) for agreement in part.agreements):
        found[each.reference] = max(each.agreement, found.get(each.reference, 0.0))
    return found


def compared(folder: TrainingFolder) -> dict[str, int]:
    """Return of how many documents a column could be compared with each reference, at the cutoff of which most were."""
    found: dict[str, int] = {}
    for reference, rows in (pair for part in read(folder.hindsight, list[Found]) for pair in part.compared.items()):
        found[reference] = max(rows, found.get(reference, 0))
    return found


def _found(settings: Settings, folder: TrainingFolder, names: tuple[str, ...]) -> list[Found]:
    """Return what each cutoff's rows say of the named columns."""
    plan = folder.read_plan()
    rows = pa.concat_tables([folder.rows("training"), folder.rows("evaluation")])
    days, found = rows["event_timestamp"].cast(pa.date32()), []
    for cutoff, label in zip(plan.cutoffs, plan.labels, strict=True):
        of_day = rows.filter(pc.equal(days, cutoff.day))
        if of_day.num_rows < hindsight.LEAST_ROWS:
            log.warning("the %d documents of %s are too few to tell hindsight by rank", of_day.num_rows, cutoff)
        known = _references(settings, of_day["document_id"], (cutoff, plan.window.newest), label)
        columns = {name: _floats(of_day[name]) for name in names}
        agreements = hindsight.agreements(columns, known)
        found.append(Found(str(cutoff), agreements, hindsight.compared(columns, known)))
        for worst in agreements[:1]:
            log.info("the column that agrees most with hindsight is %s, at %s", worst, cutoff)
    return found


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
