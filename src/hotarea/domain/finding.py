"""What a check says that failed, as the ledger and the alerts keep it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["critical", "warning", "info"]

_ORDER = ("critical", "warning", "info")


@dataclass(frozen=True)
class Finding:
    """One failed check: what was expected, and what was observed with its likely cause in words."""

    check: str  # a short, stable word
    severity: Severity
    column: str  # the field that it is about; empty for the whole dataset
    expected: str
    observed: str
    examples: list[Any] = field(default_factory=list)

    @property
    def plain(self) -> dict[str, Any]:
        """The finding as plain data, like the failures of a suite."""
        return asdict(self)


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Return findings, critical ones first."""
    return sorted(findings, key=lambda found: _ORDER.index(found.severity))
