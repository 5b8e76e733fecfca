"""The page of a model card."""

from dataclasses import asdict
from pathlib import Path

from hotarea.domain import coverage
from hotarea.domain.evidence import Interval
from hotarea.domain.model_card import NOT_FOR, NOT_MEASURED, USES, ModelCard, limits, unmeasured
from hotarea.stores import figure
from hotarea.stores.layout import write_aside
from hotarea.stores.page import rendered

_SMALL = 1e-4  # of a PSI it says that nothing moved


def write(page: Path, card: ModelCard) -> None:
    """Write the page of a card."""
    text = rendered(
        "model_card_page.html",
        c=card,
        e=card.evidence,
        recipe=asdict(card.recipe.recipe),
        uses=USES,
        not_for=NOT_FOR,
        limits=limits(card),
        unmeasured=unmeasured(card.evidence),
        coverage=coverage.told(card.evidence),
        absent=NOT_MEASURED,
        metrics=list(dict.fromkeys(name for values in card.evidence.metrics.values() for name in values)),
        compared=list(dict.fromkeys(name for rival in card.evidence.differences.values() for name in rival)),
        gains=figure.gains(card.evidence.differences),
        ranked=sorted(card.evidence.features, key=lambda name: -card.evidence.importance.get(name, 0.0)),
        figure=_figure,
        interval=_interval,
        between=_between,
    )
    write_aside(page, text)


def _figure(value: float | None) -> str:
    """Return a number as the page shows it, with four digits; what is absent in words."""
    if value is None:
        return NOT_MEASURED
    return "< 0.0001" if 0 < value < _SMALL else f"{value:.4g}"


def _between(found: Interval) -> str:
    return f"{found.lower:.4f} to {found.upper:.4f}"


def _interval(found: Interval | None) -> str:
    return NOT_MEASURED if found is None else f"{found.estimate:+.4f} [{found.lower:+.4f}, {found.upper:+.4f}]"
