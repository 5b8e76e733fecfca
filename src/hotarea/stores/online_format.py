"""Feast's online format, written column by column: what its stores keep of keys, values and moments.

Feast makes one protobuf object per value. The bytes are the same here, but numbers are encoded as whole columns and
everything else once per distinct value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from feast import FeatureView, RepoConfig
from feast.infra.key_encoding_utils import serialize_entity_key
from feast.infra.online_stores.helpers import compute_table_id, compute_versioned_name
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.type_map import python_values_to_proto_values
from feast.value_type import ValueType
from numpy.typing import NDArray

T = TypeVar("T")

EVENT, CREATED = "event_timestamp", "created_timestamp"

BATCH = 50_000
"""Documents that are encoded at a time: bounds memory, not speed."""

_TYPES = {
    ValueType.INT64: pa.int64(),
    ValueType.DOUBLE: pa.float64(),
    ValueType.BOOL: pa.bool_(),
    ValueType.STRING: pa.string(),
}
_TAGS = {
    ValueType.DOUBLE: Value(double_val=0.0).SerializeToString()[:1],
    ValueType.INT64: Value(int64_val=0).SerializeToString()[:1],
}


@dataclass(frozen=True)
class OnlineView:
    """What a writer must know of a feature view with one int64 join key; can be sent to other processes."""

    project: str
    table: str  # its name in databases
    name: str  # its name in Redis
    join_key: str
    features: tuple[tuple[str, ValueType], ...]

    @classmethod
    def of(cls, config: RepoConfig, view: FeatureView) -> Self:
        """Describe a view as its registered definition has it."""
        versioned = config.registry.enable_online_feature_view_versioning
        return cls(
            config.project,
            compute_table_id(config.project, view, versioned),
            compute_versioned_name(view, versioned),
            view.join_keys[0],
            tuple(sorted((f.name, f.dtype.to_value_type()) for f in view.features)),
        )

    @property
    def schema(self) -> pa.Schema:
        """The types of the columns; of features that are neither numbers, flags nor texts it says nothing."""
        types = [(name, _TYPES[kind]) for name, kind in self.features if kind in _TYPES]
        return pa.schema([(self.join_key, pa.int64()), *types])

    def conformed(self, rows: pa.RecordBatch) -> pa.Table:
        """Return the columns that are written, nulls for those that the rows lack."""
        columns = {}
        for name in self.columns:
            column = rows.column(name) if name in rows.schema.names else pa.nulls(rows.num_rows)
            columns[name] = column.cast(self.schema.field(name).type) if name in self.schema.names else column
        return pa.table(columns)

    @property
    def names(self) -> list[str]:
        """The names of the features."""
        return [name for name, _ in self.features]

    @property
    def columns(self) -> list[str]:
        """The columns of the rows that are written: the key, the features and both timestamps."""
        return [self.join_key, *self.names, EVENT, CREATED]


def positions(ids: pa.Array | pa.ChunkedArray) -> NDArray[np.uint64]:
    """Return where documents stand in the order of their serialised keys, which end with the id, lowest byte first."""
    raw: NDArray[np.uint64] = ids.to_numpy(zero_copy_only=False).astype("<i8").view(">u8").astype(np.uint64)
    return raw


def keys(join_key: str, ids: pa.Array) -> list[bytes]:
    """Return the serialised entity keys: one prefix, then eight bytes of the id."""
    first = prefix(join_key)
    raw = ids.to_numpy(zero_copy_only=False).astype("<i8").tobytes()
    return [first + raw[at : at + 8] for at in range(0, len(raw), 8)]


def prefix(join_key: str) -> bytes:
    """Return what the serialised keys of all documents begin with."""
    pattern = EntityKey(join_keys=[join_key], entity_values=[Value(int64_val=0)])
    key: bytes = serialize_entity_key(pattern, entity_key_serialization_version=3)
    return key[:-8]


def values(column: pa.Array, kind: ValueType) -> list[bytes]:
    """Return each value as Feast's protobuf; nulls and NaN are empty, as Feast has them."""
    if kind is ValueType.DOUBLE:
        return _doubles(column)
    return _integers(column) if kind is ValueType.INT64 else by_distinct(column, lambda found: _encoded(found, kind))


def by_distinct(column: pa.Array, function: Callable[[list[Any]], list[T]]) -> list[T]:
    """Return what the function makes of a column's values; it is given each distinct one once."""
    encoded = column.dictionary_encode(null_encoding="encode")
    made = function(encoded.dictionary.to_pylist())
    return [made[index] for index in encoded.indices.to_pylist()]


def _encoded(found: list[Any], kind: ValueType) -> list[bytes]:
    return [value.SerializeToString() for value in python_values_to_proto_values(found, kind)]


def _doubles(column: pa.Array) -> list[bytes]:
    """Encode as the tag and eight bytes."""
    there = pc.fill_null(pc.invert(pc.is_nan(column)), fill_value=False).to_numpy(zero_copy_only=False)
    packed = np.empty(len(column), [("tag", "S1"), ("value", "<f8")])
    packed["tag"], packed["value"] = _TAGS[ValueType.DOUBLE], column.fill_null(0.0).to_numpy()
    return _split(packed[there].tobytes(), there * packed.itemsize)


def _integers(column: pa.Array) -> list[bytes]:
    """Encode as the tag and a varint: seven bits in each byte, lowest first, of which all but the last say so."""
    there = column.is_valid().to_numpy(zero_copy_only=False)
    numbers = column.fill_null(0).to_numpy().astype("<i8").view("<u8")
    width = max(1, -(-int(numbers.max(initial=0)).bit_length() // 7))
    shifts = np.arange(0, 7 * width, 7, dtype=np.uint64)
    pieces = numbers[:, None] >> shifts
    used = pieces != 0
    used[:, 0] = True
    more = np.zeros_like(used)
    more[:, :-1] = used[:, 1:]
    digits = np.empty((len(numbers), width + 1), np.uint8)
    digits[:, 0] = _TAGS[ValueType.INT64][0]
    digits[:, 1:] = (pieces & np.uint64(0x7F)).astype(np.uint8) | (more * np.uint8(0x80))
    written = np.concatenate([there[:, None], used & there[:, None]], axis=1)
    return _split(digits[written].tobytes(), written.sum(axis=1))


def _split(data: bytes, lengths: NDArray[Any]) -> list[bytes]:
    """Cut bytes into pieces of these lengths."""
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(data)]
    pieces: list[bytes] = pa.Array.from_buffers(pa.binary(), len(lengths), buffers).to_pylist()
    return pieces
