"""Where two tables differ; floats must be equal to the last bit."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def differences(found: pa.Table, expected: pa.Table) -> dict[str, Any]:
    """Return for each column that differs the number of rows and the first ones, both sides."""
    if found.num_rows != expected.num_rows:
        return {"rows": (found.num_rows, expected.num_rows)}
    expected = expected.select(found.schema.names).cast(found.schema)
    result = {}
    for name in found.schema.names:
        ours, theirs = found[name].combine_chunks(), expected[name].combine_chunks()
        if not ours.equals(theirs):
            same = pc.fill_null(pc.equal(ours, theirs), False)
            wrong = pc.invert(pc.or_(same, pc.and_(ours.is_null(), theirs.is_null())))
            rows = zip(found["document_id"].filter(wrong), ours.filter(wrong), theirs.filter(wrong), strict=True)
            result[name] = [tuple(v.as_py() for v in row) for row in rows][:5]
    return result
