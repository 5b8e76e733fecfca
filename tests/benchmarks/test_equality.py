"""A single bit in a single row is found."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.equality import DifferentError, check_equal
from hotarea.domain.tables import FEATURES

ROWS = 6


def rows() -> pa.Table:
    chance = np.random.default_rng(3)
    columns = []
    for field in FEATURES:
        drawn = chance.integers(0, 50, ROWS)
        if pa.types.is_floating(field.type):
            columns.append(pa.array([None, *(drawn[1:] / 7).tolist()], field.type))
        else:
            columns.append(pa.array(drawn).cast(pa.int64()).cast(field.type))
    return pa.table(columns, FEATURES).set_column(0, FEATURES[0], pa.array(range(ROWS), pa.int64()))


def replaced(table: pa.Table, name: str, change: Callable[[list[float | None]], None]) -> pa.Table:
    at = table.schema.get_field_index(name)
    values = table[name].to_pylist()
    change(values)
    return table.set_column(at, table.schema[at], pa.array(values, table.schema[at].type))


def next_float(values: list[float | None]) -> None:
    values[3] = float(np.nextafter(values[3], 100))


def known(values: list[float | None]) -> None:
    values[0] = 0.0


def written(folder: Path, *parts: pa.Table) -> list[Path]:
    folder.mkdir()
    files = [folder / f"part-{number}.parquet" for number in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        pq.write_table(part, file)
    return files


def test_the_same_rows_in_other_files_and_another_order_are_equal(tmp_path: Path) -> None:
    table = rows()
    shuffled = table.take([4, 0, 2, 5, 1, 3])
    left = written(tmp_path / "left", table.slice(3), table.slice(0, 3))
    assert check_equal(left, written(tmp_path / "right", shuffled)) == ROWS


@pytest.mark.parametrize(("name", "change"), [("rate", next_float), ("rate_pct", known), ("size_5y_pct", next_float)])
def test_one_value_that_differs_is_named(
    tmp_path: Path, name: str, change: Callable[[list[float | None]], None]
) -> None:
    left = written(tmp_path / "left", rows())
    right = written(tmp_path / "right", replaced(rows(), name, change))
    with pytest.raises(DifferentError, match=f"^{name} differs in 1 of 6 rows"):
        check_equal(left, right)


@pytest.mark.parametrize("other", [rows().slice(1), pa.concat_tables([rows(), rows().slice(5)])])
def test_a_row_too_few_or_too_many_is_told(tmp_path: Path, other: pa.Table) -> None:
    with pytest.raises(DifferentError, match=f"6 documents, .* {other.num_rows}; expected the same"):
        check_equal(written(tmp_path / "left", rows()), written(tmp_path / "right", other))
