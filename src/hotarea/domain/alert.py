"""What someone is told when the loop needs attention."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Severity = Literal["critical", "warning", "recovered"]

EXAMPLES = 3
"""How many examples a check shows: enough to look at the data, few enough for a chat."""

LISTED = 5
"""How many checks are spelled out; `hotarea alerts show` has them all."""

_PROBLEM = re.compile(r"[a-z_]+(/[^\s/]+)+")


@dataclass(frozen=True, kw_only=True)
class FailedCheck:
    """One check that does not hold, of one part of the data."""

    check: str
    slice: str = ""  # of which part: a column, a feature, a contender
    subject: str = ""  # of what: a release, a cutoff, a model version
    expected: str = ""
    observed: str = ""
    examples: tuple[str, ...] = ()  # ids
    severity: Literal["critical", "warning"] = "critical"

    @property
    def identity(self) -> str:
        """What makes it the same finding when it is seen again.

        A rejected subject needs someone each time; what a source only warns of stays the same through its releases.
        """
        return " ".join(filter(None, (self.check, self.slice, self.subject if self.severity == "critical" else "")))

    @property
    def text(self) -> str:
        """Return the check as labelled lines."""
        part = " of ".join(filter(None, (self.slice, self.subject)))
        lines = {
            "Check": f"{self.check} ({self.severity})",
            "Slice": part,
            "Expected": self.expected,
            "Observed": self.observed,
            "Examples": "; ".join(self.examples[:EXAMPLES]),
        }
        return _lines(lines)


@dataclass(frozen=True, kw_only=True)
class Alert:
    """One message to the people who run the loop: enough to act on without opening anything.

    `problem` names what is wrong by kind and place (`validation/citations`, `task/train_model.fit`): the same problem
    has the same name whenever it is seen.
    """

    problem: str
    title: str  # one line
    what: str  # what happened and what follows from it, in a sentence or two
    where: str  # dataset and release or cutoff, or DAG and task
    findings: tuple[FailedCheck, ...] = ()
    report: str = ""  # address of the full report
    file: str = ""  # and where it lies, for who is on the machine
    run_id: str = ""
    command: str = ""  # to look closer
    severity: Severity = "critical"

    def __post_init__(self) -> None:
        if not self.title.strip() or "\n" in self.title:
            raise ValueError(f"an alert needs a title of one line, not {self.title!r}")
        if not _PROBLEM.fullmatch(self.problem):
            raise ValueError(f"an alert names its problem as kind/place without blanks, not {self.problem!r}")

    @property
    def identities(self) -> list[str]:
        """What is told by it, each thing by its identity; an alert without findings is told by its problem alone."""
        return sorted({finding.identity for finding in self.findings})

    @property
    def text(self) -> str:
        """Return the message's body, the first checks spelled out."""
        return self._body(self.findings[:LISTED], len(self.findings) - LISTED)

    @property
    def full_text(self) -> str:
        """Return the message's body with every check."""
        return self._body(self.findings, 0)

    def _body(self, findings: tuple[FailedCheck, ...], left_out: int) -> str:
        after = {"Report": self.report, "File": self.file, "Run": self.run_id, "Look closer": self.command}
        more = f"and {left_out} more" if left_out > 0 else ""
        parts = [self.what, _lines({"Where": self.where}), *(f.text for f in findings), more, _lines(after)]
        return "\n\n".join(filter(None, parts))


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """What to say of a problem whose check passes again."""

    problem: str
    what: str
    where: str
    run_id: str = ""
    report: str = ""


def _lines(labelled: Mapping[str, str]) -> str:
    return "\n".join(f"{label}: {value}" for label, value in labelled.items() if value)
