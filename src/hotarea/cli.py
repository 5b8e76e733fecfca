"""The command line: the same calls that the DAGs make."""

import errno
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.markup import escape

from hotarea.commands import alerts, champions, feast, quarantine, releases, training
from hotarea.commands.calls import ERR, OUT, Json, call, log_to_stderr, print_json, run
from hotarea.domain.errors import HotareaError, SettingsError
from hotarea.domain.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(champions.app)
app.add_typer(alerts.app, name="alerts")
app.add_typer(feast.app, name="feast")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(releases.app, name="releases")
app.add_typer(training.app, name="training")


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
    ERR.print(f"[red]error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    sys.exit(1)


@app.callback()
def _configure(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option(help="Folder of all state; else HOTAREA_HOME, else .hotarea.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log every step of the stages.")] = False,
) -> None:
    log_to_stderr(verbose=verbose)
    context.obj = Settings.load(home=home)


@app.command()
def up(
    context: typer.Context,
    raw: Annotated[Path | None, typer.Option(help="Raw data; the sample corpus if left out.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop everything after the result.")] = False,
) -> None:
    """Start Airflow, bring in what is new, show progress and the hottest areas."""
    from hotarea.console.up import up as bring_up

    bring_up(_with_raw(context.obj, raw), OUT, once=once)


