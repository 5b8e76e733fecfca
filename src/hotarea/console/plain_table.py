"""Tables without lines, which fit between other text, and room for them where nobody reads on a terminal."""

from rich.console import Console
from rich.table import Table

_FILE_WIDTH = 160


def plain() -> Table:
    """Return a table without lines."""
    return Table(header_style="bold", box=None, pad_edge=False)


def wide(console: Console) -> Console:
    """Return a console that is wide enough for a table where it writes into a file."""
    return console if console.is_terminal else Console(file=console.file, width=max(console.width, _FILE_WIDTH))
