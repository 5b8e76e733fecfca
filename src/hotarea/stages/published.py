"""What is published and can be validated again, and what each suite compares it with."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hotarea.domain.records import FeatureSet, Release, TrainingRun
from hotarea.domain.settings import Settings
from hotarea.domain.subjects import of_predictions
from hotarea.domain.windows import Cutoff
from hotarea.stages import predictions, train
from hotarea.stores import served
from hotarea.stores.layout import Layout, parts
from hotarea.stores.ledger import Ledger


@dataclass(frozen=True)
class Published:
    """One subject of a suite as it is in service."""

    dataset: str
    name: str
    files: Sequence[Path]
    rows: int | None  # as the ledger remembers them
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Wanted:
    settings: Settings
    folder: Path  # for what must be written to be compared with
    dataset: str | None
    subject: str | None

    def has(self, dataset: str, name: str) -> bool:
        return self.dataset in {None, dataset} and self.subject in {None, name}


def find(settings: Settings, folder: Path, dataset: str | None = None, subject: str | None = None) -> list[Published]:
    """Return all that is in service, as the ledger has it, or one dataset or subject of it.

    Of trainings it is the newest, of predictions those that are served. `folder` takes what is written for the
    comparison, until it was made.
    """
    wanted = _Wanted(settings, folder, dataset, subject)
    with Ledger(settings.ledger) as ledger:
        releases = ledger.all(Release)
        return [
            *_raw_works(wanted, releases),
            *_lake(wanted, releases),
            *_features(wanted, ledger.all(FeatureSet)),
            *_training(wanted, ledger.newest(TrainingRun)),
            *_predictions(wanted, ledger),
        ]


def _raw_works(wanted: _Wanted, releases: Sequence[Release]) -> Iterator[Published]:
    layout = Layout(wanted.settings.home)
    for release in releases:
        files = parts(layout.release(release.release_id) / "raw_works")
        if files and wanted.has("raw_works", release.release_id):
            context = {"era": release.era, "rejected_share": wanted.settings.rejected_share}
            yield Published("raw_works", release.release_id, files, None, context)


def _lake(wanted: _Wanted, releases: Sequence[Release]) -> Iterator[Published]:
    layout = Layout(wanted.settings.home)
    ordered = sorted(releases, key=lambda release: release.release_date)
    folders = [layout.release(release.release_id) for release in ordered]
    corrections = [layout.release(release.release_id) for release in ordered if release.is_correction]
    for dataset in ("documents", "citations"):
        for at, release in enumerate(ordered):
            if wanted.has(dataset, release.release_id):
                context = {"earlier": folders[:at], "corrections": corrections}
                rows = getattr(release, dataset)
                yield Published(dataset, release.release_id, parts(folders[at] / dataset), rows, context)


def _features(wanted: _Wanted, sets: Sequence[FeatureSet]) -> Iterator[Published]:
    layout = Layout(wanted.settings.home)
    known = {Cutoff(s.cutoff, s.known): s.rows for s in sets}
    for cutoff, rows in known.items():
        if wanted.has("document_features", str(cutoff)):
            last = cutoff.previous(known)
            context = {"before": parts(layout.feature_set(last)) if last else []}
            yield Published("document_features", str(cutoff), parts(layout.feature_set(cutoff)), rows, context)


def _training(wanted: _Wanted, newest: TrainingRun | None) -> Iterator[Published]:
    from hotarea.stores.training_folder import TrainingFolder

    if newest is None or not wanted.has("training_set", newest.training_id):
        return
    folder = TrainingFolder.of(Layout(wanted.settings.home), newest.training_id)
    if folder.dataset.is_dir():
        facts = folder.read_facts()
        rows = facts.rows + facts.evaluation_rows
        yield Published("training_set", newest.training_id, folder.parts, rows, train.context(folder))


def _predictions(wanted: _Wanted, ledger: Ledger) -> Iterator[Published]:
    champion, newest = served.champion(ledger), served.predictions(ledger)
    if champion is None or newest is None:
        return
    name = of_predictions(Cutoff(newest.cutoff, newest.known), newest.model_version)
    if wanted.has("predictions", name):
        files, context = predictions.published_context(wanted.settings, newest, champion, wanted.folder)
        yield Published("predictions", name, files, newest.rows, context)
