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


_WIDTH, _HEIGHT, _BASE = 187.0, 52.0, 43.0
"""Of the bars, in points; and how far down they stand, above the names of their bins."""


def bars(before: Bins, now: Bins) -> str:
    """Return the shares of two distributions in the same bins, side by side; the last pair is the nulls'.

    A page has them for each feature, and Matplotlib takes a tenth of a second of each: so they are written as they are.
    """
    names = [*_between(before.edges), "null"]
    step, highest = _WIDTH / len(names), max(*before.shares, *now.shares) or 1.0
    drawn = [f'<path d="M0,0 V{_BASE:g} H{_WIDTH:g}" fill="none" stroke="#000" stroke-width="0.8"/>']
    for place, name in enumerate(names):
        middle = (place + 0.5) * step
        pair = ((before, BEFORE, middle - 0.4 * step), (now, NOW, middle))
        drawn += [_bar(left, 0.4 * step, float(side.shares[place] / highest), colour) for side, colour, left in pair]
        drawn.append(f'<text x="{middle:.2f}" y="{_HEIGHT - 1:g}">{name}</text>')
    style = 'text-anchor="middle" font-family="sans-serif" font-size="6"'
    size = f'width="{_WIDTH:g}pt" height="{_HEIGHT:g}pt" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>{"".join(drawn)}</svg>'


def _bar(left: float, width: float, share: float, colour: str) -> str:
    tall = share * (_BASE - 2)
    return f'<rect x="{left:.2f}" y="{_BASE - tall:.2f}" width="{width:.2f}" height="{tall:.2f}" fill="{colour}"/>'


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
