"""What a materialization would write, as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from hotarea.stages.serving import ViewPlan


def show(out: Console, plans: Sequence[ViewPlan]) -> None:
    """Print per view the rows, columns and time that would be written, why, and what Feast alone would miss."""
    table = Table("view", "rows", "of cutoff, known on", "columns", "why", "an incremental run of Feast alone misses")
    for plan in plans:
        table.add_row(
            plan.view,
            f"{plan.published.rows:,}" if plan.is_due else "none",
            _set(plan),
            ", ".join(plan.columns),
            "\n".join(plan.reasons) or "served already",
            "\n".join(f"{m.rows:,} rows: {m.reason} ({', '.join(m.columns)})" for m in plan.missed) or "nothing",
        )
    out.print(table)
    for plan in plans:
        if plan.resumes:
            chunks = len(plan.resumes.bounds) + 1
            out.print(f"{plan.view} goes on: {len(plan.done)} of {chunks} chunks are written.", highlight=False)


def _set(plan: ViewPlan) -> str:
    version = plan.published.model_version
    model = f"\nmodel version {version}" if version is not None else ""
    return f"{plan.published.cutoff}, {plan.published.known}{model}"
