"""`hotarea quarantine`: what was rejected, and another try at it."""

from pathlib import Path
from typing import Annotated

import typer

from hotarea.commands.calls import OUT, Json, print_json, run

app = typer.Typer(no_args_is_help=True, help="Look at what was rejected, and try it again after a fix.")

_Release = Annotated[str | None, typer.Option(help="Only of this release.")]
_Reason = Annotated[str | None, typer.Option(help="Only those rejected for this reason.")]


@app.command("list")
def quarantine_list(context: typer.Context, as_json: Json = False) -> None:
    """List releases with rejected records, by reason, and what became of them."""
    from hotarea.console import quarantine as tables
    from hotarea.stages import quarantine as stage

    found = stage.counts(context.obj)
    if as_json:
        print_json(found)
    else:
        tables.show_counts(OUT, found)


@app.command("show")
def quarantine_show(  # noqa: PLR0913, PLR0917
    context: typer.Context,
    release: _Release = None,
    reason: _Reason = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many records.")] = 20,
    all_: Annotated[bool, typer.Option("--all", help="Also those that were ingested or read again since.")] = False,
    staged: Annotated[
        bool, typer.Option("--staged", help="Instead those of releases that were not published.")
    ] = False,
    export: Annotated[Path | None, typer.Option(help="Write the open ones to a new file, to correct them.")] = None,
    as_json: Json = False,
) -> None:
    """Show rejected records with file, line, reason and the record itself, or write them out."""
    from hotarea.console import quarantine as tables
    from hotarea.stages import quarantine as stage

    if staged and (export or all_):
        raise typer.BadParameter("--staged goes with neither --export nor --all: what was not published is not retried")
    if export:
        run("writing", lambda _: {"exported": stage.export(context.obj, export, release, reason)}, as_json)
        return
    if staged:
        found = [*stage.staged(context.obj, release, reason, limit)]
    else:
        found = [*stage.records(context.obj, release, reason, None if all_ else "open", limit)]
    if as_json:
        print_json(found)
    else:
        tables.show_records(OUT, found, limit)


@app.command("retry")
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

    run("retrying", lambda run_id: stage.run(context.obj, run_id, source, release, reason), as_json)