@app.command()
def sample(
    context: typer.Context,
    folder: Annotated[Path | None, typer.Option(help="Where to write it; in home if left out.")] = None,
    works: Annotated[int | None, typer.Option(min=200, help="About how many works; 20,000 if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Generate the synthetic sample corpus with its planted truths."""
    from hotarea.stages import sample as stage

    run("generating the synthetic corpus", lambda _: stage.run(context.obj, folder, works), as_json)


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
    run("ingesting", lambda run_id: {"releases": stage.run(context.obj, run_id, raw, last, anew=anew)}, as_json)


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
    run("computing features", lambda run_id: {"published": stage.run(context.obj, run_id, wanted)}, as_json)


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
        found = call("validating", lambda run_id: stage.verdicts(context.obj, run_id, dataset, subject))
    else:
        folder = raw.expanduser().resolve()
        found = call("trying the raw folder", lambda run_id: trial.run(context.obj, run_id, folder))
    if as_json:
        print_json(found.outcomes)
    elif found.outcomes:
        verdicts.show(OUT, found.outcomes)
    if found.note:
        (ERR if as_json else OUT).print(escape(found.note), highlight=False, soft_wrap=True)
    if found.error:
        raise found.error


@app.command()
def materialize(  # noqa: PLR0913, PLR0917 - options, not arguments
    context: typer.Context,
    cutoff: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The newest if left out.")] = None,
    view: Annotated[list[str] | None, typer.Option(help="Only this view; may be repeated.")] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show what would be written and why, and write nothing.")
    ] = False,
    documents: Annotated[
        str | None, typer.Option(help="Only these: a file with an id on each line, or ids separated by commas.")
    ] = None,
    anew: Annotated[bool, typer.Option("--anew", help="Write also what the ledger says is served.")] = False,
    take_over: Annotated[
        bool, typer.Option("--take-over", help="First make an online store this home's that another's ledger wrote.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the newest published rows into the online store, and audit what was written."""
    from hotarea.commands import online
    from hotarea.stages.serving import Asked

    day = cutoff.date() if cutoff else None
    if plan and (documents or anew or take_over):
        raise SettingsError("--plan writes nothing; expected it without --documents, --anew and --take-over.")
    if documents and take_over:
        raise SettingsError("--take-over makes all views due; expected it without --documents.")
    if plan:
        online.show_plan(context.obj, day, view, as_json=as_json)
    elif documents:
        online.write_some(context.obj, documents, day, view, as_json=as_json)
    else:
        asked = Asked(day, view, anew=anew)
        run("materializing", lambda run_id: online.written(context.obj, run_id, asked, take_over=take_over), as_json)


@app.command()
def audit(
    context: typer.Context,
    view: Annotated[list[str] | None, typer.Option(help="Only this view; may be repeated.")] = None,
    as_json: Json = False,
) -> None:
    """Compare what the online store answers with the offline store; status 1 if it differs."""
    from hotarea.stages import audit as stage

    run("comparing both stores", lambda run_id: stage.run(context.obj, run_id, view), as_json)


@app.command()
def train(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; kept with the request.")] = "by hand",
    force: Annotated[
        bool,
        typer.Option("--force", help="Pass cooldown, budget, a training under way, and a candidate that waits."),
    ] = False,
    same_data: Annotated[
        bool, typer.Option("--same-data", help="Plan again what was decided on: what stands of that stays.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Train a candidate on the matured cutoffs, if the arbiter accepts, and evaluate it against its rivals."""
    from hotarea.commands import triggers
    from hotarea.stages.arbiter import Wanted

    wanted = Wanted(reason, force=force, same_data=same_data)
    run("training", lambda run_id: triggers.train(context.obj, run_id, wanted), as_json)


@app.command()
def monitor(
    context: typer.Context,
    look: Annotated[bool, typer.Option("--look", help="Only look: ask for no training.")] = False,
    as_json: Json = False,
) -> None:
    """Check drift and matured predictions, and ask for a training where that gives reason.

    If it is accepted: train, let the gate decide, promote what it accepts, and say what is left to do.
    """
    from hotarea.stages import monitor as stage

    run("looking", lambda run_id: stage.run(context.obj, run_id, look=look), as_json)


@app.command("triggers")
def list_triggers(
    context: typer.Context,
    recent: Annotated[int, typer.Option(min=1, help="At most so many, the newest.")] = 20,
    as_json: Json = False,
) -> None:
    """List who asked for a training and why, and what the arbiter answered."""
    from hotarea.commands import triggers

    triggers.show(context.obj, recent, as_json=as_json)


@app.command()
def score(context: typer.Context, as_json: Json = False) -> None:
    """Score all documents of the newest cutoff with the champion, and publish the hot areas."""
    from hotarea.stages import score as stage

    run("scoring", lambda run_id: {"published": stage.run(context.obj, run_id)}, as_json)


@app.command()
def card(
    context: typer.Context,
    version: Annotated[int | None, typer.Argument(help="The champion, or else the newest, if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Make the model card of a version: data, windows, metrics, slices, drift, importance, limits, decision."""
    from hotarea.stages import model_card as stage

    found = call("making the card", lambda _: stage.run(context.obj, version))
    if as_json:
        print_json(found)
    else:
        OUT.print(escape(f"{found.summary}\ncard: {stage.page(context.obj, found)}"), highlight=False, soft_wrap=True)


@app.command()
def replay(  # noqa: PLR0913, PLR0917 - options, not arguments
    context: typer.Context,
    raw: Annotated[
        Path | None, typer.Option(help="A raw folder; what the home holds, or the sample, if left out.")
    ] = None,
    first: Annotated[
        int | None, typer.Option("--from", help="Year of the first release at which the loop runs.")
    ] = None,
    last: Annotated[int | None, typer.Option("--to", help="Year after which nothing is known.")] = None,
    report: Annotated[Path | None, typer.Option(help="Where to write the page; among the reports if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Run the loop over past releases as if time passed, beside "never retrain" and "always promote"."""
    from hotarea.commands.replay import replayed
    from hotarea.stages.replay import Asked

    folder = raw.expanduser().resolve() if raw else None
    replayed(context.obj, Asked(folder, first, last), report, as_json=as_json)


@app.command()
def status(context: typer.Context, as_json: Json = False) -> None:
    """Show releases, cutoffs, champion, the last decision, the online store and the hottest areas."""
    from hotarea.console import result
    from hotarea.stages import status as stage

    found = stage.collect(context.obj)
    if as_json:
        print_json(found)
    else:
        result.show(OUT, found)


def _with_raw(settings: Settings, raw: Path | None) -> Settings:
    return settings.model_copy(update={"raw": raw.expanduser().resolve()}) if raw else settings
