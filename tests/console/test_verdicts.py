"""The table of verdicts: what it says of each subject, and that it can be read in a file as well."""

from io import StringIO
from pathlib import Path
from typing import Any

from rich.console import Console

from hotarea.console import verdicts
from hotarea.domain.records import Validation

LOST = {
    "check": "expect_column_values_to_be_unique",
    "severity": "critical",
    "column": "document_id",
    "expected": "An id has one row in a release.",
    "observed": "2 of 31 rows (6.45 %) differ",
    "examples": [{"document_id": 5}],
}
UNTITLED = LOST | {"severity": "warning", "column": "title_missing", "expected": "[95%] have a title.", "examples": []}


def found(subject: str, *failures: dict[str, Any]) -> Validation:
    return Validation(
        validation_id=subject,
        dataset="documents",
        subject=subject,
        success=not any(f["severity"] == "critical" for f in failures),
        failures=list(failures),
        report=f"/home/reports/validations/documents/{subject}/page.html",
        run_id="r",
        checks=18,
    )


def shown(*outcomes: Validation) -> list[str]:
    out = StringIO()
    verdicts.show(Console(file=out), outcomes)
    return out.getvalue().splitlines()


def test_each_subject_has_its_checks_what_failed_and_the_worst_in_words():
    lines = shown(found("2011-12-31"), found("2012-12-31", LOST, UNTITLED))
    assert lines[0].split() == ["dataset", "subject", "checks", "failed", "worst", "failure"]
    assert lines[1].split() == ["documents", "2011-12-31", "18", "none"]
    assert lines[2].split()[:5] == ["documents", "2012-12-31", "18", "1", "critical"]
    assert "1 warning" in lines[3]
    told = " ".join(" ".join(lines[2:]).replace("1 warning", "").split())
    assert "document_id: An id has one row in a release. Observed: 2 of 31 rows (6.45 %) differ" in told
    assert "for example document_id 5" in told


def test_the_worst_stands_last_and_its_report_below():
    lines = shown(found("2012-12-31", LOST), found("2011-12-31", UNTITLED), found("2010-12-31"))
    subjects = [line.split()[1] for line in lines if line.startswith("documents ") and ".html" not in line]
    assert subjects == ["2010-12-31", "2011-12-31", "2012-12-31"]
    reports = [line for line in lines if line.endswith(".html") and line.startswith("documents ")]
    assert reports == [
        "documents 2011-12-31: /home/reports/validations/documents/2011-12-31/page.html",
        "documents 2012-12-31: /home/reports/validations/documents/2012-12-31/page.html",
    ]


def test_the_last_line_is_the_verdict_and_the_index():
    assert shown(found("2011-12-31", UNTITLED))[-1] == (
        "all 1 may be used; all reports are listed in /home/reports/index.html"
    )
    assert shown(found("2011-12-31"), found("2012-12-31", LOST))[-1].startswith("1 of 2 must not be used;")


def test_what_looks_like_markup_is_shown_as_it_is():
    assert "[95%] have a title." in " ".join(shown(found("2011-12-31", UNTITLED)))


def test_nothing_judged_shows_nothing():
    assert shown() == []


def test_a_long_path_is_not_broken():
    report = str(Path("/home") / ("x" * 300) / "page.html")
    out = StringIO()
    outcome = found("2012-12-31", LOST)
    verdicts.show(Console(file=out), [Validation(**{**vars(outcome), "report": report})])
    assert f"documents 2012-12-31: {report}" in out.getvalue().splitlines()
