"""Promotion: puts a candidate in service that the gate accepted, or a person whom it left it to.

The ledger's timeline is the truth of who is champion, because it holds the reason and is written in one transaction;
the registry's alias follows it. What an interruption leaves between the two, `align` mends.
"""

import logging

from hotarea.domain import records
from hotarea.domain.errors import GateError, PublishError
from hotarea.domain.settings import Settings
from hotarea.stages import approval, gate_alert
from hotarea.stores.ledger import Ledger

log = logging.getLogger(__name__)


def run(settings: Settings, training_id: str | None, run_id: str) -> records.Champion:
    """Put a candidate in service, the newest that may if none is named; return its entry in the timeline.

    Reads the gate's decision and, of a candidate that it holds, the answer to it. A candidate is promoted once: asked
    again, also after a rollback, its entry is returned and nothing changes. Raises `GateError` if the candidate was
    not accepted and no person has approved it, or the champion has changed since.
    """
    with Ledger(settings.ledger) as ledger:
        decision, answer = _allowed(ledger, training_id)
        if not ledger.all(records.Champion, model_version=decision.model_version):
            _succeed(settings, ledger, decision, answer, run_id)
        align(settings, ledger)
        return ledger.all(records.Champion, model_version=decision.model_version)[0]


def _succeed(
    settings: Settings, ledger: Ledger, decision: records.Decision, answer: records.Approval | None, run_id: str
) -> None:
    """Make a candidate the champion; one that may not be, because another came first, is told."""
    champion = ledger.newest(records.Champion)
    try:
        _check_rival(decision, champion)
        enthrone(settings, ledger, _entry(settings, ledger, decision, answer, champion, run_id))
    except GateError as error:
        if ledger.all(records.Champion, model_version=decision.model_version):
            return  # another process has promoted the same candidate meanwhile
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
    """Let the registry's alias name the ledger's champion, and return it; None if there is none yet.

    Whoever has moved the alias looks at the ledger once more: of several at once, the last to move it has then seen
    the newest champion, in whatever order they came.
    """
    from hotarea.stores import registry

    champion = ledger.newest(records.Champion)
    named = registry.champion(settings) if champion else None
    while champion and named != champion.model_version:
        if named is not None:
            log.info("the registry's champion was version %s; it is version %d now", named, champion.model_version)
        registry.crown(settings, champion.model_version)
        named, champion = champion.model_version, ledger.newest(records.Champion)
    return champion


def _allowed(ledger: Ledger, training_id: str | None) -> tuple[records.Decision, records.Approval | None]:
    """Return the decision that lets a candidate serve, with the answer to it if it took one."""
    which = {} if training_id is None else {"training_id": training_id}
    last = records.last_by_training(ledger.all(records.Decision, **which))
    answered = {t: approval.of(ledger, d) if d.is_held else None for t, d in last.items()}
    found = [d for t, d in last.items() if training_id or d.accepted or _approves(answered[t])]
    decision = max(found, key=lambda d: d.decided_at, default=None)
    if decision is None:
        raise GateError(
            f"no decision of the gate covers {training_id or 'any candidate'}; expected an accepting one. "
            "Train a candidate and run the gate."
        )
    answer = answered[decision.training_id]
    if not (decision.accepted or _approves(answer)):
        raise GateError(_refused(decision, answer))
    return decision, answer


def _approves(answer: records.Approval | None) -> bool:
    return answer is not None and answer.approved


def _refused(decision: records.Decision, answer: records.Approval | None) -> str:
    reasons = "; ".join(decision.reasons)
    of = f"version {decision.model_version} of {decision.training_id}"
    if answer:
        return f"{answer.by} refused {of}: {answer.reason}. Only approved candidates can be promoted; train another."
    if decision.is_held:
        return (
            f"the gate holds {of}: {reasons}. Expected a person's approval: look at {decision.report}, then run "
            f"`hotarea approve {decision.training_id}`."
        )
    return f"the gate refused {of}: {reasons}. Only accepted candidates can be promoted."


def _check_rival(decision: records.Decision, champion: records.Champion | None) -> None:
    in_service = champion.model_version if champion else None
    if decision.champion_version != in_service:
        raise GateError(
            f"version {decision.model_version} was accepted against champion version {decision.champion_version}, "
            f"but version {in_service} is in service by now; expected the same. {approval.ANEW}"
        )


def _entry(  # noqa: PLR0913, PLR0917 - each a different thing
    settings: Settings,
    ledger: Ledger,
    decision: records.Decision,
    answer: records.Approval | None,
    champion: records.Champion | None,
    run_id: str,
) -> records.Champion:
    from hotarea.domain.training import MODEL_NAME
    from hotarea.stores import registry

    training = ledger.all(records.TrainingRun, training_id=decision.training_id)[0]
    return records.Champion(
        sequence=(champion.sequence if champion else 0) + 1,
        model_name=MODEL_NAME,
        model_version=decision.model_version,
        feature_service=training.feature_service,
        metrics=decision.metrics["model"],
        reason=_reason(training, decision, answer),
        run_id=run_id,
        kind=records.PROMOTED,
        approved_by=answer.by if answer else records.GATE,
        training_id=decision.training_id,
        decided_at=decision.decided_at,
        dataset_sha256=registry.tags(settings, decision.model_version).get(registry.DATASET, ""),
        code_version=registry.code_of(settings, decision.model_version),
    )


def _reason(training: records.TrainingRun, decision: records.Decision, answer: records.Approval | None) -> str:
    """Say in words and figures why the gate accepted, and what the person said whom it left it to."""
    shown = {who: values for who, values in decision.metrics.items() if who != "last_champion"}
    precision = {who: values.get("average_precision", 0.0) for who, values in shown.items()}
    model, champion = precision.pop("model"), precision.pop("champion", None)
    best = max(precision, key=lambda who: precision[who])
    said = f"average precision {model:.3f} at {training.evaluation_cutoff}, best baseline {best} {precision[best]:.3f}"
    if champion is None:
        said = f"{said}; the first champion"
    else:
        said = f"{said}, champion version {decision.champion_version} {champion:.3f} on the same rows"
    return f"{said}; approved by {answer.by}: {answer.reason}" if answer else said
