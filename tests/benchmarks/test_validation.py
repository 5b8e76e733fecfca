"""The benchmark of validation, on few rows: its rows are valid, its contenders agree, and a fault ends it."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks import validation
from benchmarks.feature_rows import BEFORE, CUTOFF, feature_rows
from benchmarks.measure import FailedError
from hotarea.domain import tables


def test_rows_are_drawn_once_and_the_same_again(tmp_path):
    first, again = feature_rows(3_000, CUTOFF, tmp_path / "a"), feature_rows(3_000, CUTOFF, tmp_path / "b")
    assert [f.read_bytes() for f in first] == [f.read_bytes() for f in again]
    rows = pq.read_table(first)
    assert (rows.num_rows, rows.schema.equals(tables.FEATURES)) == (3_000, True)
    assert feature_rows(3_000, CUTOFF, tmp_path / "a") == first
    assert feature_rows(3_000, BEFORE, tmp_path / "a") != first


def test_all_contenders_find_nothing_wrong_and_are_measured(tmp_path):
    found = validation.measured(3_000, 3_000, 1, tmp_path)
    assert list(found["contenders"]) == [validation.SERVED, validation.ALONE, validation.QUERY, validation.PANDAS]
    assert all(cost["wall_s"] > 0 and cost["cpu_s"] > 0 for cost in found["contenders"].values())
    assert len(validation.table(found).splitlines()) == 6
    json.dumps(found)


@pytest.mark.parametrize("contender", [validation.ALONE, validation.QUERY])
def test_a_contender_that_finds_something_wrong_ends_the_benchmark(contender, tmp_path):
    (part,) = feature_rows(3_000, CUTOFF, tmp_path)
    rows = pq.read_table(part)
    at = rows.schema.get_field_index("rate_1y_pct")
    wrong = pa.array([1.5, *rows["rate_1y_pct"].to_pylist()[1:]])
    pq.write_table(rows.set_column(at, rows.schema.field(at), wrong), part)
    validation.write_query(3_000, tmp_path)
    with pytest.raises(FailedError, match="valid rows were found wrong"):
        validation._run(contender, 3_000, tmp_path)
