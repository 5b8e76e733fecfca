"""Standing: which decisions the gate would repeat, and whether a training needs anything more."""

from hotarea.domain import records
from hotarea.domain.records import Approval, Champion, Decision, Materialization
from hotarea.stages import approval
from hotarea.stores.ledger import Ledger


def decision(ledger: Ledger, training_id: str) -> Decision | None:
    """Return the last decision on a candidate if it stands; None if there is none, or the gate is to decide anew.

    Final are a rejection, a person's refusal, and what was decided on a candidate that was promoted. Others stand as
    long as the champion that they were made against. A rejection for what the online store answered alone does not.
    """
    found = ledger.newest(Decision, training_id=training_id)
    return found if found is not None and _stands(ledger, found) else None


def settled(ledger: Ledger, training_id: str) -> str | None:
    """Return in words why a training needs nothing more: refused, held, or promoted; None if it does.

    A model that was promoted once is not made again for a newer cutoff, which could put back in service what was
    rolled back; one that was refused is, because it is the newest cutoff whose drift may have been the reason.
    """
    from hotarea.domain.training_plan import gives_the_same_model

    promoted = {c.model_version for c in ledger.all(Champion)}
    last = records.last_by_training(ledger.all(Decision))
    for found in last.values():
        if found.model_version in promoted and gives_the_same_model(found.training_id, training_id):
            return f"{_same(found)}, and its version {found.model_version} was promoted"
    found_now = last.get(training_id)
    return _closed(ledger, found_now) if found_now else None


def _stands(ledger: Ledger, found: Decision) -> bool:
    if ledger.all(Champion, model_version=found.model_version):
        return True
    if found.verdict == "reject":
        return not found.is_for_serving
    return _is_refused(approval.of(ledger, found)) or found.champion_version == approval.in_service(ledger)


def _closed(ledger: Ledger, found: Decision) -> str | None:
    """Return why a candidate that was not promoted is done with; None if it may be promoted, or decided on anew."""
    answer, version = approval.of(ledger, found), found.model_version
    if answer is not None and _is_refused(answer):
        return f"{_same(found)}, and {answer.by} refused its version {version}"
    if found.verdict == "reject":
        mended = found.is_for_serving and _is_written_since(ledger, found)
        return None if mended else f"{_same(found)}, and the gate refused its version {version}"
    if found.is_held and answer is None and found.champion_version == approval.in_service(ledger):
        return f"{_same(found)}, and the gate holds its version {version}"
    return None


def _is_written_since(ledger: Ledger, found: Decision) -> bool:
    """Whether anything was brought online since a decision; whether that has mended what differed, the gate finds."""
    return any(m.materialized_at > found.decided_at for m in ledger.all(Materialization))


def _is_refused(answer: Approval | None) -> bool:
    return answer is not None and not answer.approved


def _same(found: Decision) -> str:
    return f"{found.training_id} was trained on the same rows"
