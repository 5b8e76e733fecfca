"""The page that shows a replay: who served when, how good that was, and how models age."""

from pathlib import Path

from hotarea.domain.evaluation import TITLES
from hotarea.domain.replay import BECAME, GATED, POLICIES, SHOWN, Replay, aged, headline
from hotarea.domain.replay_policies import compared
from hotarea.stores import replay_plots
from hotarea.stores.figure import svg
from hotarea.stores.layout import write_aside
from hotarea.stores.page import rendered


def write(page: Path, replay: Replay) -> None:
    """Write the page of a replay."""
    text = rendered(
        "replay_report.html",
        r=replay,
        policies=POLICIES,
        names=replay_plots.NAMES,
        colours=replay_plots.COLOURS,
        words=BECAME,
        shown={name: TITLES[name] for name in SHOWN if name in replay.outcome(GATED).means},
        matured=replay.matured(GATED),
        compared=compared(replay.outcomes),
        timeline=svg(replay_plots.timeline(replay), "timeline"),
        staleness=svg(replay_plots.staleness(replay), "staleness") if replay.staleness else "",
        ages={age: aged(replay.ageing, age) for age in range(max(replay.staleness, default=0) + 1)},
        headline=headline(replay),
    )
    write_aside(page, text)
