"""How commands call stages: under a run id, with progress on stderr and the result on stdout."""

import json
import logging
import warnings
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.status import Status

T = TypeVar("T")

OUT = Console()
ERR = Console(stderr=True)

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

_TOLD = ("hotarea", "beam_jobs")
"""The loggers of what we do ourselves."""


class _LastLine(logging.Handler):
    """Shows what the stages and their jobs log as the text of the spinner, the newest line only."""

    def __init__(self, status: Status) -> None:
        super().__init__(logging.INFO)
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        self._status.update(escape(record.getMessage().splitlines()[0]))


def log_to_stderr(*, verbose: bool) -> None:
    """Log our warnings and others' errors to stderr; with `verbose` everything."""
    handler = RichHandler(console=ERR, show_path=False)
    handler.setLevel(logging.INFO if verbose else logging.WARNING)
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(message)s", handlers=[handler])
    for name in _TOLD:
        logging.getLogger(name).setLevel(logging.INFO)
    if not verbose:
        warnings.simplefilter("ignore")  # the libraries' notes to their developers


def run_id() -> str:
    """Return a new id for what a command does."""
    return f"cli-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"


def run(doing: str, stage: Callable[[str], Any], as_json: bool) -> None:
    """Call a stage under a new run id, with progress on stderr and its result on stdout."""
    show(call(doing, stage), as_json)


def show(outcome: Any, as_json: bool) -> None:
    """Print what a stage returned."""
    if as_json:
        print_json(outcome)
    else:
        OUT.print(_told(outcome), highlight=False)


def call(doing: str, stage: Callable[[str], T]) -> T:
    """Call a stage under a new run id, with progress on stderr."""
    with ERR.status(doing) as status:
        handler = _LastLine(status)
        for name in _TOLD:
            logging.getLogger(name).addHandler(handler)
        try:
            return stage(run_id())
        finally:
            for name in _TOLD:
                logging.getLogger(name).removeHandler(handler)


def print_json(value: Any) -> None:
    """Print a result as JSON on stdout."""
    typer.echo(json.dumps(_plain(value), default=str, indent=2))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return [_plain(v) for v in value] if isinstance(value, list) else value


def _told(outcome: Any) -> str:
    plain = _plain(outcome)
    if not plain or (isinstance(plain, dict) and not any(plain.values())):
        return "nothing to do: everything is up to date"
    return json.dumps(plain, default=str, indent=2)
