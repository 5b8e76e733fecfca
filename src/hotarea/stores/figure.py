"""Plots as SVG that stands within a page: no scripts, nothing fetched, and the same picture gives the same bytes."""

import io
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT = ("system-ui", "sans-serif")

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
