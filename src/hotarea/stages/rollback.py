"""Rollback: puts an earlier champion back in service, with the features that it reads and the predictions that it made.

Three things move together: who is champion (ledger and alias), the feature service that goes with it, and the
predictions that the online store answers. What must be made first is made first: nothing moves before the earlier
champion has scored the newest cutoff. A rollback is reversible by another, to the version that served before. One that
was killed is finished by the next before anything else is rolled back, whatever run that is.
"""

import logging
from dataclasses import dataclass, replace
from pathlib import Path

from hotarea.domain import records
from hotarea.domain.errors import GateError
from hotarea.domain.settings import Settings
from hotarea.domain.timeline import previous
from hotarea.domain.windows import Cutoff
from hotarea.stages import approval, binding, predictions, score, scoring_plan
from hotarea.stages.promote import align, enthrone
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import read, write

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Online:
    """Predictions that the online store answers, or will."""

    model_version: int | None
    cutoff: str
    rows: int


@dataclass(frozen=True)
class Move:
    """What a rollback changes, decided once; every later step reads it."""

    run_id: str
    reason: str
    by: str
    sequence: int  # the place in the timeline that it takes
    from_version: int
    to_version: int
    alias: int | None  # the version that the registry's alias names now
    from_service: str
    to_service: str
    cutoff: str  # the newest, which is served
    scored: bool  # whether the earlier champion has scored it
    rows: int  # predictions there are of it, or documents to score
    online: Online | None  # what is served now
    finishes: str = ""  # in words, the earlier rollback that it goes on with

    @property
    def told(self) -> list[str]:
        """What changes, in words, one line each."""
        now = "nothing"
        if self.online:
            now = f"{self.online.rows:,} of version {self.online.model_version} at {self.online.cutoff}"
        there = f"{self.rows:,} predictions are there" if self.scored else f"{self.rows:,} documents are scored first"
        return [
            *filter(None, [self.finishes]),
            f"champion: version {self.from_version} → {self.to_version} (the alias names {self.alias})",
            f"feature service: {self.from_service} → {self.to_service}",
            f"predictions of version {self.to_version} at {self.cutoff}: {there}",
            f"online: {now} → {self.rows:,} of version {self.to_version} at {self.cutoff}",
        ]


@dataclass(frozen=True)
class _Known:
    """What the ledger tells of a rollback before it is decided."""

    done: records.Champion | None  # the entry that it has made already
    before: list[records.Champion]  # the timeline that it follows
    target: records.Champion
    cutoff: Cutoff  # the newest
    predictions: records.PredictionSet | None  # of the target there
    online: records.Materialization | None


def plan(settings: Settings, run_id: str, reason: str = "", version: int | None = None, by: str = "") -> Move:
    """Decide what a rollback to the champion before this one, or to a named version, changes; change nothing.

    Under the id of a run that has moved already, what that run moved. So it is, if no version is named, of a rollback
    that came last and whose predictions are not served and compared yet: another step back nobody has asked for.
    Raises `GateError` if there is no earlier champion, the named version never was one or is in service already, its
    feature service reads something else by now, or `by` is named and no person's name; `NotReadyError` if there are no
    features to score.
    """
    from hotarea.stores import registry

    known = _known(settings, run_id, version)
    binding.check_defined(settings, known.target.model_version, known.target.feature_service)
    begun = known.done if known.done and known.done.run_id != run_id else None
    online, there = known.online, known.predictions
    return Move(
        run_id=begun.run_id if begun else run_id,
        reason=reason.strip(),
        by=approval.person(by) if by else "",
        sequence=known.before[-1].sequence + 1,
        from_version=known.before[-1].model_version,
        to_version=known.target.model_version,
        alias=registry.champion(settings),
        from_service=known.before[-1].feature_service,
        to_service=known.target.feature_service,
        cutoff=str(known.cutoff),
        scored=there is not None,
        rows=there.rows if there else predictions.documents(settings, known.cutoff),
        online=Online(online.model_version, str(online.cutoff), online.rows) if online else None,
        finishes=gone_on_with(begun) if begun else "",
    )


def gone_on_with(begun: records.Champion) -> str:
    """Say in words that a rollback which was interrupted is finished, and how to go further back."""
    return (
        f"finishes the rollback to version {begun.model_version} of {begun.promoted_at:%Y-%m-%d %H:%M} UTC, which was "
        f"interrupted ({begun.reason}); to go further back, name a version"
    )


def prepare(settings: Settings, run_id: str, reason: str, version: int | None, by: str) -> Path:
    """Write down what `plan` decides, for the steps that follow; return the file.

    Raises what `plan` raises, and `GateError` without a reason.
    """
    if not reason.strip():
        raise GateError("a rollback needs a reason; expected a few words for those who ask later.")
    file = Layout(settings.home).aside("rollback") / "move.json"
    decided = plan(settings, run_id, reason, version, by)
    write(file, decided)
    for line in decided.told:
        log.info("%s", line)
    return file


