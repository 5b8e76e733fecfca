"""The result of the loop, as tables for the terminal."""

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hotarea.console import decisions
from hotarea.console.alerts import show_open
from hotarea.domain.evaluation import METRICS, TITLES

_SHOWN = tuple(name for name in METRICS if name != "precision_at_1_percent")
"""What fits beside each other on a terminal."""


def show(console: Console, status: dict[str, Any]) -> None:
    """Print releases, the champion against its baselines, the gate's last word and the hottest areas."""
    console.print()
    _show_data(console, status)
    _show_maturity(console, status)
    _show_jobs(console, status["jobs"])
    _show_online(console, status["online_store"])
    _show_validations(console, status["validations"])
    show_open(console, status["problems"])
    _show_champion(console, status)
    _show_request(console, status["last_request"])
    _show_decision(console, status["last_decision"], status["champion"])
    _show_hot_areas(console, status)


def _show_data(console: Console, status: dict[str, Any]) -> None:
    releases = status["releases"]
    documents = sum(r["documents"] for r in releases)
    synthetic = " [yellow](synthetic sample corpus)[/]" if status["synthetic"] else ""
    newest = releases[-1]["release_id"] if releases else "none"
    console.print(
        f"[bold]Data[/]      {len(releases)} releases, the newest {newest}, {documents:,} records in{synthetic}; "
        f"features at {len(status['feature_cutoffs'])} cutoffs"
    )


def _show_maturity(console: Console, status: dict[str, Any]) -> None:
    """Print what follows from the horizon: until when cutoffs can teach and examine, and when today's can be scored."""
    found = status["maturity"]
    if not found:
        return
    served = status["predictions"]
    of_predictions = f", those in service from {served['scorable_from']}" if served else ""
    console.print(
        f"[bold]Horizon[/]   {found['horizon_years']} years: cutoffs train until {found['trained_until']} and evaluate "
        f"until {found['evaluated_until']}; predictions of the newest release can be scored from "
        f"{found['scorable_from']}{of_predictions}",
        soft_wrap=True,
    )


def _show_jobs(console: Console, jobs: dict[str, Any]) -> None:
    """Print what each Beam job read last, how fast, and how much of it could not be used."""
    for number, (job, run) in enumerate(jobs.items()):
        bad = sum(run["quarantined"].values())
        console.print(
            f"[bold]{'' if number else 'Jobs':8}[/]  {job}: {run['works']:,} works in {run['seconds']:,.1f} s, "
            f"{run['works_per_second']:,.0f} works/s{f', {bad:,} quarantined' if bad else ''}"
        )


def _show_online(console: Console, views: dict[str, dict[str, Any]]) -> None:
    """Print what the online store answers from, and how fresh it is."""
    for number, (view, write) in enumerate(views.items()):
        console.print(
            f"[bold]{'' if number else 'Online':8}[/]  {view}: {write['rows']:,} documents at {write['cutoff']}, "
            f"written {_ago(write['age_hours'])}"
        )


def _ago(hours: float) -> str:
    return f"{hours * 60:.0f} min ago" if hours < 1 else f"{hours:,.1f} h ago"


def _show_validations(console: Console, validations: list[dict[str, Any]]) -> None:
    """Print what was said of each dataset last, and where the report is."""
    for number, v in enumerate(validations):
        told = ", ".join(f"{count} {severity}" for severity, count in v["failures"].items())
        verdict = ("passed" if v["success"] else "[red]failed[/]") + (f" ({told})" if told else "")
        console.print(
            f"[bold]{'' if number else 'Checks':8}[/]  {v['dataset']} {v['subject']}: {verdict}, report {v['report']}",
            soft_wrap=True,
        )


def _show_champion(console: Console, status: dict[str, Any]) -> None:
    champion = status["champion"]
    if not champion:
        console.print("[bold]Champion[/]  none is in service yet")
        return
    console.print(
        f"[bold]Champion[/]  {champion['model_name']} version {champion['model_version']}, reads "
        f"{champion['feature_service']}: {escape(champion['reason'])}"
    )
    table = Table(title=f"Evaluation at {champion['evaluation_cutoff']}", title_justify="left")
    table.add_column("contender")
    for name in _SHOWN:
        table.add_column(TITLES[name], justify="right")
    for contender, metrics in champion["evaluation"].items():
        style = "bold" if contender == "model" else ""
        table.add_row(contender, *(_figure(metrics.get(m)) for m in _SHOWN), style=style)
    console.print(table)


def _show_request(console: Console, request: dict[str, Any] | None) -> None:
    """Print what the arbiter answered last, unless it was a yes, of which the rest tells."""
    if request and request["outcome"] != "accepted":
        console.print(f"[bold]Training[/]  {request['outcome']} ({request['reason']}): {escape(request['why'])}")


def _show_decision(console: Console, decision: dict[str, Any] | None, champion: dict[str, Any] | None) -> None:
    if not decision or decision["accepted"] or (decision["answer"] or {}).get("approved"):
        return
    left = "the champion stays in service" if champion else "no model was put in service"
    word = "holds" if decision["verdict"] == "hold" else "refused"
    console.print(f"[yellow]The gate {word} version {decision['model_version']}[/]; {left}:")
    for reason in decision["reasons"]:
        console.print(f"  - {escape(reason)}", highlight=False)
    if decision["verdict"] == "hold":
        console.print(f"  {escape(_answer(decision))}", highlight=False, soft_wrap=True)
    if decision["report"]:
        console.print(f"  report: {escape(decision['report'])}", highlight=False, soft_wrap=True)


def _answer(decision: dict[str, Any]) -> str:
    if answer := decision["answer"]:
        return decisions.answered(answer["by"], answer["reason"], approved=answer["approved"])
    return decisions.awaited(decision["training_id"])


def _show_hot_areas(console: Console, status: dict[str, Any]) -> None:
    if not status["hot_areas"]:
        return
    title = f"The ten hottest areas at {status['predictions']['cutoff']}"
    table = Table(title=title + (" (synthetic)" if status["synthetic"] else ""), title_justify="left")
    for name, justify in (("topic", "left"), ("documents", "right"), ("predicted hot", "right"), ("share", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for area in status["hot_areas"]:
        table.add_row(
            escape(area["topic"]),
            f"{area['documents']:,}",
            f"{area['hot_documents']:,}",
            f"{100 * area['hot_share']:.1f} %",
        )
    console.print(table)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
