"""What is wrong, what was, and what people could not be told yet: read from the ledger."""

from dataclasses import asdict
from typing import Any

from hotarea.domain.errors import NotReadyError
from hotarea.domain.records import Problem
from hotarea.domain.settings import Settings
from hotarea.stages.alert import undelivered
from hotarea.stores.ledger import Ledger

RECENT = 10

_SHORT = ("problem", "severity", "title", "seen", "opened_at", "seen_at", "told_at", "closed_at", "report", "run_id")


def collect(settings: Settings, recent: int = RECENT) -> dict[str, Any]:
    """Return as plain values the open problems, the newest first, those closed last, and messages that wait."""
    with Ledger(settings.ledger) as ledger:
        known, waiting = ledger.all(Problem), undelivered(ledger)
    closed = [(p.closed_at, p) for p in known if p.closed_at]
    return {
        "open": [_told(p) for p in sorted(known, key=lambda p: p.opened_at, reverse=True) if not p.closed_at],
        "recent": [_told(p) for _, p in sorted(closed, key=lambda pair: pair[0], reverse=True)[:recent]],
        "undelivered": [
            {
                "channel": f"{n.place} ({n.kind})",
                "title": n.title,
                "attempts": n.attempts,
                "written_at": n.written_at.isoformat(timespec="seconds"),
            }
            for n in waiting
        ],
    }


def show(settings: Settings, problem: str) -> Problem:
    """Return the newest occurrence of a problem; raise `NotReadyError` that names those that there were."""
    with Ledger(settings.ledger) as ledger:
        known = ledger.all(Problem)
    found = [p for p in known if p.problem == problem]
    if not found:
        names = ", ".join(sorted({p.problem for p in known})) or "none so far"
        raise NotReadyError(f"there was no problem {problem!r}; expected one of those that there were: {names}.")
    return found[-1]


def _told(problem: Problem) -> dict[str, Any]:
    plain = {name: value for name, value in asdict(problem).items() if name in _SHORT}
    return {n: v.isoformat(timespec="seconds") if n.endswith("_at") and v else v for n, v in plain.items()}
