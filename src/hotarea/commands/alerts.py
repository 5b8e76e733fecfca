"""`hotarea alerts`: who is told of what is wrong."""

from typing import Annotated

import typer
from rich.markup import escape

from hotarea.commands.calls import ERR, OUT, Json, print_json, run, run_id

app = typer.Typer(no_args_is_help=True, help="Who is told of what is wrong: open problems, channels, silence.")


@app.command("list")
def list_problems(context: typer.Context, as_json: Json = False) -> None:
    """Show the problems that are open, those closed last, and messages that no channel took yet."""
    from hotarea.console import alerts as console
    from hotarea.stages import open_problems

    found = open_problems.collect(context.obj)
    print_json(found) if as_json else console.show(OUT, found)


@app.command("show")
def show_problem(
    context: typer.Context,
    problem: Annotated[str, typer.Argument(help="As `list` names it, like validation/citations.")],
    as_json: Json = False,
) -> None:
    """Show all that is known of a problem: every failed check with its examples, the report, the run."""
    from hotarea.stages import open_problems

    found = open_problems.show(context.obj, problem)
    print_json(found) if as_json else OUT.print(
        escape(f"{found.title}\n\n{found.text}"), highlight=False, soft_wrap=True
    )


@app.command("test")
def try_channels(context: typer.Context, as_json: Json = False) -> None:
    """Send a test message to each channel; exit status 1 if one does not arrive."""
    from hotarea.console import alerts as console
    from hotarea.stages import alert

    with ERR.status("sending a test message to each channel"):
        tried = alert.test(context.obj)
    print_json(tried) if as_json else console.show_tried(OUT, tried)
    raise typer.Exit(0 if all(t.arrived for t in tried) else 1)


@app.command()
def flush(context: typer.Context) -> None:
    """Deliver the messages that no channel took yet; exit status 1 if some still wait."""
    from hotarea.console import alerts as console
    from hotarea.stages import alert, open_problems

    with ERR.status("delivering"):
        deliveries = alert.flush(context.obj)
    left = len(open_problems.collect(context.obj)["undelivered"])
    console.show_deliveries(OUT, deliveries, left)
    raise typer.Exit(1 if left else 0)


@app.command()
def watch(context: typer.Context, as_json: Json = False) -> None:
    """Tell if nothing has come, been promoted or been served for too long, and deliver what waits.

    Airflow does so every hour. Let cron do it as well, on another machine if there is one: a scheduler that is dead
    cannot tell that it is.
    """
    from hotarea.console import alerts as console
    from hotarea.stages import silence

    if as_json:
        run("listening", lambda run_id: silence.watch(context.obj, run_id), as_json)
    else:
        console.show_silence(OUT, silence.watch(context.obj, run_id()))
