"""Batches in files come back as they were put, whatever holds them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beam_jobs.stored import Batches, Store, Stored, loaded
from hotarea.domain.columns import Arrays, Columns, Ints


@dataclass(frozen=True)
class Numbers(Columns):
    number: Ints


@dataclass(frozen=True)
class Grid(Arrays):
    values: np.ndarray  # type: ignore[type-arg]
    flags: np.ndarray  # type: ignore[type-arg]


def test_every_kind_of_batch_comes_back_as_it_was(tmp_path: Path) -> None:
    grid = Grid(np.arange(12, dtype=np.int32).reshape(2, 3, 2), np.array([[True], [False]]))
    table = pa.table({"text": ["a", None], "lists": [[1, 2], []]})
    with Store(tmp_path) as store:
        placed = store.put((7, ("name", grid), table, np.arange(3.0)))
    assert len([*tmp_path.iterdir()]) == 1
    assert [type(place) for place in (placed[1][1], placed[2], placed[3])] == [Stored] * 3
    number, (name, again), read, floats = loaded(placed)
    assert (number, name, read.equals(table), floats.tolist()) == (7, "name", True, [0.0, 1.0, 2.0])
    assert again.values.tolist() == grid.values.tolist()
    assert (again.values.dtype, again.flags.tolist()) == (np.int32, [[True], [False]])


@given(st.lists(st.lists(st.integers(-(2**62), 2**62), max_size=5), max_size=6))
def test_batches_of_one_file_are_told_apart(tmp_path_factory: pytest.TempPathFactory, batches: list[list[int]]) -> None:
    with Store(tmp_path_factory.mktemp("store")) as store:
        sent = Batches([store.put(Numbers(np.array(batch, np.int64))) for batch in batches])
    assert [batch.number.tolist() for batch in sent] == batches == [batch.number.tolist() for batch in sent]
    assert len(sent) == len(batches)


@settings(deadline=None, derandomize=True)
@given(
    st.sampled_from([np.int8, np.int16, np.int32, np.int64, np.uint16, np.float64, np.bool_]),
    st.sampled_from([(0,), (3,), (2, 0), (2, 3), (1, 2, 2)]),
    st.lists(st.integers(-(1 << 63), (1 << 63) - 1) | st.integers(-300, 300), min_size=6, max_size=6),
)
def test_arrays_keep_type_shape_and_every_value(
    tmp_path_factory: pytest.TempPathFactory, kind: type, shape: tuple[int, ...], numbers: list[int]
) -> None:
    array = np.resize(np.array(numbers, np.int64).astype(kind), shape)
    with Store(tmp_path_factory.mktemp("store")) as store:
        again = loaded(store.put(array))
    assert (again.dtype, again.shape, again.tolist()) == (array.dtype, array.shape, array.tolist())


def test_integers_lie_in_as_few_bytes_as_hold_them(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.put(np.array([[0, 255]] * 500))
        assert store.bytes == 1000
        store.put(np.array([-1, 255]))
        assert store.bytes == 1004


def test_a_batch_can_be_read_before_the_next_is_put(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        first = store.put(Numbers(np.array([1, 2])))
        assert loaded(first).number.tolist() == [1, 2]
        assert loaded(store.put(Numbers(np.array([3])))).number.tolist() == [3]


def test_arrays_can_stay_in_their_file(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        sent = [store.put((7, Numbers(np.array(numbers, np.int64)))) for numbers in ([1, 300], [], [5])]
        sent.append((8, Numbers(np.array([9]))))  # what was not stored
    mapped = Batches(sent).mapped
    assert [(key, batch.number.tolist()) for key, batch in mapped] == [(7, [1, 300]), (7, []), (7, [5]), (8, [9])]
    assert isinstance(mapped[0][1].number, np.memmap)


def test_what_is_no_batch_stays_and_makes_no_file(tmp_path: Path) -> None:
    with Store(tmp_path / "folder") as store:
        assert store.put((1, ("a", None))) == (1, ("a", None))
    assert not (tmp_path / "folder").exists()


def test_without_a_folder_batches_are_handed_on() -> None:
    batch = Numbers(np.array([1]))
    with Store(None) as store:
        assert store.put((1, batch)) == (1, batch)
