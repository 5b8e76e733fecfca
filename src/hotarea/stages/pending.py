"""What the loop has left to do: the first stage with work, so that a restart resumes there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hotarea.domain import records
from hotarea.domain.errors import NotReadyError, RawDataError
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ON_DEMAND, Ask
from hotarea.stages import ingest
from hotarea.stores.ledger import Ledger

_UNTRAINED = "the newest labels have not been trained on"


@dataclass(frozen=True)
class Work:
    """A stage that has something to do, by the DAG that does it; the stages behind it follow."""

    dag_id: str
    reason: str
    conf: Mapping[str, Any] = field(default_factory=dict)  # values for the DAG's Params


def followed(settings: Settings) -> Path | None:
    """Return the raw folder that this home follows; None for a new home without one.

    Raises `RawDataError` if the home holds another corpus than the settings name.
    """
    with Ledger(settings.ledger) as ledger:
        release = ledger.newest(records.Release)
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
    from hotarea.stages import features, materialize
    from hotarea.stages.score import VIEW

    new = _new_releases(settings)
    if new:
        return Work("ingest_releases", new)
    if features.is_due(settings):
        return Work("build_features", "feature or label sets are missing")
    if (training := _training(settings)) is not None:
        return training
    if _is_unscored(settings):
        return Work("score_documents", "the champion has not scored the newest cutoff")
    due = [plan.view for plan in materialize.plan(settings) if plan.is_due]
    if due:
        # score_documents brings nothing online but predictions
        return Work(
            "score_documents" if due == [VIEW] else "build_features", f"{', '.join(due)} must be brought online"
        )
    return None


def _training(settings: Settings) -> Work | None:
    """Return the training that is due and may start; a history that is too short has none.

    One that was begun and not decided on was interrupted: it needs force, as it counts as being trained, though nobody
    is at it. Any other is left to the arbiter. None is begun while a person is asked about a candidate.
    """
    from hotarea.stages import arbiter

    data, past = arbiter.situation(settings)
    if data.training_id is None or data.settled or past.is_held:
        return None
    if past.was_begun(data.training_id):
        return Work("train_model", "a training was interrupted", {"reason": "going on", "force": True})
    if not arbiter.would_accept(settings, Ask(ON_DEMAND, _UNTRAINED, "none")):
        return None
    return Work("train_model", _UNTRAINED, {"reason": _UNTRAINED})


def _new_releases(settings: Settings) -> str:
    if settings.raw is None:
        raise NotReadyError("no raw data is named; expected a folder. Set HOTAREA_RAW, or generate the sample corpus.")
    news = ingest.pending(settings, settings.raw)
    new = f"{len(news.new)} of {news.delivered} releases are new" if news.new else ""
    corrections = f"{len(news.corrections)} changed or came late" if news.corrections else ""
    return ", ".join(filter(None, (new, corrections)))


def _is_unscored(settings: Settings) -> bool:
    """Whether the champion has not scored the newest cutoff, or the registry's alias does not name it."""
    from hotarea.stores import registry

    with Ledger(settings.ledger) as ledger:
        champion = ledger.newest(records.Champion)
        cutoff, known = max(((s.cutoff, s.known) for s in ledger.all(records.FeatureSet)), default=(None, None))
        key = {"cutoff": cutoff, "known": known}
        scored = champion and ledger.all(records.PredictionSet, **key, model_version=champion.model_version)
    return champion is not None and (not scored or registry.champion(settings) != champion.model_version)
