"""Where every file of the state lies, and how one appears: complete or not at all."""

import shutil
import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hotarea.domain.errors import PublishError
from hotarea.domain.windows import Cutoff

KEPT_ASIDE_S = 7 * 24 * 3600

REMOVALS = "removals.parquet"
"""In the folder of a release: the ids that ended with it."""


@dataclass(frozen=True)
class Layout:
    """Answers every path below the home folder; nobody concatenates paths elsewhere."""

    home: Path

    @property
    def sample(self) -> Path:
        """Return the folder of the synthetic sample corpus, as delivered."""
        return self.home / "raw" / "sample"

    @property
    def lake(self) -> Path:
        """Return the folder of ingested releases."""
        return self.home / "lake"

    def release(self, release_id: str) -> Path:
        """Return the folder of one ingested release: `documents/`, `citations/`, `removals.parquet`."""
        return self.lake / f"release={release_id}"

    def quarantine(self, release_id: str) -> Path:
        """Return the folder of a release's rejected records."""
        return self.home / "quarantine" / f"release={release_id}"

    def quarantines_aside(self) -> list[Path]:
        """Return the folders of rejected records of releases that were built aside, the newest last."""
        found = (self.home / "staging").glob("*/release=*/quarantine")
        return sorted(found, key=lambda folder: folder.stat().st_mtime)

    @property
    def all_retried(self) -> Path:
        """Return the folder of all quarantined records that were retried."""
        return self.home / "raw" / "retried"

    def retried(self, release_id: str) -> Path:
        """Return the folder of the quarantined records that a release retries, as they were ingested, by plan."""
        return self.all_retried / f"release={release_id}"

    @property
    def features(self) -> Path:
        """Return the folder of all feature sets."""
        return self.home / "features"

    def feature_set(self, cutoff: Cutoff) -> Path:
        """Return the folder of the features of one cutoff as known on one date."""
        return self.features / _of(cutoff)

    @property
    def labels(self) -> Path:
        """Return the folder of all label sets."""
        return self.home / "labels"

    def label_set(self, cutoff: Cutoff) -> Path:
        """Return the folder of the labels of one cutoff as known on one date."""
        return self.labels / _of(cutoff)

    @property
    def predictions(self) -> Path:
        """Return the folder of all published predictions."""
        return self.home / "predictions"

    def prediction_set(self, cutoff: Cutoff, model_version: int) -> Path:
        """Return the folder of one model's predictions at one cutoff as known on one date."""
        return self.predictions / _of(cutoff) / f"model={model_version}"

    def hot_areas(self, cutoff: Cutoff, model_version: int) -> Path:
        """Return the table of hot areas per topic that one model's predictions give."""
        return self.home / "hot_areas" / _of(cutoff) / f"model={model_version}" / "hot_areas.parquet"

    @property
    def reports(self) -> Path:
        """Return the folder of validation reports (Data Docs)."""
        return self.home / "reports"

    def decision_page(self, training_id: str, moment: datetime) -> Path:
        """Return the page of what the gate decided on a training at a moment; it may decide anew."""
        return self.reports / "decisions" / training_id / f"{moment:%Y%m%dT%H%M%S.%fZ}.html"

    @property
    def runs(self) -> Path:
        """Return the folder of training runs: dataset, model, evaluation and decision of each."""
        return self.home / "runs"

    @property
    def models(self) -> Path:
        """Return the folder of the registry's artifacts, where no server keeps them."""
        return self.home / "mlflow"

    @property
    def feature_repo(self) -> Path:
        """Return the folder of Feast's registry and embedded online store."""
        return self.home / "feast"

    def online_exchange(self, write_id: str) -> Path:
        """Return the folder in which the steps of one write into the online store leave batches for each other."""
        return self.home / "staging" / f"online-{write_id}"

    @property
    def state(self) -> Path:
        """Return the folder of the embedded databases."""
        return self.home / "state"

    @property
    def airflow(self) -> Path:
        """Return Airflow's own home."""
        return self.home / "airflow"

    def aside(self, name: str) -> Path:
        """Make a new empty folder to build an output in; it is on the same file system as its destination."""
        folder = self.home / "staging" / f"{name}-{uuid.uuid4().hex[:12]}"
        folder.mkdir(parents=True)
        return folder


def parts(folder: Path) -> list[Path]:
    """Return the files of a published table, in their order; none if it is not there."""
    return sorted(folder.glob("part-*.parquet"))


def _of(cutoff: Cutoff) -> Path:
    return Path(f"cutoff={cutoff.day}") / f"known={cutoff.known}"


def publish(built: Path, destination: Path) -> Path:
    """Make a finished folder or file visible by one rename.

    Raises `PublishError` if the destination exists: a published version is never overwritten.
    """
    if destination.exists():
        raise PublishError(
            f"{destination} is published already; expected a new version. Remove it first to rebuild it."
        )
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        built.rename(destination)
    except OSError as error:
        raise PublishError(f"cannot publish {built} as {destination}: {error}") from error
    return destination


def discard(folder: Path) -> None:
    """Remove a folder that is not wanted; one rename takes it from readers before anything in it is removed."""
    hidden = f".{folder.name}.{{}}.discarded"
    try:
        folder.rename(folder.with_name(hidden.format(uuid.uuid4().hex)))
    except (FileNotFoundError, NotADirectoryError):
        return
    for left in folder.parent.glob(hidden.format("*")):  # also what an interrupted removal left
        shutil.rmtree(left, ignore_errors=True)


def clear(aside: Path) -> None:
    """Remove the folders that were built aside; the files beside them stay, for steps that are run again."""
    for folder in aside.iterdir():
        if folder.is_dir():
            discard(folder)


def sweep(layout: Layout, *others: Path) -> None:
    """Remove what was built aside and left for `KEPT_ASIDE_S`: by runs that failed, or for steps to be run again.

    The same goes for other folders that are named.
    """
    staging = layout.home / "staging"
    for left in (*(staging.iterdir() if staging.is_dir() else ()), *others):
        if left.stat().st_mtime < time.time() - KEPT_ASIDE_S:
            shutil.rmtree(left, ignore_errors=True)


def write_aside(destination: Path, content: bytes) -> Path:
    """Write a small file so that readers see the old content or the new, never a part."""
    destination.parent.mkdir(parents=True, exist_ok=True)
    # Not by process id: containers that share a home have the same ones.
    part = destination.with_name(f".{destination.name}.{uuid.uuid4().hex}.part")
    part.write_bytes(content)
    part.replace(destination)
    return destination
