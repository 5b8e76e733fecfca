"""What applying feature_repo would change, line by line."""

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from hotarea.stores.definitions import Change

_COLOURS = {"adds": "green", "changes": "yellow", "removes": "red"}


def show(console: Console, changes: "list[Change]") -> None:
    """Print each change, and of those that take something away that they do."""
    for change in changes:
        told = str(change).removeprefix(change.action)
        console.print(f"[{_COLOURS[change.action]}]{change.action}[/]{escape(told)}", highlight=False, soft_wrap=True)
        if change.refused:
            console.print(f"  [red]refused:[/] {escape(change.refused)}", highlight=False, soft_wrap=True)
        elif change.destroys:
            console.print("  [red]takes something away:[/] needs --destructive", highlight=False, soft_wrap=True)
    if not changes:
        console.print("nothing to apply: the registry holds what feature_repo defines")
