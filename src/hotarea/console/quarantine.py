"""What is in quarantine, as tables."""

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, Group
from rich.markup import escape
from rich.table import Table

from hotarea.domain.quarantine import Quarantined

_STATUSES = ("open", "ingested", "read again")
_RECORD = 200  # characters of a record that are shown


def show_counts(console: Console, counts: Iterable[dict[str, Any]]) -> None:
    """Print one row per release and reason, with a column for each status."""
    rows: dict[tuple[str, str], dict[str, int]] = {}
    for count in counts:
        rows.setdefault((count["release"], count["reason"]), {})[count["status"]] = count["records"]
    if not rows:
        console.print("quarantine is empty: no release had a record that cannot be used")
        return
    table = Table("release", "reason", title="Rejected records")
    for status in _STATUSES:
        table.add_column(status, justify="right")
    for (release, reason), found in rows.items():
        table.add_row(release, reason, *(f"{found[s]:,}" if s in found else "" for s in _STATUSES))
    console.print(table)


def show_records(console: Console, records: Sequence[Quarantined], limit: int) -> None:
    """Print records, each with where it stood and what is wrong with it."""
    if not records:
        console.print(
            "there is no such record; `hotarea quarantine list` counts those in quarantine, `hotarea quarantine show "
            "--staged` shows those of releases that were not published",
        )
        return
    for found in records:
        became = f"ingested by release {found.ingested_by}" if found.ingested_by else found.status
        where = f"[bold]{escape(found.file)}[/] line {found.line}, release {found.release}, {became}"
        wrong = f"  [yellow]{found.reason}[/]: {escape(found.detail)}"
        cut = "…" if len(found.record) > _RECORD else ""
        console.print(Group(where, wrong, f"  [dim]{escape(found.record[:_RECORD])}{cut}[/]"), highlight=False)
    if len(records) == limit:
        more = "" if records[0].status == "staged" else ", --export writes all to a file"
        console.print(f"the first {limit} are shown; --limit shows more{more}")
