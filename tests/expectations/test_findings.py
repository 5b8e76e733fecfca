"""Finding columns, against a plain loop over rows."""

import math

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.findings import differs, finding, outside

NUMBERS = st.one_of(st.none(), st.floats(width=32), st.integers(-3, 3).map(float))


def test_a_finding_is_null_where_nothing_is_broken():
    rows = pa.table({"a": [1, 2, 3]})
    assert finding(rows, {}).isna().all()
    assert finding(rows, {"a": pc.greater(rows["a"], 5)}).isna().all()
    assert len(finding(rows.slice(0, 0), {"a": pc.greater(rows["a"].slice(0, 0), 5)})) == 0


def test_a_finding_names_the_first_broken_column_and_its_value():
    rows = pa.table({"a": [1, 7, None, 8], "b": ["x", None, None, "y"]})
    found = finding(rows, {"a": pc.greater(rows["a"], 5), "b": pc.is_null(rows["b"])})
    assert list(found.astype(object)) == pytest.approx([math.nan, "a is 7", "b is null", "a is 8"], nan_ok=True)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=20), st.integers(0, 3))
def test_findings_agree_with_a_loop_over_rows(pairs, parts):
    columns = {"a": [a for a, _ in pairs], "b": [b for _, b in pairs]}
    whole = pa.table(columns, schema=pa.schema({"a": pa.float64(), "b": pa.float64()}))
    cut = len(pairs) * parts // 3
    rows = pa.concat_tables([whole.slice(0, cut), whole.slice(cut)])
    found = finding(rows, {name: outside(rows[name], 0.0, 1.0) for name in ("a", "b")})
    for (a, b), text in zip(pairs, found, strict=True):
        broken = [n for n, v in (("a", a), ("b", b)) if v is not None and not 0 <= v <= 1]
        assert pd.isna(text) if not broken else text.startswith(f"{broken[0]} is ")


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
    assert outside(pa.chunked_array([pa.array([value], pa.float64())]), 0.0, 1.0).to_pylist() == [is_outside]


def test_an_infinite_span_still_wants_finite_numbers():
    values = pa.chunked_array([pa.array([-1e300, math.inf, math.nan])])
    assert outside(values, -math.inf, math.inf).to_pylist() == [False, True, True]


def test_masks_differ_where_exactly_one_holds():
    one, other = pa.chunked_array([[True, True, False, None]]), pa.chunked_array([[True, False, False, True]])
    assert differs(one, other).to_pylist() == [False, True, False, None]
