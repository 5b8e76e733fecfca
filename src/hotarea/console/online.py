"""What a materialization would write, view by view."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape

from hotarea.stages.serving import ViewPlan


def show(out: Console, plans: Sequence[ViewPlan]) -> None:
    """Print per view the rows, columns and time that would be written, why, and what Feast alone would miss."""
    for plan in plans:
        for line in _lines(plan):
            out.print(line, highlight=False, soft_wrap=True)


def _lines(plan: ViewPlan) -> Iterator[str]:
    published = plan.published
    model = f", by model version {published.model_version}" if published.model_version is not None else ""
    of = f"event time {published.cutoff}, known on {published.known}{model}"
    if not plan.is_due:
        yield f"[bold]{escape(plan.view)}[/] is served from {escape(plan.store)}: {published.rows:,} rows, {of}"
        return
    yield f"[bold]{escape(plan.view)}[/] will be written to {escape(plan.store)}: {published.rows:,} rows, {of}"
    yield f"  columns: {', '.join(plan.columns)}"
    yield from (f"  because: {escape(reason)}" for reason in plan.reasons)
    for missed in plan.missed:
        columns = "all columns" if missed.columns == plan.columns else ", ".join(missed.columns)
        yield f"  Feast's own incremental run would miss {missed.rows:,} rows, {columns}: {escape(missed.reason)}"
    if plan.resumes:
        yield f"  goes on: {len(plan.done)} of {len(plan.resumes.bounds) + 1} chunks are written"