def scoring(settings: Settings, file: Path) -> Path | None:
    """Return the plan by which the earlier champion scores the newest cutoff; None if it has."""
    with Ledger(settings.ledger) as ledger:
        target = _entry_of(ledger.all(records.Champion), read(file, Move).to_version)
    return scoring_plan.plan_by(settings, target)


def move(settings: Settings, file: Path) -> records.Champion:
    """Make the earlier champion the champion, and serve its predictions online; return its entry in the timeline.

    Done again, it goes on where it was. Raises `GateError` if it has not scored the newest cutoff, its feature service
    reads something else by now, or another champion came since the rollback was decided, and `DefinitionError` if the
    definitions cannot be applied: then nothing moves.
    """
    from hotarea.stages import materialize

    decided = read(file, Move)
    with Ledger(settings.ledger) as ledger:
        timeline = ledger.all(records.Champion)
        entry = _done(timeline, decided.run_id)
        if entry is None:
            entry = _entry(_entry_of(timeline, decided.to_version), decided)
            _check_scored(ledger, decided)
            binding.check(settings, decided.to_version, decided.to_service)
            enthrone(settings, ledger, entry)
        align(settings, ledger)
    materialize.run(settings, decided.run_id, views=[score.VIEW])
    return entry


def run(settings: Settings, run_id: str, reason: str, version: int | None = None, by: str = "") -> records.Champion:
    """Decide, score if that is needed, move, and compare what is served, in this process; return the new entry.

    A run that is repeated under the same id changes nothing more. One that finishes an earlier rollback returns the
    entry of that. Raises what the steps raise.
    """
    from hotarea.stages import audit
    from hotarea.stores import layout

    file = prepare(settings, run_id, reason, version, by)
    unscored = scoring(settings, file)
    if unscored is not None:
        score.score_by(settings, unscored, run_id)
    entry = move(settings, file)
    audit.run(settings, run_id, [score.VIEW])
    layout.discard(file.parent)
    return entry


def _known(settings: Settings, run_id: str, version: int | None) -> _Known:
    with Ledger(settings.ledger) as ledger:
        timeline = ledger.all(records.Champion)
        online = ledger.newest(records.Materialization, view=score.VIEW)
        done = _done(timeline, run_id) or (_unfinished(ledger, timeline) if version is None else None)
        before = [entry for entry in timeline if done is None or entry.sequence < done.sequence]
        target = done or _target(before, version)
        cutoff = scoring_plan.newest_cutoff(ledger)
        return _Known(done, before, target, cutoff, predictions.published(ledger, cutoff, target.model_version), online)


def _unfinished(ledger: Ledger, timeline: list[records.Champion]) -> records.Champion | None:
    """Return the rollback that came last, unless its predictions are served and were compared since."""
    if not timeline or timeline[-1].kind != records.ROLLED_BACK:
        return None
    online = ledger.newest(records.Materialization, view=score.VIEW)
    audit = ledger.newest(records.Audit, view=score.VIEW)
    served = online is not None and online.model_version == timeline[-1].model_version
    compared = audit is not None and audit.audited_at >= timeline[-1].promoted_at
    return None if served and compared else timeline[-1]


def _done(timeline: list[records.Champion], run_id: str) -> records.Champion | None:
    found = [e for e in timeline if e.run_id == run_id and e.kind == records.ROLLED_BACK]
    return found[-1] if found else None


def _entry_of(timeline: list[records.Champion], version: int) -> records.Champion:
    return next(entry for entry in reversed(timeline) if entry.model_version == version)


def _entry(target: records.Champion, decided: Move) -> records.Champion:
    return replace(
        target,
        sequence=decided.sequence,
        reason=f"{records.ROLLED_BACK} from version {decided.from_version}: {decided.reason}",
        run_id=decided.run_id,
        kind=records.ROLLED_BACK,
        approved_by=decided.by,
        promoted_at=records.now(),
    )


def _check_scored(ledger: Ledger, decided: Move) -> None:
    cutoff = scoring_plan.newest_cutoff(ledger)
    if predictions.published(ledger, cutoff, decided.to_version) is None:
        raise GateError(
            f"version {decided.to_version} has not scored cutoff {cutoff}, which is the newest by now; expected its "
            "predictions before anything moves. Nothing was changed; start the rollback again."
        )


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
        raise GateError(
            f"version {version} is in service already; expected another champion. If its predictions are not served, "
            "run `hotarea score`."
        )
    return champions[version]
