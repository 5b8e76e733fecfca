"""Shows a replay: each release as it is over, and at the end what the policies gave."""

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hotarea.console.decisions import VERDICTS
from hotarea.domain.evaluation import TITLES
from hotarea.domain.replay import BASELINE, BECAME, GATED, POLICIES, SHOWN, Replay, Step, headline


def line(step: Step) -> str:
    """Return one line on a step that is over."""
    return f"{step.release}  {_became(step) or '–':<11} {_served(step):<7} {step.seconds:6.1f} s  {_why(step)}"


def show(console: Console, replay: Replay) -> None:
    """Print the timeline, the policies beside each other, how models age, and all of it in sentences."""
    kind = "synthetic, " if replay.synthetic else ""
    _titled(console, f"Replay of {replay.source} ({kind}{replay.first} to {replay.last})", _timeline(replay))
    _titled(console, "What other policies would have given", _policies(replay))
    for found in replay.outcomes:
        console.print(f" {found.policy}: {POLICIES[found.policy]}", highlight=False)
    if replay.ageing:
        title = "How fast a model goes stale: its average precision by years since training"
        _titled(console, title, _ageing(replay))
    for sentence in headline(replay):
        console.print(sentence, highlight=False, soft_wrap=True)


def _titled(console: Console, title: str, table: Table) -> None:
    console.print(f"\n[bold]{escape(title)}[/]", highlight=False)  # a table's own title folds at its width
    console.print(table)


def _timeline(replay: Replay) -> Table:
    table = _table()
    for name in ("release", "candidate", "served"):
        table.add_column(name, no_wrap=True)
    table.add_column("matured\nAP", justify="right", no_wrap=True)
    table.add_column("why, and what drifted", overflow="fold")
    matured = replay.matured(GATED)
    for step in replay.steps:
        precision = matured.get(step.release)
        table.add_row(
            str(step.release),
            f"[{VERDICTS[step.candidate.verdict]}]{_became(step)}[/]" if step.candidate else "",
            _served(step),
            f"{precision:.3f}" if precision is not None else "",
            escape(_why(step)),
        )
    return table


def _table() -> Table:
    """Return a table that leaves room for sentences on a terminal of 80 columns."""
    return Table(box=SIMPLE_HEAD, pad_edge=False)


def _became(step: Step) -> str:
    return f"v{step.candidate.version} {BECAME[step.candidate.verdict]}" if step.candidate else ""


def _served(step: Step) -> str:
    return f"v{step.champion}" if step.champion else BASELINE


def _why(step: Step) -> str:
    said = [] if step.candidate else [step.outcome]
    said += [", ".join(step.candidate.refused_for)] if step.candidate and step.candidate.refused_for else []
    said += [f"drift{' (alarm)' if step.alarms else ''}: {', '.join(step.drifted)}"] if step.drifted else []
    said += [f"new works changed: {', '.join(step.changed)}"] if step.changed else []
    return "; ".join(said)


def _policies(replay: Replay) -> Table:
    table = _table()
    table.add_column("policy", no_wrap=True)
    table.add_column("models", justify="right")
    names = [name for name in SHOWN if name in replay.outcome(GATED).means]
    for name in (*(TITLES[n] for n in names), "regret"):
        table.add_column(name, justify="right")
    for found in replay.outcomes:
        figures = [found.means.get(name) for name in names] + [found.regret]
        table.add_row(found.policy, str(found.changes), *map(_figure, figures))
    return table


def _ageing(replay: Replay) -> Table:
    ages = range(max(max(row.precision) for row in replay.ageing) + 1)
    table = _table()
    for name in ("model", "trained"):
        table.add_column(name)
    for age in ages:
        table.add_column(str(age), justify="right")
    for row in replay.ageing:
        crown = " served" if row.was_champion else ""
        table.add_row(f"v{row.version}{crown}", str(row.trained), *(_figure(row.precision.get(age), 3) for age in ages))
    left = (f"{replay.staleness[age]:.1%}" if age in replay.staleness else "" for age in ages)
    table.add_row("per a new one's", "", *left, style="bold")
    return table


def _figure(value: float | None, digits: int = 4) -> str:
    return "" if value is None else f"{value:.{digits}f}"
