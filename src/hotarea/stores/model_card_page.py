"""The page of a model card."""

from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from hotarea.domain.evidence import Interval
from hotarea.domain.model_card import NOT_FOR, NOT_MEASURED, USES, ModelCard, limits, unmeasured
from hotarea.stores.figure import svg
from hotarea.stores.layout import write_aside

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PRECISION = "average_precision"
_SMALL = 1e-4  # of a PSI it says that nothing moved


def write(page: Path, card: ModelCard) -> None:
    """Write the page of a card."""
    text = _template().render(
        c=card,
        e=card.evidence,
        recipe=asdict(card.recipe.recipe),
        uses=USES,
        not_for=NOT_FOR,
        limits=limits(card),
        unmeasured=unmeasured(card.evidence),
        absent=NOT_MEASURED,
        metrics=list(dict.fromkeys(name for values in card.evidence.metrics.values() for name in values)),
        compared=list(dict.fromkeys(name for rival in card.evidence.differences.values() for name in rival)),
        gains=_gains(card),
        ranked=sorted(card.evidence.features, key=lambda name: -card.evidence.importance.get(name, 0.0)),
        figure=_figure,
        interval=_interval,
    )
    write_aside(page, text.encode())


@cache
def _template() -> Template:
    loader = PackageLoader("hotarea.stores", ".")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined).get_template("model_card_page.html")


def _figure(value: float | None) -> str:
    """Return a number as the page shows it, with four digits; what is absent in words."""
    if value is None:
        return NOT_MEASURED
    return "< 0.0001" if 0 < value < _SMALL else f"{value:.4g}"


def _interval(found: Interval | None) -> str:
    return NOT_MEASURED if found is None else f"{found.estimate:+.4f} [{found.lower:+.4f}, {found.upper:+.4f}]"


def _gains(card: ModelCard) -> Markup | str:
    """Draw by how much average precision exceeds each rival's, with its interval; nothing where it was not measured."""
    found = {name: rival[_PRECISION] for name, rival in card.evidence.differences.items() if _PRECISION in rival}
    return svg(_forest(found), "gains") if found else ""


def _forest(found: dict[str, Interval]) -> "Figure":
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
