"""How predictions do once their labels have matured, beside a baseline that says whether the year was hard."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from hotarea.domain.evaluation import MODEL
from hotarea.domain.records import LivePerformance

RIVAL = "rate_1y"
"""The baseline that every model has to beat: what it lost as well, the year has to answer for and not the model."""


@dataclass(frozen=True)
class Precision:
    """Average precision of the model and of the rival on the same documents; None where one was not measured."""

    model: float | None
    rival: float | None

    @classmethod
    def of(cls, metrics: Mapping[str, Mapping[str, float]]) -> Self:
        """Read it from metrics by contender."""
        return cls(*(metrics.get(who, {}).get("average_precision") for who in (MODEL, RIVAL)))


def lost(expected: Precision, found: Precision) -> float | None:
    """Return how much more average precision the model has lost than the rival: that much of its lead.

    Without the rival it is what the model has lost; None if that was not measured.
    """
    if expected.model is None or found.model is None:
        return None
    if expected.rival is None or found.rival is None:
        return expected.model - found.model
    return (expected.model - expected.rival) - (found.model - found.rival)


def told(live: LivePerformance) -> str:
    """Say what was found after what was expected, the rival beside the model."""
    found = Precision.of(live.metrics)
    said = f"average precision {found.model:.3f} after {live.expected:.3f}"
    if live.expected_rival is None or found.rival is None:
        return said
    return f"{said}, {RIVAL} {found.rival:.3f} after {live.expected_rival:.3f} on the same documents"
