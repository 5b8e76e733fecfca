"""The page that shows how a release compares with what was known before it."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from hotarea.domain import limits
from hotarea.domain.records import Comparison
from hotarea.stores.layout import write_aside
from hotarea.stores.page import rendered

_SHOWN = 20  # values of a field


def write(page: Path, comparison: Comparison, *, in_service: bool) -> None:
    """Write the page of one comparison of a release that is in service or waits for its publication."""
    text = rendered(
        "release_report.html", c=comparison, in_service=in_service, limits=limits.DRIFT_DISTANCES, shares=_shares
    )
    write_aside(page, text)


def _shares(values: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, float, float]]:
    """Yield (value, share before, share now), the most frequent values."""
    before, now = values["before"], values["now"]
    totals = max(sum(before.values()), 1), max(sum(now.values()), 1)
    frequent = sorted({*before, *now}, key=lambda v: (-before.get(v, 0) - now.get(v, 0), v))
    for value in frequent[:_SHOWN]:
        yield value, before.get(value, 0) / totals[0], now.get(value, 0) / totals[1]
