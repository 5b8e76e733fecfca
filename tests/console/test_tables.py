"""What the commands print of quarantine and of a comparison."""

import io
from collections.abc import Callable
from dataclasses import replace

from rich.console import Console

from hotarea.console import comparison, quarantine, result
from hotarea.domain.quarantine import Quarantined
from hotarea.domain.records import Comparison

FOUND = Comparison(
    comparison_id="c",
    release_id="2012-12-31",
    promised={},
    arrived={"files": 2, "bytes": 1_234_567, "records": 2_000},
    quarantined={"bad_id": 3},
    works={"documents": 1_997, "new": 1_000, "again": 997, "unchanged": 900},
    recurated={"year": 97},
    year_moves={"-1": 97},
    references={"before": 10, "added": 1, "removed": 2},
    ended={"deleted": 4, "citations_moved": 5},
    drift={"type": 0.31, "language": 0.0},
    values={},
    findings=[],
    success=True,
    report="/reports/page.html",
    run_id="r",
)

FINDING = {
    "check": "years_shifted",
    "severity": "critical",
    "column": "published",
    "expected": "At most half.",
    "observed": "all [of] them",
    "examples": [],
}


def printed(show: Callable[..., None], *arguments: object, **named: object) -> str:
    console = Console(width=120, record=True, file=io.StringIO())
    show(console, *arguments, **named)
    return console.export_text()


def test_a_comparison_tells_the_source_and_the_world_apart() -> None:
    text = printed(comparison.show, FOUND, in_service=True)
    source, world = text.split("The world changed")
    assert "1,234,567" in source
    assert "in quarantine: bad_id" in source
    assert "another year" in source
    assert "9.7%" in source
    assert "ended: citations moved" in source
    assert "0.31" in world
    assert text.count("can be trusted") == 1


def test_findings_are_spelled_out() -> None:
    text = printed(comparison.show, replace(FOUND, findings=[FINDING], success=False), in_service=False)
    assert "critical years_shifted (published)" in text
    assert "observed: all [of] them" in text
    assert "not to be trusted: nothing of it was published" in text
    assert "can be trusted, with warnings" in printed(
        comparison.show, replace(FOUND, findings=[FINDING]), in_service=True
    )


def test_a_release_in_service_that_fails_is_not_said_to_be_unpublished() -> None:
    text = printed(comparison.show, replace(FOUND, findings=[FINDING], success=False), in_service=True)
    assert "not to be trusted, but in service: deliver it right, and ingest again" in text
    assert "nothing of it was published" not in text


def test_quarantine_is_counted_by_status() -> None:
    counts = [
        {"release": "2012-12-31", "reason": "bad_id", "status": status, "records": records}
        for status, records in (("open", 1_200), ("ingested", 7))
    ]
    (row,) = [line for line in printed(quarantine.show_counts, counts).splitlines() if "bad_id" in line]
    assert [cell.strip() for cell in row.strip("│").split("│")] == ["2012-12-31", "bad_id", "1,200", "7", ""]
    assert "quarantine is empty" in printed(quarantine.show_counts, [])


def test_records_are_shown_with_their_place_and_cut() -> None:
    found = Quarantined("2012-12-31", "part_0000.gz", 7, "bad_id", "id [X]", "x" * 300, "ingested", "2013-01-01")
    text = printed(quarantine.show_records, [found], 1)
    assert "part_0000.gz line 7, release 2012-12-31, ingested by release 2013-01-01" in text
    assert "bad_id: id [X]" in text
    assert text.count("x") < 250
    assert "--export writes all" in text
    assert "no such record" in printed(quarantine.show_records, [], 1)
    text = printed(quarantine.show_records, [replace(found, status="staged", ingested_by=None)], 1)
    assert "release 2012-12-31, staged" in text
    assert "--limit shows more\n" in text


def test_the_online_store_is_told_with_its_age() -> None:
    view = {"cutoff": "2012-12-31", "known": "2012-12-31", "rows": 1_500, "materialized_at": ""}
    text = printed(result._show_online, {"a": view | {"age_hours": 0.1}, "b": view | {"age_hours": 26.04}})
    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "Online a: 1,500 documents at 2012-12-31, written 6 min ago",
        "b: 1,500 documents at 2012-12-31, written 26.0 h ago",
    ]
