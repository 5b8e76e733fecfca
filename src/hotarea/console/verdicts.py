"""Shows what the suites said, one line per subject, the worst last."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hotarea.console.plain_table import plain, wide
from hotarea.domain.records import Validation

_COLOURS = {"critical": "red", "warning": "yellow", "info": "blue"}


def show(console: Console, outcomes: Sequence[Validation]) -> None:
    """Print the verdicts as a table, and below it the reports of all that need a look."""
    if not outcomes:
        return
    ordered = sorted(outcomes, key=_badness)
    wide(console).print(_table(ordered))
    for found in ordered:
        if any(_counts(found)[severity] for severity in ("critical", "warning")):
            console.print(
                f"{found.dataset} {found.subject}: {found.report}", highlight=False, soft_wrap=True, markup=False
            )
    console.print(_summary(outcomes), highlight=False, soft_wrap=True)


def _badness(found: Validation) -> tuple[int, ...]:
    counts = _counts(found)
    return tuple(counts[severity] for severity in _COLOURS)


def _counts(found: Validation) -> Counter[str]:
    return Counter(failure["severity"] for failure in found.failures)


def _table(outcomes: Sequence[Validation]) -> Table:
    table = plain()
    table.add_column("dataset", no_wrap=True)
    table.add_column("subject", min_width=10, overflow="fold")
    table.add_column("checks", justify="right")
    table.add_column("failed", min_width=10)
    table.add_column("worst failure", min_width=20, overflow="fold")
    for found in outcomes:
        table.add_row(found.dataset, found.subject, str(found.checks), _failed(found), _worst(found))
    return table


def _failed(found: Validation) -> str:
    counts = _counts(found)
    return "\n".join(f"[{colour}]{counts[s]} {s}[/]" for s, colour in _COLOURS.items() if counts[s]) or "[green]none[/]"


def _worst(found: Validation) -> str:
    if not found.failures:
        return ""
    worst = found.failures[0]
    examples = "".join(f", for example {_example(example)}" for example in worst["examples"][:1])
    return escape(f"{worst['column'] or 'rows'}: {worst['expected']} Observed: {worst['observed']}{examples}")


def _example(example: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in example.items()) if isinstance(example, dict) else str(example)


def _summary(outcomes: Sequence[Validation]) -> str:
    bad, page = sum(not found.success for found in outcomes), Path(outcomes[0].report)
    verdict = (
        f"[red]{bad} of {len(outcomes)} must not be used[/]" if bad else f"[green]all {len(outcomes)} may be used[/]"
    )
    folder = next((parent.parent for parent in page.parents if parent.name == "validations"), page.parent)
    return f"{verdict}; all reports are listed in {escape(str(folder / 'index.html'))}"
