"""Finding columns: what they say of rows, as DuckDB computes them from Parquet files."""

import math

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations import database
from expectations.findings import columns, differs, finding, nulls, outside

NUMBERS = st.one_of(st.none(), st.floats(width=32), st.integers(-3, 3).map(float))


def found(rows: pa.Table, expression: str) -> list[object]:
    """Return the value of an expression in each row of a table."""
    with database.table(rows) as name:
        return database.arrow(f"SELECT {columns({'found': expression})} FROM {name}")["found"].to_pylist()


def test_a_finding_is_null_where_nothing_is_broken():
    rows = pa.table({"a": [1, 2, 3]})
    assert found(rows, finding({})) == [None] * 3
    assert found(rows, finding({"a": "a > 5"})) == [None] * 3
    assert found(rows.slice(0, 0), finding({"a": "a > 5"})) == []


def test_a_finding_names_the_first_broken_column_and_its_value():
    rows = pa.table({"a": [1, 7, None, 8], "b": ["x", None, None, "y"]})
    assert found(rows, finding({"a": "a > 5"} | nulls(["b"]))) == [None, "a is 7", "b is null", "a is 8"]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_findings_agree_with_a_loop_over_rows(pairs):
    given = {"a": [a for a, _ in pairs], "b": [b for _, b in pairs]}
    rows = pa.table(given, schema=pa.schema({"a": pa.float64(), "b": pa.float64()}))
    texts = found(rows, finding({name: outside(name, 0.0, 1.0) for name in ("a", "b")}))
    for (a, b), text in zip(pairs, texts, strict=True):
        broken = [n for n, v in (("a", a), ("b", b)) if v is not None and not 0 <= v <= 1]
        assert text is None if not broken else text.startswith(f"{broken[0]} is ")


@pytest.mark.parametrize(
    ("value", "is_outside"),
    [
        (0.0, False),
        (1.0, False),
        (-1e-12, True),
        (1.0 + 1e-12, True),
        (math.nan, True),
        (math.inf, True),
        (-math.inf, True),
        (None, None),
    ],
)
def test_outside_takes_bounds_in_and_no_number_that_is_none(value, is_outside):
    assert found(pa.table({"a": pa.array([value], pa.float64())}), outside("a", 0.0, 1.0)) == [is_outside]


def test_without_bounds_numbers_must_still_be_finite():
    assert found(pa.table({"a": [-1e300, math.inf, math.nan]}), outside("a")) == [False, True, True]


def test_a_file_whose_statistics_hide_what_is_no_number_is_seen_through(tmp_path):
    """Parquet's least and greatest values leave NaN out, and DuckDB believes them where it compares."""
    file = tmp_path / "part-0.parquet"
    pq.write_table(pa.table({"a": [0.5, math.nan, 0.6]}), file)
    query = f"SELECT count(*) FILTER ({outside('a', 0.0, 1.0)}) FROM {database.parquet([file])}"
    assert database.value(query) == 1


def test_conditions_differ_where_exactly_one_holds():
    rows = pa.table({"a": [True, True, False, None], "b": [True, False, False, True]})
    assert found(rows, differs("a", "b")) == [False, True, False, None]
