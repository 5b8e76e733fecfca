"""The rows of a training: labels joined with the features as they were known."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from hotarea.domain.model_features import BASELINE_SERVICE
from hotarea.domain.predictions import POPULATION
from hotarea.domain.settings import Settings
from hotarea.domain.training_plan import TrainingPlan
from hotarea.domain.windows import Cutoff
from hotarea.stores.lake import feature_files, label_files
from hotarea.stores.layout import Layout

_LABELS = ["document_id", "event_timestamp", "hot_area"]


@dataclass(frozen=True)
class Rows:
    """Documents at cutoffs, with their label and features, ordered by cutoff and document."""

    training: pa.Table
    evaluation: pa.Table
    unknown: int  # labelled documents that the features of their cutoff did not know


def collect(settings: Settings, plan: TrainingPlan) -> Rows:
    """Return the rows of a plan: documents eligible by their label and cited by their features."""
    labelled, unknown = _labelled(Layout(settings.home), plan)
    rows = joined(settings, plan, labelled, plan.feature_service, plan.features)
    rows = joined(settings, plan, rows, BASELINE_SERVICE, plan.baselines)
    at_evaluation = pc.equal(rows["event_timestamp"].cast(pa.date32()), plan.window.evaluation.day)
    return Rows(rows.filter(pc.invert(at_evaluation)), rows.filter(at_evaluation), unknown)


def joined(settings: Settings, plan: TrainingPlan, rows: pa.Table, service: str, names: tuple[str, ...]) -> pa.Table:
    """Return rows with the named features of a Feast service beside, each as its cutoff was known first.

    `rows` are ordered by cutoff, and stay so. What became known of a cutoff later is not seen; columns that are there
    already stay.
    """
    from hotarea.stores import feature_store

    feature_store.apply(settings)
    days = rows["event_timestamp"].cast(pa.date32())
    parts = ((cutoff, rows.filter(pc.equal(days, cutoff.day))) for cutoff in plan.cutoffs)
    return pa.concat_tables(_beside(settings, part, service, names, cutoff) for cutoff, part in parts if part.num_rows)


def _beside(settings: Settings, rows: pa.Table, service: str, names: tuple[str, ...], cutoff: Cutoff) -> pa.Table:
    from hotarea.stores import feature_store

    # One cutoff at a time: a date until which all of them are known would let corrections of the older ones in.
    entities = rows.select(["document_id", "event_timestamp"]).to_pandas()
    frame = feature_store.training_frame(settings, entities, service, cutoff.known)
    for name in names:
        if name not in rows.schema.names:
            rows = rows.append_column(name, pa.array(frame[name], from_pandas=True))
    return rows


def newest(settings: Settings, plan: TrainingPlan) -> pa.Table:
    """Return the model's features of the newest cutoff's documents, those that will be scored."""
    return _features(Layout(settings.home), plan.window.newest, list(plan.features))


def _labelled(layout: Layout, plan: TrainingPlan) -> tuple[pa.Table, int]:
    """Return the labels of eligible documents that the features of their cutoff know, and how many they do not."""
    parts, found = [], 0
    for cutoff, label in zip(plan.cutoffs, plan.labels, strict=True):
        labels = ds.dataset(label_files(layout, [label])).to_table(_LABELS, filter=ds.field("eligible"))
        known = _features(layout, cutoff, ["document_id"])["document_id"]
        found += labels.num_rows
        parts.append(labels.filter(pc.is_in(labels["document_id"], value_set=known)))
    rows = pa.concat_tables(parts).sort_by([("event_timestamp", "ascending"), ("document_id", "ascending")])
    return rows, found - rows.num_rows


def _features(layout: Layout, cutoff: Cutoff, columns: list[str]) -> pa.Table:
    return ds.dataset(feature_files(layout, [cutoff])).to_table(columns, filter=ds.field(POPULATION) >= 1)
