"""How Beam jobs went."""

from dataclasses import dataclass
from datetime import datetime

QUARANTINED = "quarantined: "
"""What the name of a job's counter of rejected records begins with; the reason follows."""

DANGLING = "dangling references"
"""A job's counter of references to works that the lake does not hold."""


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One run of a Beam job: what it counted, and how long it took."""

    job: str  # its module in beam_jobs
    started_at: datetime
    seconds: float
    works: int  # records that it read
    works_per_second: float
    records: dict[str, int]  # by name
    bytes: dict[str, int]  # by what was done: read, exchanged between steps, written
    steps: dict[str, float]  # seconds of each step in all processes
    run_id: str

    @property
    def quarantined(self) -> dict[str, int]:
        """Rejected records by reason."""
        return {n.removeprefix(QUARANTINED): count for n, count in self.records.items() if n.startswith(QUARANTINED)}
