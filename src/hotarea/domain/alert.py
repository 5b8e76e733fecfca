"""What someone is told when the loop needs attention."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One message to the people who run the loop: enough to act on without opening anything."""

    title: str  # one line
    what: str  # what happened, in a sentence
    where: str  # dataset and release or cutoff, or DAG and task
    expected: str = ""
    observed: str = ""
    report: str = ""  # path or address of the full report
    run_id: str = ""
    severity: Literal["critical", "warning"] = "critical"

    def __post_init__(self) -> None:
        if not self.title.strip() or "\n" in self.title:
            raise ValueError(f"an alert needs a title of one line, not {self.title!r}")

    @property
    def text(self) -> str:
        """Return the message's body: one labelled line per thing that is known."""
        lines = {
            "Where": self.where,
            "Expected": self.expected,
            "Observed": self.observed,
            "Report": self.report,
            "Run": self.run_id,
        }
        return "\n".join([self.what, *(f"{label}: {value}" for label, value in lines.items() if value)])
