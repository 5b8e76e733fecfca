"""The plots of the drift report, as SVG that stands in the page: no script, no font and no file of elsewhere."""

import io
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from hotarea.domain.drift import Histogram
from hotarea.domain.drift_reference import Bins

BEFORE, NOW, LIMIT = "#9aa5b1", "#1f5fa8", "#b3261e"
"""Colours of the reference, of the newest cutoff, and of limits; they differ in lightness as well."""

_STYLE: Any = {"svg.fonttype": "none", "svg.hashsalt": "hotarea", "font.size": 8.0, "font.family": "sans-serif"}
_DECLARATION = re.compile(r"^.*?(?=<svg)", re.DOTALL)


def bars(before: Bins, now: Bins) -> str:
    """Return the shares of two distributions in the same bins, side by side; the last pair is the nulls'."""
    figure, axes = _axes(2.6, 0.72)
    places = np.arange(len(before.shares))
    axes.bar(places - 0.2, before.shares, 0.4, color=BEFORE)
    axes.bar(places + 0.2, now.shares, 0.4, color=NOW)
    axes.set_xticks(places, [*_between(before.edges), "null"], fontsize=6)
    axes.set_yticks([])
    return _svg(figure)


def steps(before: Histogram, now: Histogram) -> str:
    """Return which share of two distributions is at most each value."""
    figure, axes = _axes(4.2, 1.6)
    for side, colour, name in ((before, BEFORE, "years before"), (now, NOW, "newest year")):
        axes.step(side.values, side.counts.cumsum() / side.counts.sum(), where="post", color=colour, label=name)
    axes.set_ylim(0, 1)
    axes.set_xlim(0, float(np.quantile(np.repeat(now.values, now.counts.astype(int)), 0.995)) + 1)
    axes.set_ylabel("share of at most")
    axes.legend(frameon=False, loc="lower right")
    return _svg(figure)


def line(days: Sequence[date], values: Sequence[float], limit: float | None, name: str, marked: Sequence[bool]) -> str:
    """Return values over cutoffs, with the line that is the limit; those that are marked were alarms."""
    figure, axes = _axes(7.2, 1.7)
    places = range(len(days))
    axes.plot(places, values, color=NOW, marker="o", markersize=3, linewidth=1.2)
    alarms = [place for place, is_alarm in zip(places, marked, strict=True) if is_alarm]
    axes.plot(alarms, [values[place] for place in alarms], "o", color=LIMIT, markersize=6)
    if limit is not None:
        axes.axhline(limit, color=LIMIT, linewidth=1, linestyle="--")
    every = max(1, len(days) // 12)
    axes.set_xticks(places[::every], [str(day)[:7] for day in days[::every]])
    axes.set_ylabel(name)
    axes.set_ylim(bottom=min(0.0, *values))
    return _svg(figure)


def _axes(width: float, height: float):  # type: ignore[no-untyped-def]
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _between(edges: Sequence[float]) -> list[str]:
    """Return a name for each bin: where it begins."""
    return [f"{edge:.2g}" for edge in edges[:-1]]


def _svg(figure: Figure) -> str:
    from matplotlib import rc_context

    text = io.StringIO()
    with rc_context(_STYLE):
        figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
    return _DECLARATION.sub("", text.getvalue())
