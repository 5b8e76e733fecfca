"""Live performance: what became of predictions that were published, once their labels have matured."""

import logging
from contextlib import suppress

import pyarrow.compute as pc
import pyarrow.dataset as ds

from hotarea.domain import baselines, evaluation, records
from hotarea.domain.drift_check import DriftPolicy
from hotarea.domain.errors import PublishError
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import drift_alert
from hotarea.stores import feature_store, policies
from hotarea.stores.lake import label_files
from hotarea.stores.layout import Layout, parts
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)

RIVAL = "rate_1y"
"""The baseline that every model has to beat; of the same documents, it says whether the year was hard."""


def run(settings: Settings, run_id: str) -> list[records.LivePerformance]:
    """Score every published set of predictions whose labels have matured since; return what was measured now.

    Each is measured once, as the predictions were first served. What the champion in service predicted is told if it
    falls short of its evaluation.
    """
    with Ledger(settings.ledger) as ledger:
        labels = {s.cutoff: s for s in ledger.all(records.LabelSet, horizon_years=settings.horizon_years)}
        done = {(p.cutoff, p.model_version) for p in ledger.all(records.LivePerformance)}
        champion = ledger.newest(records.Champion)
        matured = [p for p in _first(ledger.all(records.PredictionSet)) if p.cutoff in labels]
        found = []
        for predicted in (p for p in matured if (p.cutoff, p.model_version) not in done):
            measured = _measured(settings, ledger, predicted, labels[predicted.cutoff], run_id)
            if measured is None:
                continue
            if champion and champion.model_version == measured.model_version:
                drift_alert.measured(settings, measured)
            with suppress(PublishError):  # another run measured the same at once
                ledger.add(measured)
            found.append(measured)
            log.info("version %d at %s: %s", measured.model_version, measured.cutoff, measured.metrics)
    return found


def dropped(settings: Settings) -> records.LivePerformance | None:
    """Return the last measurement of the champion in service if it fell short; None otherwise."""
    with Ledger(settings.ledger) as ledger:
        champion = ledger.newest(records.Champion)
        known = ledger.all(records.LivePerformance, model_version=champion.model_version) if champion else []
    last = max(known, key=lambda p: p.cutoff, default=None)
    return last if last and last.dropped else None


def _first(sets: list[records.PredictionSet]) -> list[records.PredictionSet]:
    """Return the predictions of each version at each cutoff as they were first served."""
    first = {(s.cutoff, s.model_version): s for s in sorted(sets, key=lambda s: s.known, reverse=True)}
    return sorted(first.values(), key=lambda s: (s.cutoff, s.model_version))


def _measured(
    settings: Settings, ledger: Ledger, predicted: records.PredictionSet, label: records.LabelSet, run_id: str
) -> records.LivePerformance | None:
    """Return how predictions did; None if there are too few hot areas to tell, or the evaluation is not known."""
    rules = policies.read(settings, "drift", DriftPolicy).live
    trained = ledger.all(records.TrainingRun, model_version=predicted.model_version)
    expected = trained[-1].metrics[evaluation.MODEL].get("average_precision") if trained else None
    metrics, rows, hot = _metrics(settings, predicted, label)
    if expected is None or hot < rules.fewest_hot or not metrics[evaluation.MODEL]:
        return None
    return records.LivePerformance(
        cutoff=predicted.cutoff,
        known=predicted.known,
        model_version=predicted.model_version,
        rows=rows,
        hot=hot,
        metrics=metrics,
        expected=expected,
        dropped=metrics[evaluation.MODEL]["average_precision"] < expected - rules.drop,
        run_id=run_id,
    )


def _metrics(
    settings: Settings, predicted: records.PredictionSet, label: records.LabelSet
) -> tuple[dict[str, dict[str, float]], int, int]:
    """Return the metrics of model and rival on the documents that were predicted and have a label, and their number."""
    layout, cutoff = Layout(settings.home), Cutoff(predicted.cutoff, predicted.known)
    files = label_files(layout, [Cutoff(label.cutoff, label.known)])
    labels = ds.dataset(files).to_table(["document_id", "hot_area"], filter=ds.field("eligible"))
    served = ds.dataset(parts(layout.prediction_set(cutoff, predicted.model_version)))
    scored = served.to_table(["document_id", "hot_area_score"])
    rows = labels.join(scored, "document_id", join_type="inner").sort_by("document_id")
    hot = rows["hot_area"].to_numpy().astype(bool)
    asked = feature_store.at(rows["document_id"].combine_chunks(), cutoff)
    rate = feature_store.historical(settings, asked, [f"document_dynamics:{RIVAL}"], cutoff.known)[RIVAL]
    values = pc.fill_null(rate, 0.0).to_numpy()
    found = {evaluation.MODEL: evaluation.metrics(hot, rows["hot_area_score"].to_numpy())}
    if hot.any() and not hot.all():
        found[RIVAL] = evaluation.metrics(hot, baselines.calibrated(values, hot, values), values)
    return found, rows.num_rows, int(hot.sum())
