"""Rollback: puts an earlier champion back in service."""

from dataclasses import replace

from hotarea.domain import records
from hotarea.domain.errors import GateError
from hotarea.domain.settings import Settings
from hotarea.domain.timeline import previous
from hotarea.stages import binding
from hotarea.stages.promote import align, enthrone
from hotarea.stores.ledger import Ledger

_TOLD = "rolled back"


def run(settings: Settings, run_id: str, reason: str, version: int | None = None) -> records.Champion:
    """Put the champion before this one, or a named version, back in service; return its entry in the timeline.

    A run that is repeated under the same id changes nothing more. Raises `GateError` if there is no earlier champion,
    the named version never was one or is in service already, its feature service reads something else by now, or no
    reason is given.
    """
    if not reason.strip():
        raise GateError("a rollback needs a reason; expected a few words for those who ask later.")
    ledger = Ledger(settings.ledger)
    try:
        timeline = ledger.all(records.Champion)
        done = [entry for entry in timeline if entry.run_id == run_id and entry.reason.startswith(_TOLD)]
        if done:
            align(settings, ledger)
            return done[-1]
        target = _target(timeline, version)
        binding.check(settings, target.model_version, target.feature_service)
        told = f"{_TOLD} from version {timeline[-1].model_version}: {reason.strip()}"
        entry = replace(
            target, sequence=timeline[-1].sequence + 1, reason=told, run_id=run_id, promoted_at=records.now()
        )
        enthrone(settings, ledger, entry)
        return entry
    finally:
        ledger.close()


def _target(timeline: list[records.Champion], version: int | None) -> records.Champion:
    if version is None:
        found = previous(timeline)
        if found is None:
            raise GateError("there is no champion before this one to roll back to; expected at least two promotions.")
        return found
    champions = {entry.model_version: entry for entry in timeline}
    if version not in champions:
        raise GateError(
            f"version {version} was never champion; expected one of {sorted(champions) or 'none yet'}. "
            "Only models that have passed the gate can serve."
        )
    if version == timeline[-1].model_version:
        raise GateError(f"version {version} is in service already; expected an earlier champion.")
    return champions[version]
