"""The lines that a job logs at its end."""

import pytest

from beam_jobs.summary import summary

NOTHING = {"seconds": 0.04, "works": 0, "works_per_second": 0.0, "records": {}, "bytes": {}, "steps": {}}


def test_a_job_that_found_nothing_says_so() -> None:
    assert summary("document_labels", NOTHING).splitlines() == [
        "document_labels: 0 works in 0.0 s, 0 works/s",
        "  records: none",
        "  bytes: none",
        "  seconds in steps, of all processes: none",
    ]


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (999_960, "1,000.0 kB"),
        (2_147_483_648, "2.1 GB"),
        (670e9, "670.0 GB"),
        (3e15, "3,000.0 TB"),
    ],
)
def test_bytes_are_told_in_the_largest_unit_that_they_fill(size: int, told: str) -> None:
    assert f"  bytes: {told} read" in summary("ingest_works", {**NOTHING, "bytes": {"read": size}}).splitlines()
