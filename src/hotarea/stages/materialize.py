"""Brings the newest published rows into the online store."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.errors import NotReadyError
from hotarea.domain.records import Champion, FeatureSet, Materialization, PredictionSet, now
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    from feast import FeatureStore

log = logging.getLogger(__name__)

APPLICATIONS_READ = "document_area_v1"
"""The feature service whose views are served online; what only the model reads stays offline."""


@dataclass(frozen=True)
class _Published:
    """What a view is to serve, and from when on."""

    cutoff: date
    folder: Path
    since: datetime


@dataclass(frozen=True)
class _Write:
    """One view's next rows, and the folders of what it served before."""

    view: str
    published: _Published
    before: list[Path]


def run(
    settings: Settings, run_id: str, cutoff: date | None = None, views: Sequence[str] | None = None
) -> list[Materialization]:
    """Write one cutoff's rows, by default the newest published ones, of `views` into the online store.

    Predictions are the champion's. Without `views`: all of `document_area_v1`, without its predictions as long as
    there are none. What the ledger says is served already is left alone; returns what was written. Documents that
    the served rows no longer hold (merged, deleted) answer null from then on.

    Raises `NotReadyError` if nothing is published at the cutoff, or for a view that was named.
    """
    from hotarea.stores import feature_store

    store = _applied(settings)
    ledger = Ledger(settings.ledger)
    try:
        due = _due(settings, ledger, feature_store.views_of(store, APPLICATIONS_READ), cutoff, views)
        return [_perform(ledger, store, write, run_id) for write in due]
    finally:
        ledger.close()


def is_due(settings: Settings) -> bool:
    """Whether `run` would write something: a view serves other rows than those that are published."""
    from hotarea.stores import feature_store

    store = _applied(settings)
    ledger = Ledger(settings.ledger)
    try:
        return bool(_due(settings, ledger, feature_store.views_of(store, APPLICATIONS_READ), None, None))
    finally:
        ledger.close()


def _applied(settings: Settings) -> "FeatureStore":
    from hotarea.stores import feature_store

    feature_store.apply(settings)
    return feature_store.open_store(settings)


def _due(
    settings: Settings, ledger: Ledger, served: dict[str, str], cutoff: date | None, views: Sequence[str] | None
) -> list[_Write]:
    """Return the writes that bring the views to what they should serve."""
    unknown = set(views or ()) - set(served)
    if unknown:
        raise NotReadyError(f"{', '.join(sorted(unknown))}: not served online; expected some of {', '.join(served)}.")
    sources = {"features": _features(settings, ledger), "predictions": _predictions(settings, ledger)}
    writes, missing = [], []
    for view in views or served:
        sets = sources[served[view]]
        wanted = [published for published in sets if cutoff in {None, published.cutoff}]
        last = ledger.newest(Materialization, view=view)
        if wanted and not (last and last.cutoff == wanted[-1].cutoff and last.materialized_at >= wanted[-1].since):
            writes.append(_Write(view, wanted[-1], [p.folder for p in sets if last and p.cutoff == last.cutoff]))
        elif not wanted and (views or served[view] == "features"):
            missing.append(view)
    if missing:
        raise NotReadyError(
            f"nothing is published for {', '.join(missing)} at {cutoff or 'any cutoff'}; expected a set in the "
            "ledger. Build the features (for predictions: score the documents) first."
        )
    return writes


def _features(settings: Settings, ledger: Ledger) -> list[_Published]:
    """Return the feature sets, those to prefer last: the newest cutoff, as last known."""
    layout = Layout(settings.home)
    return [
        _Published(s.cutoff, layout.feature_set(Cutoff(s.cutoff, s.known)), s.published_at)
        for s in ledger.all(FeatureSet)
    ]


def _predictions(settings: Settings, ledger: Ledger) -> list[_Published]:
    """Return the predictions, those to prefer last: the champion's, of the newest cutoff.

    The champion's are due from its promotion on: after a rollback they are written again.
    """
    champion = ledger.newest(Champion)
    own, others = [], []
    for s in sorted(ledger.all(PredictionSet), key=lambda s: s.published_at):
        folder = Layout(settings.home).prediction_set(Cutoff(s.cutoff, s.known), s.model_version)
        if champion and s.model_version == champion.model_version:
            own.append(_Published(s.cutoff, folder, max(s.published_at, champion.promoted_at)))
        else:
            others.append(_Published(s.cutoff, folder, s.published_at))
    return others + sorted(own, key=lambda p: p.cutoff)


def _perform(ledger: Ledger, store: "FeatureStore", write: _Write, run_id: str) -> Materialization:
    """Write a view's rows and remember it, dated by the start: what is published meanwhile is not served yet."""
    from hotarea.stores import feature_store

    started, clock = now(), time.perf_counter()
    if not write.published.folder.is_dir():
        raise NotReadyError(
            f"{write.published.folder} is in the ledger but not on disk; expected a published set. Build it again."
        )
    rows = _read(write.published.folder, feature_store.columns_of(store, write.view))
    vanished = _vanished(write.before, rows.column("document_id"))
    feature_store.write_online(store, write.view, rows, vanished)
    log.info("%s: %d documents are served, %d that were answer null now", write.view, rows.num_rows, len(vanished))
    record = Materialization(
        view=write.view,
        cutoff=write.published.cutoff,
        rows=rows.num_rows,
        seconds=round(time.perf_counter() - clock, 3),
        run_id=run_id,
        materialized_at=started,
    )
    ledger.add(record)
    return record


def _vanished(before: Sequence[Path], ids: pa.ChunkedArray) -> pa.Array:
    """Return the ids in the folders served before that are not among `ids`."""
    earlier = [_read(folder, ["document_id"])[0] for folder in before if folder.is_dir()]
    known = pa.chunked_array([chunk for column in earlier for chunk in column.chunks], pa.int64())
    return pc.unique(known.filter(pc.invert(pc.is_in(known, value_set=ids))))


def _read(folder: Path, columns: list[str]) -> pa.Table:
    import pyarrow.dataset

    return pyarrow.dataset.dataset(folder).to_table(columns=columns)
