"""Which published sets Feast reads: those that the ledger remembers, and of predictions those in service."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain import tables
from hotarea.domain.errors import NotReadyError
from hotarea.domain.knowledge import Span
from hotarea.domain.records import Champion, FeatureSet, PredictionSet
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

SCHEMAS: dict[str, pa.Schema] = {"features": tables.FEATURES, "predictions": tables.PREDICTIONS}
"""The columns of each source that Feast knows."""


@dataclass(frozen=True)
class PublishedSet:
    """One published set: from when on it holds and is known, and where it lies."""

    span: Span
    folder: Path

    @property
    def files(self) -> list[Path]:
        """Return its files; raise `NotReadyError` if they are gone: to leave them out would miss rows silently."""
        found = sorted(self.folder.glob("part-*.parquet"))
        if not found:
            raise NotReadyError(
                f"{self.folder} is in the ledger but holds no part-*.parquet; expected a published set. Build it again."
            )
        return found


def published(home: Path, ledger_url: str, source: str) -> list[PublishedSet]:
    """Return the sets of a Feast source, `features` or `predictions`, that are in service now, the newest last.

    A folder that the ledger does not remember is being published, or was left by an interrupted run.
    """
    ledger = Ledger(ledger_url)
    try:
        found = _SETS[source](Layout(home), ledger)
    finally:
        ledger.close()
    return sorted(found, key=lambda s: s.span)


def _features(layout: Layout, ledger: Ledger) -> list[PublishedSet]:
    return [
        PublishedSet(Span(_midnight(s.cutoff), _midnight(s.known)), layout.feature_set(Cutoff(s.cutoff, s.known)))
        for s in ledger.all(FeatureSet)
    ]


def _predictions(layout: Layout, ledger: Ledger) -> list[PublishedSet]:
    """Return the predictions of the champion or, until it has scored, of the champion before it that has."""
    scored = [(Cutoff(s.cutoff, s.known), s.model_version) for s in ledger.all(PredictionSet)]
    own = (_of(scored, champion.model_version) for champion in reversed(ledger.all(Champion)))
    found = []
    for cutoff, version in next(filter(None, own), scored):
        folder = layout.prediction_set(cutoff, version)
        found.append(PublishedSet(Span(_midnight(cutoff.day), _scored(folder, cutoff)), folder))
    return found


def _of(scored: Sequence[tuple[Cutoff, int]], version: int) -> list[tuple[Cutoff, int]]:
    return [(cutoff, by) for cutoff, by in scored if by == version]


def _scored(folder: Path, cutoff: Cutoff) -> datetime:
    """Return the moment of scoring, which only the rows tell; without rows it does not matter."""
    for file in folder.glob("part-*.parquet"):
        for rows in pq.ParquetFile(file).iter_batches(1, columns=["created_timestamp"]):
            found: datetime = rows.column(0)[0].as_py()
            return found
    return _midnight(cutoff.known)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


_SETS: dict[str, Callable[[Layout, Ledger], list[PublishedSet]]] = {"features": _features, "predictions": _predictions}
