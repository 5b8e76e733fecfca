"""`hotarea training`: what models learned from, made again."""

from typing import Annotated

import typer

from hotarea.commands.calls import Json, run

app = typer.Typer(no_args_is_help=True, help="What models learned from.")


@app.command()
def rebuild(
    context: typer.Context,
    training_id: Annotated[str, typer.Argument(help="As `hotarea train` told it; also the folder's name in runs/.")],
    as_json: Json = False,
) -> None:
    """Make the rows of a training again from what they were made of; status 1 if they are not the same."""
    from hotarea.stages import rebuild as stage

    run("rebuilding", lambda _: stage.run(context.obj, training_id), as_json)
