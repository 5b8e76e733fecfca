"""`hotarea feast`: what feature_repo defines, Feast's UI and its feature server."""

from typing import Annotated

import typer

from hotarea.commands.calls import OUT, Json, call, print_json
from hotarea.console import definitions
from hotarea.stages import feature_repo as stage

app = typer.Typer(no_args_is_help=True, help="The feature store's definitions, its UI and its server.")

Host = Annotated[str, typer.Option(help="Where to listen. There is no login: beyond loopback, put one before it.")]


@app.command()
def plan(context: typer.Context, as_json: Json = False) -> None:
    """Show what applying feature_repo would change, and what of it is refused."""
    found = call("comparing", lambda _: stage.plan(context.obj))
    if as_json:
        print_json(found)
    else:
        definitions.show(OUT, found)


@app.command()
def apply(
    context: typer.Context,
    destructive: Annotated[bool, typer.Option("--destructive", help="Also take away what somebody may read.")] = False,
    as_json: Json = False,
) -> None:
    """Register the definitions of feature_repo; what takes something away is refused by name."""
    found = call("applying", lambda _: stage.apply(context.obj, destructive=destructive))
    if as_json:
        print_json(found)
    else:
        definitions.show(OUT, found)


@app.command()
def ui(
    context: typer.Context, host: Host = stage.LOOPBACK, port: Annotated[int, typer.Option(min=1, max=65535)] = 8888
) -> None:
    """Serve Feast's UI until Ctrl-C."""
    stage.ui(context.obj, host, port)


@app.command()
def serve(
    context: typer.Context, host: Host = stage.LOOPBACK, port: Annotated[int, typer.Option(min=1, max=65535)] = 6566
) -> None:
    """Serve online features by HTTP until Ctrl-C."""
    stage.serve(context.obj, host, port)
