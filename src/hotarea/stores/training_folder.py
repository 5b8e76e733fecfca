"""The folder of one training run: its plan, rows, model, evidence and decision."""

import hashlib
import io
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain.drift_reference import Reference
from hotarea.domain.errors import NotReadyError
from hotarea.domain.evidence import Evidence
from hotarea.domain.row_keys import keys
from hotarea.domain.training import digest, labels
from hotarea.domain.training_plan import TrainingPlan
from hotarea.domain.tuning import Settled
from hotarea.stores.layout import Layout, discard, publish, write_aside
from hotarea.stores.lock import exclusive

T = TypeVar("T")


@dataclass(frozen=True)
class Rows:
    """Documents at cutoffs, with their label and features, ordered by cutoff and document."""

    training: pa.Table
    evaluation: pa.Table
    unknown: int  # labelled documents that the features of their cutoff did not know


@dataclass(frozen=True)
class DatasetFacts:
    """What the rows of a training are, without reading them."""

    digest: str  # SHA-256 of the training and the evaluation rows
    rows: int
    hot: int
    evaluation_rows: int
    evaluation_hot: int
    unknown: int  # labelled documents that the features of their cutoff did not know


@dataclass(frozen=True)
class SetFacts:
    """A published set that rows were made of, as it was then."""

    kind: str  # features or labels
    cutoff: str  # DAY@KNOWN
    files: dict[str, str]  # SHA-256 by name


@dataclass(frozen=True)
class Inputs:
    """What the rows of a training were made of, and the files that they became: enough to make them again."""

    sets: tuple[SetFacts, ...]
    services: dict[str, str]  # fingerprint of each feature service that was read, the baselines' last
    rows: dict[str, str]  # SHA-256 of each file of rows
    written_by: str  # the version of pyarrow


@dataclass(frozen=True)
class TrainingFolder:
    """Answers the paths of one training, and reads and writes what lies there."""

    path: Path

    @classmethod
    def of(cls, layout: Layout, training_id: str) -> "TrainingFolder":
        """Return the folder of a training."""
        return cls(layout.runs / training_id)

    def alone(self) -> AbstractContextManager[None]:
        """Let one process in at a time: of two that carry out the same, the second finds what the first has finished.

        The lock lies beside the folder, so that it holds whatever becomes of that.
        """
        return exclusive(self.path.with_name(f"{self.path.name}.lock"))

    @property
    def plan(self) -> Path:
        """Return the file of the plan."""
        return self.path / "plan.json"

    @property
    def dataset(self) -> Path:
        """Return the folder of the rows; it is there once they are complete."""
        return self.path / "dataset"

    @property
    def inputs(self) -> Path:
        """Return the file of what the rows were made of; it lies with them."""
        return self.dataset / "inputs.json"

    @property
    def parts(self) -> list[Path]:
        """Return the files of the rows."""
        return [self.dataset / "training.parquet", self.dataset / "evaluation.parquet"]

    @property
    def rejected(self) -> Path:
        """Return the folder of the rows that were rejected last, for whoever asks why."""
        return self.path / "rejected"

    @property
    def hindsight(self) -> Path:
        """Return the file of how far the rows' columns agree with what only hindsight knows."""
        return self.path / "hindsight.json"

    @property
    def recipe(self) -> Path:
        """Return the file of the recipe that the model was fitted by, and of what else was tried."""
        return self.path / "recipe.json"

    @property
    def model(self) -> Path:
        """Return the file of the trained model."""
        return self.path / "model.ubj"

    @property
    def keys(self) -> Path:
        """Return the file of the keys of the rows that the model learned from."""
        return self.path / "keys.npy"

    @property
    def champion(self) -> Path:
        """Return the file of the champion that the model was compared with."""
        return self.path / "champion.ubj"

    @property
    def last_champion(self) -> Path:
        """Return the file of the model that was in service before that."""
        return self.path / "last_champion.ubj"

    @property
    def evidence(self) -> Path:
        """Return the file of the evaluation."""
        return self.path / "evaluation.json"

    @property
    def reference(self) -> Path:
        """Return the file of the distributions that the model learned from; it stays when the rows are removed."""
        return self.path / "reference.json"

    @property
    def decision(self) -> Path:
        """Return the file of the gate's decision."""
        return self.path / "decision.json"

    @property
    def card(self) -> Path:
        """Return the page of the model's card; `card.json` lies beside it."""
        return self.path / "card.html"

    def write_rows(
        self, layout: Layout, rows: Rows, sets: tuple[SetFacts, ...], services: dict[str, str]
    ) -> DatasetFacts:
        """Publish the rows of a training by one rename, with what they were made of; return what they are."""
        built = layout.aside("dataset")
        pq.write_table(rows.training, built / "training.parquet", compression="zstd")
        pq.write_table(rows.evaluation, built / "evaluation.parquet", compression="zstd")
        facts = DatasetFacts(
            digest=digest(pa.concat_tables([rows.training, rows.evaluation])),
            rows=rows.training.num_rows,
            hot=int(labels(rows.training).sum()),
            evaluation_rows=rows.evaluation.num_rows,
            evaluation_hot=int(labels(rows.evaluation).sum()),
            unknown=rows.unknown,
        )
        write(built / "dataset.json", facts)
        write(built / "inputs.json", Inputs(sets, services, hashes(built.glob("*.parquet")), pa.__version__))
        publish(built, self.dataset)
        return facts

    def reject(self) -> None:
        """Put the rows aside, so that they are joined anew."""
        discard(self.rejected)
        self.dataset.rename(self.rejected)

    def rows(self, part: str) -> pa.Table:
        """Return the `training` or the `evaluation` rows."""
        file = self.dataset / f"{part}.parquet"
        if not file.is_file():
            raise NotReadyError(f"{file} is missing; expected the rows of the training. Make the dataset first.")
        return pq.read_table(file)

    def write_keys(self, rows: pa.Table) -> None:
        """Keep the keys of the rows that a model learns from."""
        content = io.BytesIO()
        np.save(content, keys(rows))
        write_aside(self.keys, content.getvalue())

    def read_plan(self) -> TrainingPlan:
        """Return the plan."""
        return read(self.plan, TrainingPlan)

    def read_facts(self) -> DatasetFacts:
        """Return what the rows are."""
        return read(self.dataset / "dataset.json", DatasetFacts)

    def read_inputs(self) -> Inputs:
        """Return what the rows were made of."""
        return read(self.inputs, Inputs)

    def read_recipe(self) -> Settled:
        """Return the recipe that the model was fitted by."""
        return read(self.recipe, Settled)

    def read_reference(self) -> Reference:
        """Return the distributions that the model learned from."""
        return read(self.reference, Reference)

    def read_evidence(self) -> Evidence:
        """Return the evaluation."""
        return read(self.evidence, Evidence)


def hashes(files: Iterable[Path]) -> dict[str, str]:
    """Return the SHA-256 of each file's bytes, by name."""
    found = {}
    for file in sorted(files):
        with file.open("rb") as content:
            found[file.name] = hashlib.file_digest(content, "sha256").hexdigest()
    return found


def write(file: Path, content: Any) -> None:
    """Write a dataclass as JSON, so that readers see the old content or the new."""
    write_aside(file, msgspec.json.format(msgspec.json.encode(content), indent=1))


def read(file: Path, kind: type[T]) -> T:
    """Read a dataclass from JSON; raise `NotReadyError` if the file is missing or holds something else."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError) as error:
        raise NotReadyError(
            f"{file} cannot be read as {kind.__name__}: {error}. Repeat the step that writes it."
        ) from error
