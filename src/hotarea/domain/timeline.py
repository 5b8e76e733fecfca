"""The champion's timeline: who is in service, and who was before."""

from collections.abc import Sequence

from hotarea.domain.records import Champion


def previous(timeline: Sequence[Champion]) -> Champion | None:
    """Return the champion to which a rollback leads; None if the one in service is the first.

    A rollback takes back what came after its target: after 1, 2, 3 and back to 2, the one before is 1 and not 3.
    """
    line: list[Champion] = []
    for entry in sorted(timeline, key=lambda c: c.sequence):
        versions = [c.model_version for c in line]
        if entry.model_version in versions:
            line = line[: versions.index(entry.model_version)]
        line.append(entry)
    return line[-2] if len(line) > 1 else None


def last_other(timeline: Sequence[Champion]) -> Champion | None:
    """Return the newest entry of a version that is not in service; None if no other ever was.

    It is not always where a rollback leads: after 1, 2 and back to 1 it is 2, which was rolled back.
    """
    ordered = sorted(timeline, key=lambda c: c.sequence)
    return next((c for c in reversed(ordered) if c.model_version != ordered[-1].model_version), None)
