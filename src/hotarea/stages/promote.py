"""Promotion: puts an accepted candidate in service.

The ledger's timeline is the truth of who is champion, because it holds the reason and is written in one transaction;
the registry's alias follows it. What an interruption leaves between the two, `align` mends.
"""

import logging

from hotarea.domain import records
from hotarea.domain.errors import GateError, PublishError
from hotarea.domain.settings import Settings
from hotarea.stages import gate_alert
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)


def run(settings: Settings, training_id: str | None, run_id: str) -> records.Champion:
    """Put a candidate in service, the newest accepted one if none is named; return its entry in the timeline.

    Reads the gate's decision only. A candidate is promoted once: asked again, also after a rollback, its entry is
    returned and nothing changes. Raises `GateError` if no accepting decision covers the candidate, or the champion
    has changed since.
    """
    ledger = Ledger(settings.ledger)
    try:
        decision = _accepted(ledger, training_id)
        earlier = ledger.all(records.Champion, model_version=decision.model_version)
        if not earlier:
            _succeed(settings, ledger, decision, run_id)
        align(settings, ledger)
        return ledger.all(records.Champion, model_version=decision.model_version)[0]
    finally:
        ledger.close()


def _succeed(settings: Settings, ledger: Ledger, decision: records.Decision, run_id: str) -> None:
    """Make an accepted candidate the champion; one that may not be, because another came first, is told."""
    champion = ledger.newest(records.Champion)
    try:
        _check_rival(decision, champion)
        enthrone(settings, ledger, _entry(ledger, decision, champion, run_id))
    except GateError as error:
        gate_alert.held(settings, decision.training_id, error, run_id)
        raise


def enthrone(settings: Settings, ledger: Ledger, entry: records.Champion) -> None:
    """Make `entry` the champion: first in the ledger, then in the registry.

    Raises `GateError` if its place in the timeline is taken: another champion came since the caller looked.
    """
    from hotarea.stores import registry

    registry.tags(settings, entry.model_version)  # a version that is gone must not become champion
    try:
        ledger.add(entry)
    except PublishError as error:
        raise GateError(
            f"the champion changed meanwhile: place {entry.sequence} of the timeline, expected to be free for version "
            f"{entry.model_version}, is taken. Nothing was changed; look at who is in service and run this again."
        ) from error
    log.info("%s version %d is in service: %s", entry.model_name, entry.model_version, entry.reason)
    align(settings, ledger)


def align(settings: Settings, ledger: Ledger) -> records.Champion | None:
    """Let the registry's alias name the ledger's champion, and return it; None if there is none yet."""
    from hotarea.stores import registry

    champion = ledger.newest(records.Champion)
    named = registry.champion(settings) if champion else None
    if champion and named != champion.model_version:
        if named is not None:
            log.info("the registry's champion was version %s; it is version %d now", named, champion.model_version)
        registry.crown(settings, champion.model_version)
    return champion


def _accepted(ledger: Ledger, training_id: str | None) -> records.Decision:
    which = {} if training_id is None else {"training_id": training_id}
    decided = sorted(ledger.all(records.Decision, **which), key=lambda d: d.decided_at)
    last = {d.training_id: d for d in decided}  # of a candidate that was decided on anew, the last one counts
    found = [d for d in last.values() if d.accepted or training_id is not None]
    decision = max(found, key=lambda d: d.decided_at, default=None)
    if decision is None:
        raise GateError(
            f"no decision of the gate covers {training_id or 'any candidate'}; expected an accepting one. "
            "Train a candidate and run the gate."
        )
    if not decision.accepted:
        raise GateError(
            f"the gate refused version {decision.model_version} of {decision.training_id}: "
            f"{'; '.join(decision.reasons)}. Only accepted candidates can be promoted."
        )
    return decision


def _check_rival(decision: records.Decision, champion: records.Champion | None) -> None:
    in_service = champion.model_version if champion else None
    if decision.champion_version != in_service:
        raise GateError(
            f"version {decision.model_version} was accepted against champion version {decision.champion_version}, "
            f"but version {in_service} is in service by now; expected the same. Run the training again: the "
            "candidate is then compared with the champion in service, and decided on anew."
        )


def _entry(
    ledger: Ledger, decision: records.Decision, champion: records.Champion | None, run_id: str
) -> records.Champion:
    training = ledger.all(records.TrainingRun, training_id=decision.training_id)[0]
    return records.Champion(
        sequence=(champion.sequence if champion else 0) + 1,
        model_name=_model_name(),
        model_version=decision.model_version,
        feature_service=training.feature_service,
        metrics=decision.metrics["model"],
        reason=_reason(training, decision),
        run_id=run_id,
    )


def _model_name() -> str:
    from hotarea.domain.training import MODEL_NAME

    return MODEL_NAME


def _reason(training: records.TrainingRun, decision: records.Decision) -> str:
    """Say in words and figures why the gate accepted."""
    shown = {who: values for who, values in decision.metrics.items() if who != "last_champion"}
    precision = {who: values.get("average_precision", 0.0) for who, values in shown.items()}
    model, champion = precision.pop("model"), precision.pop("champion", None)
    best = max(precision, key=lambda who: precision[who])
    said = f"average precision {model:.3f} at {training.evaluation_cutoff}, best baseline {best} {precision[best]:.3f}"
    if champion is None:
        return f"{said}; the first champion"
    return f"{said}, champion version {decision.champion_version} {champion:.3f} on the same rows"
