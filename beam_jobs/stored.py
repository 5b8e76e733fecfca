"""Batches in files: steps hand each other a batch by its place, so that memory holds one shard at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import IO, Any, Self
from uuid import uuid4

import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from hotarea.domain.columns import Arrays


@dataclass(frozen=True)
class Stored:
    """A batch that lies in a file from `offset` on."""

    path: str
    offset: int
    kind: type

    def load(self) -> Any:
        """Read the batch."""
        with Path(self.path).open("rb") as file:
            file.seek(self.offset)
            return _read(file, self.kind)


class Batches(Iterable[Any]):
    """What a shard was sent; a batch that lies in a file is read when it is its turn."""

    def __init__(self, sent: Iterable[Any]) -> None:
        """Keep what was sent: batches, or tuples that hold some, each as it is or `Stored`."""
        self._sent = [*sent]

    def __len__(self) -> int:
        return len(self._sent)

    def __iter__(self) -> Iterator[Any]:
        return map(loaded, self._sent)


class Store:
    """Appends batches to one file of its own in a folder, for readers in any process.

    Without a folder it hands batches on as they are.
    """

    def __init__(self, folder: Path | None) -> None:
        """Choose the file; it is made when the first batch comes."""
        self._path = folder / f"{uuid4().hex}.batches" if folder else None
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    @property
    def bytes(self) -> int:
        """Return how much has been put."""
        return self._file.tell() if self._file else 0

    def put(self, value: Any) -> Any:
        """Return the value, a batch or tuples that hold some, with every batch in the file and its place instead."""
        if isinstance(value, TaggedOutput):
            return TaggedOutput(value.tag, self.put(value.value))
        if isinstance(value, tuple):
            return tuple(map(self.put, value))
        if self._path is None or not isinstance(value, Arrays | np.ndarray | pa.Table):
            return value
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("wb")
        offset = self._file.tell()
        _write(self._file, value)
        self._file.flush()  # what is done with it next may be in this very process
        return Stored(str(self._path), offset, type(value))


def loaded(value: Any) -> Any:
    """Return the value, or tuples that hold some, with every stored batch read."""
    if isinstance(value, tuple):
        return tuple(map(loaded, value))
    return value.load() if isinstance(value, Stored) else value


def _write(file: IO[bytes], batch: Arrays | np.ndarray[Any, Any] | pa.Table) -> None:
    if isinstance(batch, pa.Table):
        with pa.ipc.new_stream(file, batch.schema) as stream:
            stream.write_table(batch)
        return
    arrays = [batch] if isinstance(batch, np.ndarray) else [getattr(batch, f.name) for f in _fields(type(batch))]
    for array in map(np.ascontiguousarray, arrays):
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(array.data)  # unlike `tofile`, it says why it failed


def _read(file: IO[bytes], kind: type) -> Any:
    if issubclass(kind, pa.Table):
        with pa.ipc.open_stream(file) as stream:
            return stream.read_all()
    if issubclass(kind, np.ndarray):
        return np.lib.format.read_array(file, allow_pickle=False)
    return kind(**{f.name: np.lib.format.read_array(file, allow_pickle=False) for f in _fields(kind)})


def _fields(kind: Any) -> tuple[Field[Any], ...]:
    return fields(kind)
