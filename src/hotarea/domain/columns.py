"""Batches of records as equally long arrays: what the jobs count with and send to each other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, Self, get_args, get_type_hints

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

Ints = NDArray[np.int64]
Int32s = NDArray[np.int32]
Int16s = NDArray[np.int16]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


class Arrays:
    """A batch of which each field is an array (`NDArray[…]`): what can be written to a file field by field."""


@dataclass(frozen=True)
class Columns(Arrays):
    """A batch of records: the first axis of each array counts the records."""

    def __len__(self) -> int:
        first: NDArray[Any] = getattr(self, fields(self)[0].name)
        return len(first)

    def take(self, rows: NDArray[Any] | slice) -> Self:
        """Return the records at `rows`: indexes, a mask or a slice."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    @classmethod
    def empty(cls) -> Self:
        """Return a batch of no records."""
        hints = get_type_hints(cls)
        return cls(**{f.name: np.empty(0, get_args(get_args(hints[f.name])[1])[0]) for f in fields(cls)})

    @classmethod
    def concatenate(cls, batches: Iterable[Self]) -> Self:
        """Return all records of the batches, in their order."""
        parts = list(batches)
        if not parts:
            return cls.empty()
        return cls(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)})

    def split(self, shard: NDArray[np.integer[Any]]) -> Iterator[tuple[int, Self]]:
        """Yield (shard, its records in their order) for every shard that `shard` gives to a record."""
        order = np.argsort(shard, kind="stable")
        found, starts = np.unique(shard[order], return_index=True)
        stops = np.append(starts, len(order))[1:]
        for number, start, stop in zip(found.tolist(), starts, stops, strict=True):
            yield number, self.take(order[start:stop])


def shard_of(document_id: Ints, shards: int) -> NDArray[np.uint16]:
    """Return the shard in 0 … `shards` − 1 of each document: a multiplicative hash, the same on every machine."""
    mixed = (document_id.astype(np.uint64) * _GOLDEN) >> np.uint64(32)
    return (mixed % np.uint64(shards)).astype(np.uint16)


def stable_order(ids: Ints) -> Rows:
    """Return the rows in the order of their ids, equal ones as they stood: `argsort`, several times faster.

    Id and row fit into one number, and plain numbers sort by vector instructions, unless ids are huge.
    """
    if not len(ids) or ids.max() >= 1 << 40 or ids.min() < 0 or len(ids) > 1 << 23:
        return np.argsort(ids, kind="stable")
    return np.sort((ids << 23) | np.arange(len(ids))) & ((1 << 23) - 1)


def array(table: pa.Table | pa.RecordBatch, name: str, dtype: DTypeLike) -> NDArray[Any]:
    """Return a column of an Arrow table without nulls as an array; dates count days, timestamps microseconds."""
    values = table.column(name)
    kind = values.type
    if pa.types.is_date32(kind):
        values = values.cast(pa.int32())
    elif pa.types.is_timestamp(kind):
        values = values.cast(pa.timestamp("us", tz=kind.tz)).cast(pa.int64())
    result: NDArray[Any] = values.to_numpy(zero_copy_only=False) if isinstance(values, pa.Array) else values.to_numpy()
    return result.astype(dtype, copy=False)
