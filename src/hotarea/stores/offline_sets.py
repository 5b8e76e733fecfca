"""Which published sets Feast reads: those that the ledger remembers, and of predictions those that were in service."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain import tables
from hotarea.domain.errors import NotReadyError
from hotarea.domain.knowledge import FOREVER, Span
from hotarea.domain.records import FeatureSet, PredictionSet
from hotarea.domain.windows import Cutoff
from hotarea.stores import served
from hotarea.stores.layout import Layout, parts
from hotarea.stores.ledger import Ledger

SCHEMAS: dict[str, pa.Schema] = {"features": tables.FEATURES, "predictions": tables.PREDICTIONS}
"""The columns of each source that Feast knows."""


@dataclass(frozen=True)
class PublishedSet:
    """One published set: from when on it holds and is known, how long it is in service, and where it lies."""

    span: Span
    folder: Path

    @property
    def files(self) -> list[Path]:
        """Return its files; raise `NotReadyError` if they are gone: to leave them out would miss rows silently."""
        found = parts(self.folder)
        if not found:
            raise NotReadyError(
                f"{self.folder} is in the ledger but holds no part-*.parquet; expected a published set. Build it again."
            )
        return found

    def is_in_service(self, known_by: datetime) -> bool:
        """Whether it was known at a moment, and not replaced yet."""
        return self.span.known <= known_by < self.span.ended


def published(home: Path, ledger_url: str, source: str) -> list[PublishedSet]:
    """Return the sets of a Feast source, `features` or `predictions`, each with the time of its service, newest last.

    Predictions that were in service more than once are there as often. A folder that the ledger does not remember is
    being published, or was left by an interrupted run.
    """
    with Ledger(ledger_url) as ledger:
        found = _SETS[source](Layout(home), ledger)
    return sorted(found, key=lambda s: s.span)


def _features(layout: Layout, ledger: Ledger) -> list[PublishedSet]:
    return [
        PublishedSet(Span(_midnight(s.cutoff), _midnight(s.known)), layout.feature_set(Cutoff(s.cutoff, s.known)))
        for s in ledger.all(FeatureSet)
    ]


def _predictions(layout: Layout, ledger: Ledger) -> list[PublishedSet]:
    """Return the predictions of each champion for the time of its reign; before the first, what was scored."""
    reigns, sets = served.history(ledger), ledger.all(PredictionSet)
    if not reigns:
        return [_predicted(layout, s) for s in sets]
    return [
        _predicted(layout, s, reign.since, reign.ended or FOREVER)
        for reign in reigns
        for s in sets
        if s.model_version == reign.champion.model_version
    ]


def _predicted(
    layout: Layout, found: PredictionSet, since: datetime | None = None, ended: datetime = FOREVER
) -> PublishedSet:
    cutoff = Cutoff(found.cutoff, found.known)
    folder = layout.prediction_set(cutoff, found.model_version)
    scored = _scored(folder, cutoff)
    return PublishedSet(Span(_midnight(cutoff.day), max(scored, since or scored), ended), folder)


def _scored(folder: Path, cutoff: Cutoff) -> datetime:
    """Return the moment of scoring, which only the rows tell; without rows it does not matter."""
    for file in parts(folder):
        for rows in pq.ParquetFile(file).iter_batches(1, columns=["created_timestamp"]):
            found: datetime = rows.column(0)[0].as_py()
            return found
    return _midnight(cutoff.known)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


_SETS: dict[str, Callable[[Layout, Ledger], list[PublishedSet]]] = {"features": _features, "predictions": _predictions}
