"""Batches: taking, joining, splitting by shard."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hotarea.domain.columns import Columns, Int32s, Ints, array, shard_of, stable_order


@dataclass(frozen=True)
class Pebbles(Columns):
    number: Ints
    weight: Int32s


def pebbles(*numbers: int) -> Pebbles:
    return Pebbles(np.array(numbers, np.int64), np.array(numbers, np.int32) * 10)


def listed(batch: Pebbles) -> list[tuple[int, int]]:
    return list(zip(batch.number.tolist(), batch.weight.tolist(), strict=True))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (np.array([2, 0]), [(7, 70), (5, 50)]),
        (np.array([False, True, False]), [(6, 60)]),
        (slice(1, None), [(6, 60), (7, 70)]),
        (np.array([], np.intp), []),
    ],
)
def test_take(rows: object, expected: list[tuple[int, int]]) -> None:
    assert listed(pebbles(5, 6, 7).take(rows)) == expected  # type: ignore[arg-type]


def test_concatenate_keeps_the_order_of_batches() -> None:
    assert listed(Pebbles.concatenate([pebbles(3), pebbles(), pebbles(1, 2)])) == [(3, 30), (1, 10), (2, 20)]


def test_nothing_concatenated_has_the_declared_types() -> None:
    nothing = Pebbles.concatenate([])
    assert (len(nothing), nothing.number.dtype, nothing.weight.dtype) == (0, np.int64, np.int32)


def test_split_keeps_the_order_within_a_shard() -> None:
    parts = dict(pebbles(5, 6, 7, 8).split(np.array([4, 1, 4, 1], np.uint16)))
    assert {shard: listed(part) for shard, part in parts.items()} == {1: [(6, 60), (8, 80)], 4: [(5, 50), (7, 70)]}


def test_nothing_splits_into_nothing() -> None:
    assert list(Pebbles.empty().split(np.empty(0, np.uint16))) == []


def test_a_document_has_one_shard_wherever_it_is_asked_for() -> None:
    ids = np.array([1, 2, 3, 7_000_000_000, 2**62], np.int64)
    assert shard_of(ids, 8).tolist() == [int(shard_of(ids[i : i + 1], 8)[0]) for i in range(5)]
    assert shard_of(ids, 1).tolist() == [0] * 5


@pytest.mark.parametrize("step", [1, 2, 1000, 4096])
def test_shards_are_of_like_size_even_for_regular_ids(step: int) -> None:
    counts = np.bincount(shard_of(np.arange(1, 20_000, dtype=np.int64) * step, 8), minlength=8)
    assert counts.min() > 0.8 * counts.mean()


def test_arrays_of_arrow_columns_count_days_and_microseconds() -> None:
    table = pa.table(
        {
            "day": pa.array([date(1970, 1, 2), date(1969, 12, 31)]),
            "moment": pa.array([datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)] * 2, pa.timestamp("ms", tz="UTC")),
            "flag": [True, False],
        }
    )
    assert array(table, "day", np.int32).tolist() == [1, -1]
    assert array(table, "moment", np.int64).tolist() == [1_000_000] * 2
    assert array(table.to_batches()[0], "flag", np.bool_).tolist() == [True, False]


@settings(deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 5) | st.integers(0, 1 << 41) | st.integers(-5, -1)))
def test_a_stable_order_is_the_one_that_argsort_gives(ids: list[int]) -> None:
    found = np.array(ids, np.int64)
    assert stable_order(found).tolist() == np.argsort(found, kind="stable").tolist()
