"""Whether two contenders gave the same rows: all of them, in all columns, bit for bit."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray

from hotarea.domain.tables import FEATURES

Files = Sequence[Path]
Values = NDArray[Any]


class DifferentError(Exception):
    """Two results differ; says where first."""


def check_equal(found: Files, expected: Files) -> int:
    """Compare the features of one cutoff that lie in Parquet files, in any order of rows; return how many rows.

    Raises `DifferentError` that names the first column that differs, in how many rows, and one of them. One column is
    in memory at a time.
    """
    left, right = (ds.dataset([str(file) for file in files], schema=FEATURES) for files in (found, expected))
    ids, others = _column(left, "document_id"), _column(right, "document_id")
    order, other_order = np.argsort(ids), np.argsort(others)
    ids = ids[order]
    if len(ids) != len(others) or (ids != others[other_order]).any():
        raise DifferentError(f"{found[0]} holds {len(ids)} documents, {expected[0]} {len(others)}; expected the same")
    for name in FEATURES.names[1:]:
        ours, theirs = _column(left, name)[order], _column(right, name)[other_order]
        different = np.flatnonzero(~((ours == theirs) | (_missing(ours) & _missing(theirs))))
        if len(different):
            at = different[0]
            raise DifferentError(
                f"{name} differs in {len(different)} of {len(ids)} rows between {found[0]} and {expected[0]}: "
                f"{ours[at]} and {theirs[at]} for document {ids[at]}; expected the same bits"
            )
    return len(ids)


def _column(rows: ds.Dataset, name: str) -> Values:
    """Return one column; null is NaN, which no feature is."""
    column = rows.to_table(columns=[name])[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    values: Values = column.to_numpy()
    return values


def _missing(values: Values) -> NDArray[np.bool_]:
    return np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), np.bool_)
