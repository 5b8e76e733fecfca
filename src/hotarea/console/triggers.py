"""Shows who asked for a training, and what the arbiter answered."""

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from hotarea.console.plain_table import plain
from hotarea.domain.records import TriggerRequest

_COLOURS = {"accepted": "green", "joined": "cyan", "skipped": "default", "deferred": "yellow"}


def show(console: Console, requests: Sequence[TriggerRequest]) -> None:
    """Print the requests as a table, the newest first."""
    if not requests:
        console.print("nobody has asked for a training yet")
        return
    table = plain()
    table.add_column("asked at (UTC)", no_wrap=True)
    for title in ("reason", "about", "outcome", "why"):
        table.add_column(title, overflow="fold")
    for found in requests:
        colour = _COLOURS[found.outcome]
        until = f"; until {found.until:%Y-%m-%d %H:%M} UTC" if found.until else ""
        table.add_row(
            f"{found.asked_at:%Y-%m-%d %H:%M}",
            found.reason,
            escape(found.subject),
            f"[{colour}]{found.outcome}[/]",
            escape(found.why + until),
        )
    console.print(table)
