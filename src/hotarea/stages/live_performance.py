"""Live performance: what became of predictions that were published, once their labels have matured."""

import logging
from contextlib import suppress

import pyarrow.compute as pc
import pyarrow.dataset as ds

from hotarea.domain import evaluation, label_definition, records
from hotarea.domain.drift_check import DriftPolicy
from hotarea.domain.errors import PublishError
from hotarea.domain.live_performance import RIVAL, Precision, lost
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff, Maturity, first_known
from hotarea.stages import drift_alert
from hotarea.stores import feature_store, policies
from hotarea.stores.lake import label_files
from hotarea.stores.layout import Layout, parts
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)


def run(settings: Settings, run_id: str) -> list[records.LivePerformance]:
    """Score every published set of predictions whose labels have matured since; return what was measured now.

    Each is measured once, as the predictions were first served. What the champion in service predicted is told if it
    has lost more since its evaluation than the baseline; what was told is over when another serves.
    """
    with Ledger(settings.ledger) as ledger:
        labels = first_known(ledger.all(records.LabelSet, **label_definition.asked(settings)))
        done = {(p.cutoff, p.model_version) for p in ledger.all(records.LivePerformance)}
        matured = [p for p in _matured(settings, ledger) if p.cutoff in labels]
        found = []
        for predicted in (p for p in matured if (p.cutoff, p.model_version) not in done):
            measured = _measured(settings, ledger, predicted, labels[predicted.cutoff], run_id)
            if measured is None:
                continue
            with suppress(PublishError):  # another run measured the same at once
                ledger.add(measured)
            found.append(measured)
            log.info("version %d at %s: %s", measured.model_version, measured.cutoff, measured.metrics)
    _tell(settings, run_id)
    return found


def dropped(settings: Settings) -> records.LivePerformance | None:
    """Return the last measurement of the champion in service if it fell short; None otherwise."""
    _, last = _of_champion(settings)
    return last if last and last.dropped else None


def _tell(settings: Settings, run_id: str) -> None:
    """Tell how the champion in service did, whether that was measured now or while it served before."""
    champion, last = _of_champion(settings)
    if last is not None:
        drift_alert.measured(settings, last)
    elif champion is not None:
        drift_alert.serves_well(settings, champion.model_version, run_id)


def _of_champion(settings: Settings) -> tuple[records.Champion | None, records.LivePerformance | None]:
    """Return the champion in service and its last measurement."""
    with Ledger(settings.ledger) as ledger:
        champion = ledger.newest(records.Champion)
        known = ledger.all(records.LivePerformance, model_version=champion.model_version) if champion else []
    return champion, max(known, key=lambda p: p.cutoff, default=None)


def _matured(settings: Settings, ledger: Ledger) -> list[records.PredictionSet]:
    """Return the predictions that can be scored by now: of each version at each cutoff as they were first served."""
    covered = max((r.covered for r in ledger.all(records.Release)), default=None)
    if covered is None:
        return []
    sets, maturity = ledger.all(records.PredictionSet), Maturity.of(covered, settings.horizon_years)
    versions = {s.model_version for s in sets}
    first = [p for v in versions for p in first_known(s for s in sets if s.model_version == v).values()]
    return sorted((p for p in first if maturity.reaches(p.cutoff)), key=lambda p: (p.cutoff, p.model_version))


def _measured(
    settings: Settings, ledger: Ledger, predicted: records.PredictionSet, label: records.LabelSet, run_id: str
) -> records.LivePerformance | None:
    """Return how predictions did; None if there are too few hot areas to tell, or the evaluation is not known."""
    rules = policies.read(settings, "drift", DriftPolicy).live
    trained = ledger.all(records.TrainingRun, model_version=predicted.model_version)
    metrics, rows, hot = _metrics(settings, predicted, label)
    expected, found = Precision.of(trained[-1].metrics if trained else {}), Precision.of(metrics)
    fallen = lost(expected, found)
    if fallen is None or expected.model is None or hot < rules.fewest_hot:
        return None
    return records.LivePerformance(
        cutoff=predicted.cutoff,
        known=predicted.known,
        model_version=predicted.model_version,
        rows=rows,
        hot=hot,
        metrics=metrics,
        expected=expected.model,
        expected_rival=expected.rival,
        dropped=fallen > rules.drop,
        run_id=run_id,
    )


def _metrics(
    settings: Settings, predicted: records.PredictionSet, label: records.LabelSet
) -> tuple[dict[str, dict[str, float]], int, int]:
    """Return the metrics of model and rival on the documents that were predicted and have a label, and their number.

    The rival ranks: to make probabilities of it, it would have to learn from the very labels that it is scored on.
    """
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
        found[RIVAL] = evaluation.ranked(hot, values)
    return found, rows.num_rows, int(hot.sum())
