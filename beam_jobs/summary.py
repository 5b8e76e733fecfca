"""What a job that ended tells of itself, in a few lines of its log."""

from collections.abc import Mapping
from typing import Any

_UNITS = ("B", "kB", "MB", "GB", "TB")


def summary(job: str, measures: Mapping[str, Any]) -> str:
    """Return a job's counts, bytes and seconds as four lines; `measures` is its result, see `program.finished`."""
    first = f"{job}: {measures['works']:,} works in {measures['seconds']:,.1f} s"
    return "\n".join(
        [
            f"{first}, {measures['works_per_second']:,.0f} works/s",
            f"  records: {_listed({name: f'{count:,}' for name, count in measures['records'].items()})}",
            f"  bytes: {_listed({what: _size(count) for what, count in measures['bytes'].items()})}",
            f"  seconds in steps, of all processes: {_listed({s: f'{t:,.1f}' for s, t in measures['steps'].items()})}",
        ]
    )


def _listed(figures: Mapping[str, str]) -> str:
    return ", ".join(f"{figure} {name}" for name, figure in figures.items()) or "none"


def _size(count: float) -> str:
    unit, *larger = _UNITS
    while count >= 1000 and larger:
        count, (unit, *larger) = count / 1000, larger
    return f"{count:,.1f} {unit}" if unit != "B" else f"{count:.0f} B"
