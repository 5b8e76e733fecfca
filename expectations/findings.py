"""Finding columns: one text per row that breaks a rule, null wherever all is well.

GX checks one or two columns at a time and copies the frame for each check. A rule over dozens of columns, or over
another file, is therefore computed once here, and GX expects its finding column to be null.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc


def finding(rows: pa.Table, broken: Mapping[str, pa.ChunkedArray]) -> pd.Categorical:
    """Return per row the first column that breaks its rule, with its value, or null.

    `broken` maps a column of `rows` to a mask of the same length; null in a mask counts as unbroken.
    """
    codes = np.full(rows.num_rows, -1, dtype=np.int64)
    texts: list[str] = []
    for column, mask in broken.items():
        at = np.flatnonzero(np.asarray(pc.fill_null(mask, False)) & (codes < 0))
        seen = pc.dictionary_encode(rows[column].take(pa.array(at)).combine_chunks(), null_encoding="encode")
        codes[at] = np.asarray(seen.indices) + len(texts)
        texts += [f"{column} is {_said(value)}" for value in seen.dictionary.to_pylist()]
    return pd.Categorical.from_codes(codes, categories=pd.Index(texts, dtype=object))  # type: ignore[arg-type]


def _said(value: object) -> str:
    return "null" if value is None else str(value)


def outside(values: pa.ChunkedArray, low: float, high: float) -> pa.ChunkedArray:
    """Return where numbers are not within [low, high]; NaN and infinities are not, null is."""
    within = pc.and_(pc.greater_equal(values, low), pc.less_equal(values, high))
    return pc.invert(pc.and_(within, pc.is_finite(values)))


def differs(one: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return where two masks disagree."""
    return pc.xor(one, other)
