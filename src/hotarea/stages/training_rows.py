"""The rows of a training: labels joined with the features as they were known."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from hotarea.domain import slices
from hotarea.domain.columns import Bools
from hotarea.domain.model_features import BASELINE_SERVICE
from hotarea.domain.settings import Settings
from hotarea.domain.training_plan import TrainingPlan
from hotarea.domain.windows import Cutoff
from hotarea.stores.lake import documents_as_of, feature_files, label_files
from hotarea.stores.layout import Layout
from hotarea.stores.training_folder import Rows, SetFacts, hashes

_DESCRIBE = ["document_citations:age_years", "document_citations:cite_count"]
_LABELS = ["document_id", "event_timestamp", "hot_area"]


def collect(settings: Settings, plan: TrainingPlan, baseline_service: str = BASELINE_SERVICE) -> Rows:
    """Return the rows of a plan: documents eligible by their label and cited by their features."""
    labelled, unknown = _labelled(settings, plan)
    rows = joined(settings, plan, labelled, plan.feature_service, plan.features)
    rows = joined(settings, plan, rows, baseline_service, plan.baselines)
    at_evaluation = pc.equal(rows["event_timestamp"].cast(pa.date32()), plan.window.evaluation.day)
    return Rows(rows.filter(pc.invert(at_evaluation)), rows.filter(at_evaluation), unknown)


def made_of(settings: Settings, plan: TrainingPlan) -> tuple[SetFacts, ...]:
    """Return the published sets that the rows of a plan are made of, as they are now."""
    layout = Layout(settings.home)
    features = (SetFacts("features", str(c), hashes(feature_files(layout, [c]))) for c in plan.cutoffs)
    labels = (SetFacts("labels", str(c), hashes(label_files(layout, [c]))) for c in plan.labels)
    return (*features, *labels)


def services(settings: Settings, plan: TrainingPlan, baseline_service: str = BASELINE_SERVICE) -> dict[str, str]:
    """Return the fingerprints of the feature services that the rows of a plan are read by."""
    from hotarea.stores import definitions

    return {name: definitions.fingerprint(settings, name) for name in (plan.feature_service, baseline_service)}


def joined(settings: Settings, plan: TrainingPlan, rows: pa.Table, service: str, names: tuple[str, ...]) -> pa.Table:
    """Return rows with the named features of a Feast service beside, each as its cutoff was known first.

    `rows` are ordered by cutoff, and stay so. What became known of a cutoff later is not seen; columns that are there
    already stay.
    """
    from hotarea.stores import definitions

    definitions.apply(settings)
    days = rows["event_timestamp"].cast(pa.date32())
    parts = ((cutoff, rows.filter(pc.equal(days, cutoff.day))) for cutoff in plan.cutoffs)
    return pa.concat_tables(_beside(settings, part, service, names, cutoff) for cutoff, part in parts if part.num_rows)


def described(settings: Settings, plan: TrainingPlan, rows: pa.Table) -> dict[str, Bools]:
    """Return which of the evaluation's rows each slice holds: by age and citations at the cutoff, and topic."""
    from hotarea.stores import feature_store

    cutoff = plan.window.evaluation
    columns = feature_store.historical(settings, rows, _DESCRIBE, cutoff.known)
    age, count = (np.asarray(columns[name].cast(pa.float64()).to_numpy()) for name in ("age_years", "cite_count"))
    documents = documents_as_of(Layout(settings.home), plan.releases, cutoff.known, ("document_id", "topic"))
    place = pc.index_in(rows["document_id"], documents["document_id"].combine_chunks())
    return slices.masks(age, count, documents["topic"].take(place))


def newest(settings: Settings, plan: TrainingPlan) -> pa.Table:
    """Return the model's features of the newest cutoff's documents, those that will be scored."""
    from hotarea.stores import feature_store

    cutoff = plan.window.newest
    rows = feature_store.at(feature_store.documents(settings, cutoff), cutoff)
    return _beside(settings, rows, plan.feature_service, plan.features, cutoff)


def _beside(settings: Settings, rows: pa.Table, service: str, names: tuple[str, ...], cutoff: Cutoff) -> pa.Table:
    from hotarea.stores import feature_store

    # One cutoff at a time: a date until which all of them are known would let corrections of the older ones in.
    found = feature_store.historical(settings, rows, service, cutoff.known)
    for name in names:
        if name not in rows.schema.names:
            rows = rows.append_column(name, found[name])
    return rows


def _labelled(settings: Settings, plan: TrainingPlan) -> tuple[pa.Table, int]:
    """Return the labels of eligible documents that the features of their cutoff know, and how many they do not."""
    from hotarea.stores import feature_store

    layout = Layout(settings.home)
    parts, found = [], 0
    for cutoff, label in zip(plan.cutoffs, plan.labels, strict=True):
        labels = ds.dataset(label_files(layout, [label])).to_table(_LABELS, filter=ds.field("eligible"))
        found += labels.num_rows
        parts.append(labels.filter(pc.is_in(labels["document_id"], feature_store.documents(settings, cutoff))))
    rows = pa.concat_tables(parts).sort_by([("event_timestamp", "ascending"), ("document_id", "ascending")])
    return rows, found - rows.num_rows
