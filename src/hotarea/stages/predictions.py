"""Published predictions: which there are, what they are held against, and their rows."""

from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hotarea.domain import records
from hotarea.domain.errors import NotReadyError
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

if TYPE_CHECKING:
    import pyarrow as pa


def published(ledger: Ledger, cutoff: Cutoff, model_version: int) -> records.PredictionSet | None:
    """Return the published predictions of a cutoff by one model; None if there are none."""
    found = ledger.all(records.PredictionSet, **_key(cutoff, model_version))
    return found[0] if found else None


def documents(settings: Settings, cutoff: Cutoff) -> int:
    """Return how many documents of a cutoff would be scored, those that are retracted among them."""
    from hotarea.stores import feature_store

    return len(feature_store.documents(settings, cutoff))


def published_context(
    settings: Settings, published: records.PredictionSet, champion: records.Champion, folder: Path
) -> tuple[list[Path], dict[str, Any]]:
    """Return the files of published predictions and what their suite compares them with, written into a folder.

    Nobody remembers the moment at which they were scored. Raises `NotReadyError` if the files are gone.
    """
    from hotarea.domain.predictions import Served
    from hotarea.stores import registry
    from hotarea.stores.lake import feature_files

    cutoff, layout = Cutoff(published.cutoff, published.known), Layout(settings.home)
    with Ledger(settings.ledger) as ledger:
        releases = [r.release_id for r in ledger.all(records.Release) if r.release_date <= cutoff.known]
    write_retracted(layout, cutoff, releases, folder / "retracted.parquet")
    served = Served(
        cutoff=datetime.combine(cutoff.day, time(), UTC),
        scored_at=None,
        model_name=published.model_name,
        model_version=published.model_version,
        feature_service=champion.feature_service,
        threshold=registry.threshold(settings, published.model_version),
    )
    context = {
        "features": feature_files(layout, [cutoff]),
        "retracted": [folder / "retracted.parquet"],
        "served": served,
        "before": before(settings, cutoff, published.model_version),
    }
    return parts(layout.prediction_set(cutoff, published.model_version)), context


def write_retracted(layout: Layout, cutoff: Cutoff, releases: list[str], file: Path) -> None:
    """Write the ids of documents that are retracted as known at the cutoff: they are served no prediction."""
    import pyarrow.parquet as pq

    from hotarea.stores.lake import documents_as_of

    columns = ("document_id", "is_retracted")
    documents = documents_as_of(layout, releases, cutoff.known, columns)
    pq.write_table(documents.filter(documents["is_retracted"]).select(["document_id"]), file)


def before(settings: Settings, cutoff: Cutoff, model_version: int) -> list[Path]:
    """Return the files of the same model's predictions at the cutoff before; none if there are none.

    Raises `NotReadyError` if they are in the ledger and not on disk.
    """
    with Ledger(settings.ledger) as ledger:
        sets = ledger.all(records.PredictionSet, model_version=model_version)
    last = cutoff.previous(Cutoff(s.cutoff, s.known) for s in sets)
    return parts(Layout(settings.home).prediction_set(last, model_version)) if last else []


def rows(folder: Path) -> "pa.Table":
    """Return the predictions in a folder; raise `NotReadyError` if it holds none."""
    import pyarrow.dataset as ds

    return ds.dataset(parts(folder)).to_table()


def parts(folder: Path) -> list[Path]:
    """Return the files of the predictions in a folder; raise `NotReadyError` if it holds none."""
    found = files.parts(folder)
    if not found:
        raise NotReadyError(f"{folder} holds no part-*.parquet; expected predictions. Run the scoring job again.")
    return found


def _key(cutoff: Cutoff, model_version: int) -> dict[str, Any]:
    return {"cutoff": cutoff.day, "known": cutoff.known, "model_version": model_version}
