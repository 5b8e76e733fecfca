"""`hotarea releases`: how releases compare with what was known before them."""

from typing import Annotated

import typer

from hotarea.commands.calls import OUT, Json, call, print_json
from hotarea.domain.records import Comparison

app = typer.Typer(no_args_is_help=True, help="Releases, and how each compares with what was known before it.")


@app.command("compare")
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

    def compared(run_id: str) -> Comparison:
        if anew:
            stage.again(context.obj, run_id, release)
        return stage.published(context.obj, run_id, release)

    found = call("comparing", compared)
    if as_json:
        print_json(found)
    else:
        tables.show(OUT, found, in_service=stage.is_in_service(context.obj, found.release_id))
