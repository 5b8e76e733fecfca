"""The gate's decisions and the champion's timeline, as tables."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hotarea.console.plain_table import plain, wide
from hotarea.domain.gate_check import written
from hotarea.domain.records import Approval, Champion, Decision

VERDICTS = {"reject": "red", "hold": "yellow", "promote": "green"}
"""The colour of each verdict of the gate."""

_COLOURS = {"failed": "red", "held": "yellow", "passed": "green"}


def show(console: Console, decision: Decision, answer: Approval | None) -> None:
    """Print every check, those that stand against the candidate last, and below them what follows."""
    wide(console).print(_checks(decision))
    colour = VERDICTS[decision.verdict]
    against = "no champion" if decision.champion_version is None else f"champion version {decision.champion_version}"
    console.print(
        f"[{colour}]{decision.verdict.upper()}[/] version {decision.model_version} of {decision.training_id}, against "
        f"{against}",
        highlight=False,
        soft_wrap=True,
    )
    for reason in decision.reasons:
        console.print(f"  - {escape(reason)}", highlight=False, soft_wrap=True)
    console.print(_next(decision, answer), highlight=False, soft_wrap=True, markup=False)
    if decision.report:
        console.print(f"report: {decision.report}", highlight=False, soft_wrap=True, markup=False)


def show_champions(console: Console, timeline: Sequence[Champion]) -> None:
    """Print who served when, the one in service last, why, on whose approval, from which data and code."""
    table = plain()
    for name in ("", "since (UTC)", "version", "how", "approved by", "data", "code"):
        table.add_column(name, no_wrap=True)
    table.add_column("why", min_width=30, overflow="fold")
    for entry in timeline:
        table.add_row(
            str(entry.sequence),
            f"{entry.promoted_at:%Y-%m-%d %H:%M}",
            str(entry.model_version),
            entry.kind,
            escape(entry.approved_by) or "–",
            entry.dataset_sha256[:10] or "–",
            escape(entry.code_version[:10]) or "–",
            escape(entry.reason),
            style="bold" if entry is timeline[-1] else "",
        )
    wide(console).print(table)


def _checks(decision: Decision) -> Table:
    table = plain()
    table.add_column("verdict", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("threshold", justify="right", no_wrap=True)
    table.add_column("what it says", min_width=30, overflow="fold")
    for check in sorted(decision.checks, key=lambda c: [*_COLOURS][::-1].index(c["verdict"])):
        table.add_row(*_row(check))
    return table


def _row(check: dict[str, Any]) -> tuple[str, ...]:
    colour, said = _COLOURS[check["verdict"]], str(check["reason"])
    figures = (written(check[name]) for name in ("value", "threshold"))
    return f"[{colour}]{check['verdict']}[/]", escape(check["name"]), *figures, escape(said)


def answered(by: str, reason: str, *, approved: bool) -> str:
    """Say what a person said to a candidate that is held."""
    return f"{by} {'approved' if approved else 'refused'} it: {reason}"


def awaited(training_id: str) -> str:
    """Say how a person answers for a candidate that is held."""
    which = f"{training_id} --reason …"
    return f"a person decides: Required Actions in Airflow, or hotarea approve {which} or hotarea reject {which}"


def _next(decision: Decision, answer: Approval | None) -> str:
    if answer:
        return answered(answer.by, answer.reason, approved=answer.approved)
    if decision.is_held:
        return awaited(decision.training_id)
    return "hotarea promote puts it in service" if decision.accepted else "the champion stays as it is"
