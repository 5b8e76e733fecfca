"""What a scoring run scores, and with what: decided once, written down beside the model, read by every step."""

import logging
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from hotarea.domain import records
from hotarea.domain.errors import NotReadyError
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import binding, predictions
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)


class Plan(msgspec.Struct, frozen=True):
    """What one run scores, and with what; decided once, read by every step."""

    cutoff: Cutoff
    releases: list[str]
    model_name: str
    model_version: int
    feature_service: str
    threshold: float
    scored_at: datetime


def plan_by(settings: Settings, by_whom: records.Champion) -> Path | None:
    """Decide what a model that is or was champion is to score; return the plan's file, None if it has scored it.

    Raises `NotReadyError` if there are no features.
    """
    with Ledger(settings.ledger) as ledger:
        cutoff = newest_cutoff(ledger)
        if predictions.published(ledger, cutoff, by_whom.model_version):
            log.info("version %d has scored cutoff %s already", by_whom.model_version, cutoff)
            return None
        releases = [r.release_id for r in ledger.all(records.Release) if r.release_date <= cutoff.known]
    return _written(settings, by_whom, cutoff, releases)


def newest_cutoff(ledger: Ledger) -> Cutoff:
    """Return the newest cutoff that has features, as last known; raise `NotReadyError` if none has."""
    sets = ledger.all(records.FeatureSet)
    if not sets:
        raise NotReadyError("there are no features to score; expected a published feature set. Build features first.")
    return max(Cutoff(s.cutoff, s.known) for s in sets)


def read(plan: Path) -> Plan:
    """Return what was planned; raise `NotReadyError` if the file is missing or holds something else."""
    try:
        return msgspec.json.decode(plan.read_bytes(), type=Plan)
    except (OSError, msgspec.DecodeError) as error:
        raise NotReadyError(f"{plan} cannot be read: {error}. Plan the scoring again.") from error


def result(plan: Path) -> dict[str, Any]:
    """Return what the job told of itself; raise `NotReadyError` if it has not."""
    file = plan.parent / "predictions.json"
    try:
        return msgspec.json.decode(file.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise NotReadyError(f"{file} cannot be read: {error}. Run the scoring job again.") from error


def model(plan: Path) -> Path:
    """Return the file of the model that scores."""
    return plan.parent / "model.ubj"


def retracted(plan: Path) -> Path:
    """Return the file of the documents that are served no prediction."""
    return plan.parent / "retracted.parquet"


def built(plan: Path) -> Path:
    """Return the folder of the predictions that are not published yet."""
    return plan.parent / "predictions"


def _written(settings: Settings, champion: records.Champion, cutoff: Cutoff, releases: list[str]) -> Path:
    from hotarea.stores import registry

    binding.check(settings, champion.model_version, champion.feature_service)
    files.sweep(Layout(settings.home))
    file = Layout(settings.home).aside("score") / "plan.json"
    registry.fetch(settings, champion.model_version, model(file))
    decided = Plan(
        cutoff=cutoff,
        releases=releases,
        model_name=champion.model_name,
        model_version=champion.model_version,
        feature_service=champion.feature_service,
        threshold=registry.threshold(settings, champion.model_version),
        scored_at=records.now(),
    )
    predictions.write_retracted(Layout(settings.home), decided.cutoff, decided.releases, retracted(file))
    file.write_bytes(msgspec.json.encode(decided))
    return file
