"""Which published sets Feast reads: those that the ledger remembers, and of predictions those in service."""

from collections.abc import Callable, Sequence
from pathlib import Path

from hotarea.domain.records import Champion, FeatureSet, PredictionSet
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger


def parts(home: Path, ledger_url: str, source: str) -> list[Path]:
    """Return the files of a Feast source, `features` or `predictions`, that are in service now.

    A folder that the ledger does not remember is being published, or was left by an interrupted run.
    """
    ledger = Ledger(ledger_url)
    try:
        folders = _FOLDERS[source](Layout(home), ledger)
    finally:
        ledger.close()
    return [part for folder in folders for part in sorted(folder.glob("part-*.parquet"))]


def _features(layout: Layout, ledger: Ledger) -> list[Path]:
    return [layout.feature_set(Cutoff(s.cutoff, s.known)) for s in ledger.all(FeatureSet)]


def _predictions(layout: Layout, ledger: Ledger) -> list[Path]:
    """Return the predictions of the champion or, until it has scored, of the champion before it that has."""
    scored = [(Cutoff(s.cutoff, s.known), s.model_version) for s in ledger.all(PredictionSet)]
    own = (_of(scored, champion.model_version) for champion in reversed(ledger.all(Champion)))
    return [layout.prediction_set(*found) for found in next(filter(None, own), scored)]


def _of(scored: Sequence[tuple[Cutoff, int]], version: int) -> list[tuple[Cutoff, int]]:
    return [(cutoff, by) for cutoff, by in scored if by == version]


_FOLDERS: dict[str, Callable[[Layout, Ledger], list[Path]]] = {"features": _features, "predictions": _predictions}
