"""What the loop has left to do: the first stage with work, so that a restart resumes there."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hotarea.domain import records
from hotarea.domain.errors import NotReadyError, RawDataError
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff, is_matured, yearly_cutoffs
from hotarea.stores import raw
from hotarea.stores.ledger import Ledger


@dataclass(frozen=True)
class Work:
    """A stage that has something to do, by the DAG that does it; the stages behind it follow."""

    dag_id: str
    reason: str


def followed(settings: Settings) -> Path | None:
    """Return the raw folder that this home follows; None for a new home without one.

    Raises `RawDataError` if the home holds another corpus than the settings name.
    """
    ledger = Ledger(settings.ledger)
    release = ledger.newest(records.Release)
    ledger.close()
    if release is None:
        return settings.raw
    if settings.raw and str(settings.raw) != release.source:
        raise RawDataError(
            f"this home follows {release.source}, but RAW is {settings.raw}; one home holds one corpus. "
            f"Leave RAW out to go on, or set HOTAREA_HOME to a new folder."
        )
    return Path(release.source)


def first(settings: Settings) -> Work | None:
    """Return the earliest stage that has work; None if everything is done."""
    ledger = Ledger(settings.ledger)
    try:
        return _releases(settings, ledger) or _sets(settings, ledger) or _model(settings) or _predictions(ledger)
    finally:
        ledger.close()


def _releases(settings: Settings, ledger: Ledger) -> Work | None:
    known = {r.release_id for r in ledger.all(records.Release)}
    if settings.raw is None:
        raise NotReadyError("no raw data is named; expected a folder. Set HOTAREA_RAW, or generate the sample corpus.")
    delivered = {d.release_id for d in raw.find(settings.raw).deliveries(datetime.now(UTC).date())}
    new = len(delivered - known)
    return Work("ingest_releases", f"{new} of {len(delivered)} releases are new") if new else None


def _sets(settings: Settings, ledger: Ledger) -> Work | None:
    dates = [r.release_date for r in ledger.all(records.Release)]
    wanted = yearly_cutoffs(dates)
    features = {Cutoff(s.cutoff, s.known) for s in ledger.all(records.FeatureSet)}
    labelled = {s.cutoff for s in ledger.all(records.LabelSet)}
    matured = {c.day for c in wanted if is_matured(c.day, settings.horizon_years, max(dates))}
    missing = len(set(wanted) - features) + len(matured - labelled)
    if missing:
        return Work("build_features", f"{missing} feature and label sets are missing")
    served = {m.view for m in ledger.all(records.Materialization) if m.cutoff == wanted[-1].day}
    return None if served else Work("build_features", "the newest features are not served online yet")


def _model(settings: Settings) -> Work | None:
    from hotarea.stages import train

    return Work("train_model", "the newest labels have not been trained on") if train.is_due(settings) else None


def _predictions(ledger: Ledger) -> Work | None:
    champion = ledger.newest(records.Champion)
    newest = max(ledger.all(records.FeatureSet), key=lambda s: (s.cutoff, s.known))
    if champion is None:
        return None
    scored = ledger.all(records.PredictionSet, cutoff=newest.cutoff, model_version=champion.model_version)
    return None if scored else Work("score_documents", "the champion has not scored the newest cutoff")
