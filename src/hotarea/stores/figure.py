"""Plots as SVG that stands within a page: no scripts, nothing fetched, and the same picture gives the same bytes."""

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from markupsafe import Markup

from hotarea.domain.evidence import Interval

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PRECISION = "average_precision"

_SAME = {"Date": None, "Creator": None}


def svg(figure: "Figure", name: str) -> Markup:
    """Return a figure as an SVG element; `name` keeps its ids apart from those of other figures of the page.

    Its texts stay texts, which can be found and read aloud, in the page's font.
    """
    from matplotlib import rc_context

    drawn = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(drawn, format="svg", metadata=_SAME, transparent=True)
    text = drawn.getvalue()
    element = text[text.index("<svg") :].replace('id="', f'id="{name}-').replace('href="#', f'href="#{name}-')
    return Markup(element.replace("url(#", f"url(#{name}-"))  # noqa: S704 - matplotlib has escaped the texts


def gains(differences: Mapping[str, Mapping[str, Interval]]) -> Markup | str:
    """Draw by how much average precision exceeds each rival's, with its interval; nothing where it was not measured."""
    found = {name: rival[_PRECISION] for name, rival in differences.items() if _PRECISION in rival}
    return svg(_forest(found), "gains") if found else ""


def _forest(found: Mapping[str, Interval]) -> "Figure":
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.7 + 0.38 * len(found)), layout="constrained")
    axes = figure.subplots()
    for row, interval in enumerate(found.values()):
        colour = "#1b7f3b" if interval.lower > 0 else "#b3261e" if interval.upper < 0 else "#8a5a00"
        axes.plot([interval.lower, interval.upper], [row, row], color=colour, lw=3, solid_capstyle="round")
        axes.plot([interval.estimate], [row], color=colour, marker="o", ms=7)
    axes.axvline(0, color="#555", lw=1)
    axes.set_yticks(range(len(found)), list(found))
    axes.invert_yaxis()
    axes.set_xlabel("gain of average precision, and where 95 % of resamples lie")
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.margins(y=0.25)
    return figure
