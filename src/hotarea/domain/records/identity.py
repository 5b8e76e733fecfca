"""Which ledger this is."""

from dataclasses import dataclass, field
from datetime import datetime

from hotarea.domain.records.moment import now


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Which ledger this is: what it writes to a server that others use as well bears its name."""

    identity: int  # 1
    ledger_id: str
    given_at: datetime = field(default_factory=now)
