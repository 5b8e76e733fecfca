"""The page that shows a replay: who served when, how good that was, and how models age."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from hotarea.domain.replay import GATED, POLICIES, PRECISION, Replay, aged, compared, headline
from hotarea.stores import replay_plots
from hotarea.stores.figure import svg
from hotarea.stores.layout import write_aside

SHOWN = {
    PRECISION: "average precision",
    "precision_at_100": "precision at 100",
    "log_loss": "log loss",
}
"""The metrics of the policies' table, those of them that were measured."""


def write(page: Path, replay: Replay) -> None:
    """Write the page of a replay."""
    text = _template().render(
        r=replay,
        policies=POLICIES,
        names=replay_plots.NAMES,
        colours=replay_plots.COLOURS,
        words={verdict: word for verdict, (_, _, word) in replay_plots.VERDICTS.items()},
        shown={name: title for name, title in SHOWN.items() if name in replay.outcome(GATED).means},
        matured=replay.matured(GATED),
        compared=compared(replay.outcomes),
        timeline=svg(replay_plots.timeline(replay), "timeline"),
        staleness=svg(replay_plots.staleness(replay), "staleness") if replay.staleness else "",
        ages={age: aged(replay.ageing, age) for age in range(max(replay.staleness, default=0) + 1)},
        headline=headline(replay),
    )
    write_aside(page, text.encode())


@cache
def _template() -> Template:
    loader = PackageLoader("hotarea.stores", ".")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("replay_report.html")
