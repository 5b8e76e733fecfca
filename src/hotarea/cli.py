"""The command line: the same calls that the DAGs make."""

import errno
import json
import logging
import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import httpx
import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape
from rich.status import Status

from hotarea.domain.errors import HotareaError, SettingsError
from hotarea.domain.settings import Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
_out = Console()
_err = Console(stderr=True)

_TOLD = ("hotarea", "beam_jobs")
"""The loggers of what we do ourselves."""

Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def main() -> None:
    """Run the command line; an error of ours or of the disk is one line on stderr and exit status 1."""
    try:
        app()
    except httpx.HTTPError as error:
        message = f"Airflow's API does not answer: {error}. See the logs in the home's state/up/logs."
    except HotareaError as error:
        message = str(error)
    except OSError as error:
        message = f"{error.strerror or error}: {error.filename or 'no file is named'}."
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            message += " Free some space, or set HOTAREA_HOME to a folder on another disk; a repeat goes on from here."
    _err.print(f"[red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(1)


@app.callback()
def _configure(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Folder of all state; else HOTAREA_HOME, else .hotarea.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step of the stages.")] = False,
) -> None:
    _log(verbose=verbose)
    context.obj = Settings.load(home=home)


@app.command()
def up(
    context: typer.Context,
    raw: Annotated[Path | None, typer.Option(help="Raw data; the sample corpus if left out.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop everything after the result.")] = False,
) -> None:
    """Start Airflow, bring in what is new, show progress and the hottest areas."""
    from hotarea.console.up import up as bring_up

    bring_up(_with_raw(context.obj, raw), _out, once=once)


@app.command()
def sample(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Option(help="Where to write it; in home if left out.")] = None,
    works: Annotated[int | None, typer.Option(min=200, help="About how many works; 20,000 if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Generate the synthetic sample corpus with its planted truths."""
    from hotarea.stages import sample as stage

    _run("generating the synthetic corpus", lambda _: stage.run(context.obj, folder, works), as_json)


@app.command()
def ingest(
    context: typer.Context,
    raw: Annotated[Path | None, typer.Option(help="Folder with releases or an edge list.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Leave later releases.")] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Read all files to see which changed.")] = False,
    as_json: Json = False,
) -> None:
    """Bring releases of raw data into the lake, each once, and what corrects them."""
    from hotarea.stages import ingest as stage

    last = until.date() if until else None
    _run("ingesting", lambda run_id: {"releases": stage.run(context.obj, run_id, raw, last, anew=anew)}, as_json)


@app.command()
def features(
    context: typer.Context,
    cutoff: Annotated[
        list[str] | None, typer.Option(help="YYYY-MM-DD, or YYYY-MM-DD@KNOWN; all that are missing if left out.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute, validate and publish features and matured labels."""
    from hotarea.stages import features as stage

    wanted = [stage.cutoff_of(context.obj, text) for text in cutoff or []] or None
    _run("computing features", lambda run_id: {"published": stage.run(context.obj, run_id, wanted)}, as_json)


@app.command()
def validate(
    context: typer.Context,
    dataset: Annotated[str | None, typer.Option(help="Only this one: documents, predictions, …")] = None,
    subject: Annotated[str | None, typer.Option(help="Only this release, cutoff (day@known) or training.")] = None,
    raw: Annotated[Path | None, typer.Option(help="A raw folder to try instead, without publishing it.")] = None,
    as_json: Json = False,
) -> None:
    """Hold what is published, or a raw folder, against its expectations; status 1 if anything critical fails."""
    from hotarea.console import verdicts
    from hotarea.stages import trial
    from hotarea.stages import validate as stage

    if raw is not None and (dataset or subject):
        raise SettingsError("--raw tries all of a raw folder; expected it without --dataset and --subject.")
    if raw is None:
        found = _call("validating", lambda run_id: stage.verdicts(context.obj, run_id, dataset, subject))
    else:
        folder = raw.expanduser().resolve()
        found = _call("trying the raw folder", lambda run_id: trial.run(context.obj, run_id, folder))
    if as_json:
        _print_json(found.outcomes)
    elif found.outcomes:
        verdicts.show(_out, found.outcomes)
    if found.error:
        raise found.error


@app.command()
def materialize(
    context: typer.Context,
    cutoff: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The newest if left out.")] = None,
    view: Annotated[list[str] | None, typer.Option(help="Only this view; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Write the newest published rows into the online store."""
    from hotarea.stages import materialize as stage

    day = cutoff.date() if cutoff else None
    _run("materializing", lambda run_id: stage.run(context.obj, run_id, day, view), as_json)


@app.command()
def train(context: typer.Context, as_json: Json = False) -> None:
    """Train a candidate on the matured cutoffs and evaluate it against champion and baselines."""
    from hotarea.stages import train as stage

    _run("training", lambda run_id: {"training_id": stage.run(context.obj, run_id)}, as_json)


@app.command()
def gate(
    context: typer.Context,
    training_id: Annotated[str | None, typer.Argument(help="The newest candidate if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Decide whether a candidate may replace the champion."""
    from hotarea.stages import gate as stage

    _run("deciding", lambda run_id: stage.run(context.obj, training_id, run_id), as_json)


@app.command()
def promote(
    context: typer.Context,
    training_id: Annotated[str | None, typer.Argument(help="The newest accepted candidate if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Put an accepted candidate in service."""
    from hotarea.stages import promote as stage

    _run("promoting", lambda run_id: stage.run(context.obj, training_id, run_id), as_json)


@app.command()
def score(context: typer.Context, as_json: Json = False) -> None:
    """Score all documents of the newest cutoff with the champion, and publish the hot areas."""
    from hotarea.stages import score as stage

    _run("scoring", lambda run_id: {"published": stage.run(context.obj, run_id)}, as_json)


@app.command()
def rollback(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; kept in the champion's history.")],
    version: Annotated[int | None, typer.Option(help="The previous champion if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Put an earlier champion back in service."""
    from hotarea.stages import rollback as stage

    _run("rolling back", lambda run_id: stage.run(context.obj, run_id, reason, version), as_json)


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show releases, cutoffs, champion, the last decision, the online store and the hottest areas."""
    from hotarea.console import result
    from hotarea.stages import status as stage

    found = stage.collect(context.obj)
    if as_json:
        _print_json(found)
    else:
        result.show(_out, found)


alerts = typer.Typer(no_args_is_help=True, help="Who is told of what is wrong: open problems, channels, silence.")
app.add_typer(alerts, name="alerts")


@alerts.command("list")
def list_problems(context: typer.Context, as_json: Json = False) -> None:
    """Show the problems that are open, those closed last, and messages that no channel took yet."""
    from hotarea.console import alerts as console
    from hotarea.stages import open_problems

    found = open_problems.collect(context.obj)
    _print_json(found) if as_json else console.show(_out, found)


@alerts.command("show")
def show_problem(
    context: typer.Context,
    problem: Annotated[str, typer.Argument(help="As `list` names it, like validation/citations.")],
    as_json: Json = False,
) -> None:
    """Show all that is known of a problem: every failed check with its examples, the report, the run."""
    from hotarea.stages import open_problems

    found = open_problems.show(context.obj, problem)
    _print_json(found) if as_json else _out.print(
        escape(f"{found.title}\n\n{found.text}"), highlight=False, soft_wrap=True
    )


@alerts.command("test")
def try_channels(context: typer.Context, as_json: Json = False) -> None:
    """Send a test message to each channel; exit status 1 if one does not arrive."""
    from hotarea.console import alerts as console
    from hotarea.stages import alert

    with _err.status("sending a test message to each channel"):
        tried = alert.test(context.obj)
    _print_json(tried) if as_json else console.show_tried(_out, tried)
    raise typer.Exit(0 if all(t.arrived for t in tried) else 1)


@alerts.command()
def flush(context: typer.Context) -> None:
    """Deliver the messages that no channel took yet; exit status 1 if some still wait."""
    from hotarea.console import alerts as console
    from hotarea.stages import alert, open_problems

    with _err.status("delivering"):
        deliveries = alert.flush(context.obj)
    left = len(open_problems.collect(context.obj)["undelivered"])
    console.show_deliveries(_out, deliveries, left)
    raise typer.Exit(1 if left else 0)


@alerts.command()
def watch(context: typer.Context, as_json: Json = False) -> None:
    """Tell if nothing has come, been promoted or been served for too long, and deliver what waits.

    Airflow does so every hour. Let cron do it as well, on another machine if there is one: a scheduler that is dead
    cannot tell that it is.
    """
    from hotarea.console import alerts as console
    from hotarea.stages import silence

    if as_json:
        _run("listening", lambda run_id: silence.watch(context.obj, run_id), as_json)
    else:
        console.show_silence(_out, silence.watch(context.obj, _run_id()))


quarantine = typer.Typer(no_args_is_help=True, help="Look at what was rejected, and try it again after a fix.")
app.add_typer(quarantine, name="quarantine")

_Release = Annotated[str | None, typer.Option(help="Only of this release.")]
_Reason = Annotated[str | None, typer.Option(help="Only those rejected for this reason.")]


@quarantine.command("list")
def quarantine_list(context: typer.Context, as_json: Json = False) -> None:
    """List releases with rejected records, by reason, and what became of them."""
    from hotarea.console import quarantine as tables
    from hotarea.stages import quarantine as stage

    found = stage.counts(context.obj)
    if as_json:
        _print_json(found)
    else:
        tables.show_counts(_out, found)


@quarantine.command("show")
def quarantine_show(  # noqa: PLR0913, PLR0917
    context: typer.Context,
    release: _Release = None,
    reason: _Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 20,
    all_: Annotated[bool, typer.Option("--all", help="Also those that were ingested or read again since.")] = False,
    export: Annotated[Path | None, typer.Option(help="Write all that are open to this file, to correct them.")] = None,
    as_json: Json = False,
) -> None:
    """Show rejected records with file, line, reason and the record itself, or write them out."""
    from hotarea.console import quarantine as tables
    from hotarea.stages import quarantine as stage

    if export:
        _run("writing", lambda _: {"exported": stage.export(context.obj, export, release, reason)}, as_json)
        return
    found = [*stage.records(context.obj, release, reason, None if all_ else "open", limit)]
    if as_json:
        _print_json(found)
    else:
        tables.show_records(_out, found, limit)


@quarantine.command("retry")
def quarantine_retry(
    context: typer.Context,
    source: Annotated[
        Path | None, typer.Option("--from", help="A file of `quarantine show --export`, corrected.")
    ] = None,
    release: _Release = None,
    reason: _Reason = None,
    as_json: Json = False,
) -> None:
    """Try rejected records again, as they are or corrected; those that can be used become known today."""
    from hotarea.stages import quarantine as stage

    _run("retrying", lambda run_id: stage.run(context.obj, run_id, source, release, reason), as_json)


releases = typer.Typer(no_args_is_help=True, help="Releases, and how each compares with what was known before it.")
app.add_typer(releases, name="releases")


@releases.command("compare")
def releases_compare(
    context: typer.Context,
    release: Annotated[str | None, typer.Argument(help="The newest if left out.")] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Compare again what is published: all releases, or one.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show what arrived, what the source changed in known works, and how new works differ from those before."""
    from hotarea.console import comparison as tables
    from hotarea.stages import compare as stage

    run_id = _run_id()
    if anew:
        stage.again(context.obj, run_id, release)
    found = stage.published(context.obj, run_id, release)
    if as_json:
        _print_json(found)
    else:
        tables.show(_out, found)


class _LastLine(logging.Handler):
    """Shows what the stages and their jobs log as the text of the spinner, the newest line only."""

    def __init__(self, status: Status) -> None:
        super().__init__(logging.INFO)
        self._status = status

    def emit(self, record: logging.LogRecord) -> None:
        self._status.update(escape(record.getMessage().splitlines()[0]))


def _log(*, verbose: bool) -> None:
    """Log our warnings and others' errors to stderr; with `verbose` everything."""
    handler = RichHandler(console=_err, show_path=False)
    handler.setLevel(logging.INFO if verbose else logging.WARNING)
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR, format="%(message)s", handlers=[handler])
    for name in _TOLD:
        logging.getLogger(name).setLevel(logging.INFO)
    if not verbose:
        warnings.simplefilter("ignore")  # the libraries' notes to their developers


def _run_id() -> str:
    return f"cli-{datetime.now(UTC):%Y%m%dT%H%M%S.%f}"


def _run(doing: str, call: Callable[[str], Any], as_json: bool) -> None:
    """Call a stage under a new run id, with progress on stderr and its result on stdout."""
    outcome = _call(doing, call)
    if as_json:
        _print_json(outcome)
    else:
        _out.print(_told(outcome), highlight=False)


def _call(doing: str, call: Callable[[str], T]) -> T:
    """Call a stage under a new run id, with progress on stderr."""
    run_id = _run_id()
    with _err.status(doing) as status:
        handler = _LastLine(status)
        for name in _TOLD:
            logging.getLogger(name).addHandler(handler)
        try:
            return call(run_id)
        finally:
            for name in _TOLD:
                logging.getLogger(name).removeHandler(handler)


def _print_json(value: Any) -> None:
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


def _with_raw(settings: Settings, raw: Path | None) -> Settings:
    return settings.model_copy(update={"raw": raw.expanduser().resolve()}) if raw else settings
