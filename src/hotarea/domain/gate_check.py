"""One check of the gate: a value of the evidence, held against what the policy asks of it."""

import operator
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

from hotarea.domain.evidence import Interval


class Outcome(StrEnum):
    """How one check ended."""

    PASSED = "passed"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One question to the evidence, its answer and what it was held against; `value` is None where it is missing."""

    name: str
    outcome: Outcome
    value: float | None
    threshold: float | None
    reason: str


_HOLDS = {"at least": operator.ge, "more than": operator.gt, "at most": operator.le}


def finite(value: float | None) -> float | None:
    """Return the value, and None if it is none, not a number or infinite: such evidence is missing."""
    return value if value is not None and isfinite(value) else None


def passed_if(name: str, passed: bool, value: float | None, threshold: float | None, reason: str) -> Check:
    """Return a check that has passed or failed."""
    return Check(name, Outcome.PASSED if passed else Outcome.FAILED, value, threshold, reason)


def missing_evidence(name: str, threshold: float, reason: str) -> Check:
    """Return the failed check of what the evidence lacks, with what it would have been held against."""
    return Check(name, Outcome.FAILED, None, threshold, reason)


def at_least(
    name: str, value: float | None, threshold: float | None, what: str, otherwise: Outcome = Outcome.FAILED
) -> Check:
    """Return the check that a value is not below a threshold; if it is, the check ends `otherwise`."""
    return _held_against(name, value, threshold, what, "at least", otherwise)


def above(name: str, value: float | None, threshold: float | None, what: str) -> Check:
    """Return the check that a value is more than a threshold: a tie fails."""
    return _held_against(name, value, threshold, what, "more than", Outcome.FAILED)


def at_most(
    name: str, value: float | None, threshold: float | None, what: str, otherwise: Outcome = Outcome.FAILED
) -> Check:
    """Return the check that a value is not above a threshold; if it is, the check ends `otherwise`."""
    return _held_against(name, value, threshold, what, "at most", otherwise)


def bound(name: str, gain: Interval | None, least: float, what: str, otherwise: Outcome = Outcome.FAILED) -> Check:
    """Hold the lower bound of a gain against what it must reach."""
    value = gain.lower if gain else None
    return at_least(name, value, least, f"{what}, lower bound{between(gain)}", otherwise)


def between(gain: Interval | None) -> str:
    """Return an interval in words, with a space before it; nothing where there is none."""
    return f" ({gain.estimate:+.4f}, 95 % within {gain.lower:+.4f} and {gain.upper:+.4f})" if gain else ""


def written(value: float | None) -> str:
    """Return a value or threshold as people read it: a count whole, anything else with four digits."""
    if value is None:
        return ""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def _held_against(  # noqa: PLR0913, PLR0917 - each a different thing
    name: str, value: float | None, threshold: float | None, what: str, relation: str, otherwise: Outcome
) -> Check:
    """Compare; what is missing fails, whatever else would be borne."""
    value = finite(value)
    found = "missing" if value is None else f"{value:.4g}"
    expected = "a threshold that is missing" if threshold is None else f"{relation} {threshold:.4g}"
    reason = f"{what}: {found}, expected {expected}"
    if value is None or threshold is None:
        return Check(name, Outcome.FAILED, value, threshold, reason)
    passed = _HOLDS[relation](value, threshold)
    return Check(name, Outcome.PASSED if passed else otherwise, value, threshold, reason)
