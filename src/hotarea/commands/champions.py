"""`hotarea gate`, `approve`, `reject`, `promote`, `champions`, `rollback`: who may serve, who does, and who did."""

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from hotarea.commands.calls import ERR, OUT, Json, call, print_json, run, show

if TYPE_CHECKING:
    from hotarea.domain.records import Approval, Champion

app = typer.Typer()

Candidate = Annotated[str, typer.Argument(help="The training's id, as `hotarea train` told it.")]
Name = Annotated[str | None, typer.Option("--as", help="Who says so; the login's name if left out.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the ledger, for those who ask later.")]


@app.command()
def gate(
    context: typer.Context,
    training_id: Annotated[str | None, typer.Argument(help="The newest candidate if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Decide whether a candidate may replace the champion: promote, hold for a person, or reject."""
    from hotarea.console import decisions
    from hotarea.stages import approval, model_card
    from hotarea.stages import gate as stage

    found = call("deciding", lambda run_id: stage.run(context.obj, training_id, run_id))
    call("making its card", lambda _: model_card.renew(context.obj, found.model_version))
    if as_json:
        print_json(found)
    else:
        decisions.show(OUT, found, approval.to(context.obj, found))


@app.command()
def approve(
    context: typer.Context, training_id: Candidate, reason: Reason, by: Name = None, as_json: Json = False
) -> None:
    """Let a candidate pass that the gate holds: a run that waits goes on; or else run `hotarea promote`."""
    _answer(context, training_id, reason, by, as_json, approved=True)


@app.command()
def reject(
    context: typer.Context, training_id: Candidate, reason: Reason, by: Name = None, as_json: Json = False
) -> None:
    """Refuse a candidate that the gate holds."""
    _answer(context, training_id, reason, by, as_json, approved=False)


@app.command()
def promote(
    context: typer.Context,
    training_id: Annotated[str | None, typer.Argument(help="The newest that may serve if left out.")] = None,
    as_json: Json = False,
) -> None:
    """Put a candidate in service that the gate accepted, or a person approved."""
    from hotarea.stages import promote as stage

    run("promoting", lambda run_id: _moved(context, stage.run(context.obj, training_id, run_id)), as_json)


@app.command()
def champions(context: typer.Context, as_json: Json = False) -> None:
    """Show who served when, why, on whose approval, from which data and code."""
    from hotarea.console import decisions
    from hotarea.domain.records import Champion
    from hotarea.stores import ledger

    timeline = ledger.read(context.obj.ledger, Champion)
    if as_json:
        print_json(timeline)
    elif timeline:
        decisions.show_champions(OUT, timeline)
    else:
        OUT.print("no model has served yet: `hotarea train`, `gate` and `promote` make one", highlight=False)


@app.command()
def rollback(  # noqa: PLR0913, PLR0917 - options, not arguments
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why; kept in the champion's history. Not needed for a dry run.")] = "",
    version: Annotated[int | None, typer.Option(help="The previous champion if left out.")] = None,
    by: Name = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Put an earlier champion back in service, with its features and its predictions.

    A rollback that was interrupted is finished first; to go further back then, name a version.
    """
    from hotarea.stages import rollback as stage

    name = by or getpass.getuser()
    if not dry_run:
        own, entry = call(
            "rolling back", lambda run_id: (run_id, stage.run(context.obj, run_id, reason, version, name))
        )
        if entry.run_id != own:
            ERR.print(stage.gone_on_with(entry), highlight=False, soft_wrap=True, markup=False)
        show(_moved(context, entry), as_json)
        return
    move = call("looking", lambda run_id: stage.plan(context.obj, run_id, reason, version, name))
    if as_json:
        print_json(move)
    else:
        OUT.print("\n".join((*move.told, "nothing was changed")), highlight=False, soft_wrap=True, markup=False)


def _moved(context: typer.Context, entry: "Champion") -> "Champion":
    """Make the cards of who came and of who went, now that the champion has changed; return its entry."""
    from hotarea.stages import model_card

    model_card.of_reigns(context.obj)
    return entry


def _answer(  # noqa: PLR0913 - each a different thing
    context: typer.Context, training_id: str, reason: str, by: str | None, as_json: bool, *, approved: bool
) -> None:
    from hotarea.stages import approval, model_card

    def answered(run_id: str) -> "Approval":
        name = by or getpass.getuser()
        found = approval.answer(context.obj, training_id, approved=approved, by=name, reason=reason, run_id=run_id)
        model_card.renew(context.obj, found.model_version)
        return found

    run("answering", answered, as_json)
