"""The suite of raw records refuses no release that the ingest accepts."""

from dataclasses import replace
from pathlib import Path

import pytest

from hotarea.domain.delivery import too_many_rejected
from tests.expectations.cases import CASES, fired


@pytest.mark.parametrize(
    ("records", "undated", "share"),
    [(5, 1, 0.5), (5, 1, 0.1), (9, 9, 0.1), (12, 9, 0.0), (12, 10, 0.1), (100, 10, 0.1), (100, 11, 0.1), (100, 11, 0.5),
     (100, 51, 0.5), (100, 100, 1.0), (100, 10, 0.0)],
)  # fmt: skip
def test_records_without_a_required_field_are_refused_as_the_ingest_refuses_them(
    records: int, undated: int, share: float, tmp_path: Path
) -> None:
    case = CASES["raw_works of the current layout"]()
    rows = [row | ({"publication_date": "null"} if at < undated else {}) for at, row in enumerate(case.rows[:records])]
    outcome = replace(case, rows=rows, context=case.context | {"rejected_share": share}).judge(tmp_path)
    assert outcome.success is not too_many_rejected(undated, records, share)
    assert [check[1:] for check in fired(outcome)] == ([] if outcome.success else [("publication_date", "critical")])
    if not outcome.success:
        assert outcome.failures[0]["observed"].startswith(f"{undated:,} of {records:,} rows")
