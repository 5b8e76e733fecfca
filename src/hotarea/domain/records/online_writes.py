"""What was written into the online store, and whether it answers as the offline store does."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hotarea.domain.records.moment import now


@dataclass(frozen=True, kw_only=True)
class OnlineWrite:
    """The intention to write rows of a view into the online store; remembered before the first of them is written."""

    write_id: str
    view: str
    store: str  # which online store, without its password
    cutoff: date | None  # these three say of which set; all None for a range that was materialized through Feast
    known: date | None
    model_version: int | None
    columns: list[str]
    bounds: list[int]  # where its chunks end
    documents: int | None  # how many were asked for; None for all of the set
    run_id: str
    types: dict[str, str] = field(default_factory=dict)  # of the columns; empty where it was not remembered yet
    begun_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class OnlineChunk:
    """One chunk of a write that is in the online store for good."""

    write_id: str
    number: int
    rows: int
    removed: int  # documents that were there and are in the set no longer
    seconds: float
    written_at: datetime = field(default_factory=now)


@dataclass(frozen=True, kw_only=True)
class Materialization:
    """A complete write of a view's rows at a cutoff into the online store."""

    view: str
    cutoff: date
    rows: int
    seconds: float
    run_id: str
    known: date | None = None
    model_version: int | None = None
    columns: list[str] = field(default_factory=list)
    store: str = ""
    write_id: str = ""
    types: dict[str, str] = field(default_factory=dict)  # of the columns; empty where it was not remembered yet
    materialized_at: datetime = field(default_factory=now)  # its begin: what is published meanwhile is not in it


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The online answers of some documents, compared with what the offline store says."""

    view: str
    store: str
    cutoff: date
    documents: int  # how many were compared
    differences: list[dict[str, Any]]  # document, column, offline, online: the first ones
    wrong: int  # documents that differ
    share: float  # of those that were compared
    threshold: float  # above it the audit fails
    success: bool
    seconds: float
    run_id: str
    audited_at: datetime = field(default_factory=now)
