"""Problems and channels, as lines and tables for the terminal."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hotarea.domain.silence import Quiet
from hotarea.stages.alert import Tried
from hotarea.stores.channels import Delivery

_STYLES = {"critical": "red", "warning": "yellow"}


def show(console: Console, found: dict[str, Any]) -> None:
    """Print the open problems, those closed last, and how many messages wait for their channel."""
    show_open(console, found["open"])
    if found["recent"]:
        table = _table("Closed last", "problem", "closed", "seen", "what")
        for p in found["recent"]:
            table.add_row(p["problem"], _minute(p["closed_at"]), str(p["seen"]), _short(p["title"]))
        console.print(table)
    for waiting in found["undelivered"]:
        console.print(
            f"[yellow]not delivered[/] to channel {waiting['channel']} after {waiting['attempts']} attempts: "
            f"{escape(waiting['title'])}"
        )


def show_open(console: Console, problems: Sequence[dict[str, Any]]) -> None:
    """Print the open problems; that there is none is said in a line."""
    if not problems:
        console.print("[bold]Problems[/]  none is open")
        return
    table = _table("Open problems", "problem", "since", "seen", "what")
    for p in problems:
        table.add_row(
            f"[{_STYLES[p['severity']]}]{p['problem']}[/]",
            _minute(p["opened_at"]),
            str(p["seen"]),
            _short(p["title"]),
        )
    console.print(table)
    console.print("`hotarea alerts show PROBLEM` has each check with its examples, the report and the run")


def show_tried(console: Console, tried: Sequence[Tried]) -> None:
    """Print for each channel whether a test message arrived."""
    for t in tried:
        said = "[green]arrived[/]" if t.arrived else f"[red]did not arrive[/]: {t.reason}"
        console.print(f"channel {t.place} ({t.kind}): {said}")


def show_deliveries(console: Console, deliveries: Sequence[Delivery], left: int) -> None:
    """Print what each channel took of the messages that waited, and how many still wait."""
    for d in deliveries:
        why = f"; [red]not all[/]: {d.reason}" if d.reason else ""
        console.print(f"channel {d.channel.place} ({d.channel.kind}): {len(d.arrived)} delivered{why}")
    console.print(f"{left or 'no'} {'messages wait' if left > 1 else 'message waits'}")


def show_silence(console: Console, found: Sequence[Quiet]) -> None:
    """Print how long each has been silent, beside how long it may be."""
    table = _table("Silence", "what", "silent for", "limit", "last")
    for quiet in found:
        style = "yellow" if quiet.is_silent else "green"
        age = _days(quiet.age) if quiet.since else "–"
        table.add_row(quiet.name.replace("_", " "), f"[{style}]{age}[/]", _days(quiet.limit), escape(quiet.last))
    console.print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        fixed = column not in {"what", "last"}
        table.add_column(column, justify="right" if column == "seen" else "left", no_wrap=fixed, overflow="fold")
    return table


def _minute(moment: str) -> str:
    return moment[:16].replace("T", " ")


def _short(title: str) -> str:
    return escape(title.removeprefix("hotarea: "))


def _days(value: timedelta) -> str:
    return f"{value.total_seconds() / 86400:.1f} days"
