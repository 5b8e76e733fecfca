"""How a release compares with what was known before it, as tables."""

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hotarea.domain import limits
from hotarea.domain.records import Comparison

_COLOURS = {"critical": "red", "warning": "yellow", "info": "dim"}


def show(console: Console, found: Comparison, *, in_service: bool) -> None:
    """Print what arrived, what the source re-curated, what ended, how the world changed, and the findings."""
    console.print(_arrived(found))
    console.print(_source(found))
    console.print(_world(found))
    for finding in found.findings:
        colour = _COLOURS[finding["severity"]]
        console.print(f"[{colour}]{finding['severity']} {finding['check']}[/] ({finding['column']})", highlight=False)
        console.print(f"  expected: {escape(finding['expected'])}", highlight=False)
        console.print(f"  observed: {escape(finding['observed'])}", highlight=False)
    console.print(_verdict(found, in_service=in_service), highlight=False)
    console.print(f"report: {found.report}", highlight=False, soft_wrap=True)


def _arrived(found: Comparison) -> Table:
    table = Table("", "promised", "arrived", title=f"Release {found.release_id}: what arrived")
    for name in ("files", "bytes", "records"):
        promised = f"{found.promised[name]:,}" if name in found.promised else "–"
        table.add_row(name, promised, f"{found.arrived.get(name, 0):,}")
    for reason, count in found.quarantined.items():
        table.add_row(f"in quarantine: {reason}", "", f"{count:,}")
    return table


def _source(found: Comparison) -> Table:
    works, again = found.works, found.works["again"]
    table = Table("", "works", "share", title="The source re-curated its history: works that came again")
    table.add_row("came again", f"{again:,}", "")
    table.add_row("unchanged", f"{works['unchanged']:,}", _share(works["unchanged"], again))
    for name, count in found.recurated.items():
        table.add_row(f"another {name}", f"{count:,}", _share(count, again))
    for name, count in found.references.items():
        table.add_row(f"references {name}", f"{count:,}", "")
    for name, count in found.ended.items():
        table.add_row(f"ended: {name.replace('_', ' ')}", f"{count:,}", "")
    return table


def _world(found: Comparison) -> Table:
    title = f"The world changed: {found.works['new']:,} new works against those of the deliveries before"
    table = Table("", "distance", "at most", title=title)
    for name, distance in found.drift.items():
        limit = limits.DRIFT_DISTANCES[name]
        table.add_row(name, f"[yellow]{distance}[/]" if distance > limit else str(distance), str(limit))
    if not found.drift:
        table.add_row("too few to tell", "", "")
    return table


def _share(count: int, of: int) -> str:
    return f"{count / of:.1%}" if of else ""


def _verdict(found: Comparison, *, in_service: bool) -> str:
    if not found.success and in_service:
        return "[red]not to be trusted, but in service: deliver it right, and ingest again[/]"
    if not found.success:
        return "[red]not to be trusted: nothing of it was published[/]"
    return "[yellow]can be trusted, with warnings[/]" if found.findings else "[green]can be trusted[/]"
