"""Batches in files: steps hand each other a batch by its place, so that memory holds one shard at a time."""

from collections.abc import Iterable, Iterator
from dataclasses import Field, dataclass, fields
from itertools import accumulate
from math import prod
from pathlib import Path
from typing import IO, Any, Self
from uuid import uuid4

import numpy as np
import pyarrow as pa
from apache_beam.pvalue import TaggedOutput
from numpy.typing import NDArray

from hotarea.domain.columns import Arrays


@dataclass(frozen=True)
class _Array:
    """How an array lies in a file: as numbers of a type that may be smaller than its own."""

    shape: tuple[int, ...]
    kind: str
    stored: str

    @classmethod
    def put(cls, file: IO[bytes], array: NDArray[Any]) -> Self:
        """Write an array, in as few bytes as hold its integers: they travel between steps more than once."""
        narrow = np.ascontiguousarray(_narrow(array))
        file.write(narrow.data)  # unlike `tofile`, it says why it failed
        return cls(array.shape, array.dtype.str, narrow.dtype.str)

    @property
    def length(self) -> int:
        """Return how many bytes of the file it takes."""
        return int(np.dtype(self.stored).itemsize) * prod(self.shape)

    def map(self, path: str, offset: int) -> NDArray[Any]:
        """Return the array, which stays in the file, as numbers of the type that they have there."""
        return (
            np.memmap(path, self.stored, "r", offset, self.shape) if self.length else np.empty(self.shape, self.stored)
        )

    def load(self, file: IO[bytes]) -> NDArray[Any]:
        """Read the array as it was, from where the file stands."""
        return np.fromfile(file, self.stored, prod(self.shape)).astype(self.kind, copy=False).reshape(self.shape)


@dataclass(frozen=True)
class Stored:
    """A batch that lies in a file from `offset` on: a table, or so many arrays."""

    path: str
    offset: int
    kind: type
    arrays: tuple[_Array, ...] = ()

    def load(self) -> Any:
        """Read the batch."""
        with Path(self.path).open("rb") as file:
            file.seek(self.offset)
            if issubclass(self.kind, pa.Table):
                with pa.ipc.open_stream(file) as stream:
                    return stream.read_all()
            found = [array.load(file) for array in self.arrays]
        return found[0] if issubclass(self.kind, np.ndarray) else self.kind(*found)

    def map(self) -> Any:
        """Return a batch of arrays, which stay in the file: what is looked at of them is read."""
        ends = accumulate(array.length for array in self.arrays)
        found = [a.map(self.path, self.offset + end - a.length) for a, end in zip(self.arrays, ends, strict=True)]
        return self.kind(*found)


class Batches(Iterable[Any]):
    """What a shard was sent; a batch that lies in a file is read when it is its turn."""

    def __init__(self, sent: Iterable[Any]) -> None:
        """Keep what was sent: batches, or tuples that hold some, each as it is or `Stored`."""
        self._sent = [*sent]

    def __len__(self) -> int:
        return len(self._sent)

    def __iter__(self) -> Iterator[Any]:
        return map(loaded, self._sent)

    @property
    def mapped(self) -> list[Any]:
        """Return what was sent, with the arrays of stored batches left in their files."""
        return [*map(_mapped, self._sent)]


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
        arrays = _write(self._file, value)
        self._file.flush()  # what is done with it next may be in this very process
        return Stored(str(self._path), offset, type(value), arrays)


def loaded(value: Any) -> Any:
    """Return the value, or tuples that hold some, with every stored batch read."""
    if isinstance(value, tuple):
        return tuple(map(loaded, value))
    return value.load() if isinstance(value, Stored) else value


def _mapped(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_mapped, value))
    return value.map() if isinstance(value, Stored) else value


def _write(file: IO[bytes], batch: Arrays | NDArray[Any] | pa.Table) -> tuple[_Array, ...]:
    if isinstance(batch, pa.Table):
        with pa.ipc.new_stream(file, batch.schema) as stream:
            stream.write_table(batch)
        return ()
    if isinstance(batch, np.ndarray):
        return (_Array.put(file, batch),)
    return tuple(_Array.put(file, getattr(batch, f.name)) for f in _fields(type(batch)))


def _narrow(array: NDArray[Any]) -> NDArray[Any]:
    if array.dtype.kind != "i" or not array.size:
        return array
    least = np.promote_types(np.min_scalar_type(array.min()), np.min_scalar_type(array.max()))
    return array.astype(least) if least.itemsize < array.itemsize else array


def _fields(kind: Any) -> tuple[Field[Any], ...]:
    return fields(kind)
