"""What an alert says."""

import pytest

from hotarea.domain.alert import Alert, FailedCheck

FINDING = FailedCheck(
    check="unique",
    slice="document_id",
    subject="2012-12-31",
    expected="An id has one row.",
    observed="2 of 31 rows differ",
    examples=("document_id 5", "document_id 6", "document_id 7", "document_id 8"),
)
ALERT = Alert(
    problem="validation/documents",
    title="hotarea: documents 2012-12-31 failed validation",
    what="documents 2012-12-31 was rejected.",
    where="dataset documents, release 2012-12-31",
    findings=(FINDING,),
    report="http://127.0.0.1:8080/hotarea/reports/p.html",
    file="/home/reports/p.html",
    run_id="r1",
    command="hotarea alerts show validation/documents",
)


def test_the_text_says_all_that_one_needs_to_act():
    assert ALERT.text.splitlines() == [
        "documents 2012-12-31 was rejected.",
        "",
        "Where: dataset documents, release 2012-12-31",
        "",
        "Check: unique (critical)",
        "Slice: document_id of 2012-12-31",
        "Expected: An id has one row.",
        "Observed: 2 of 31 rows differ",
        "Examples: document_id 5; document_id 6; document_id 7",
        "",
        "Report: http://127.0.0.1:8080/hotarea/reports/p.html",
        "File: /home/reports/p.html",
        "Run: r1",
        "Look closer: hotarea alerts show validation/documents",
    ]


def test_what_is_not_known_has_no_line():
    alert = Alert(problem="task/a.b", title="t", what="It failed.", where="DAG a, task b", run_id="r1")
    assert alert.text == "It failed.\n\nWhere: DAG a, task b\n\nRun: r1"


def test_five_checks_are_spelled_out_and_the_rest_is_counted():
    findings = tuple(FailedCheck(check=f"check {n}", observed="much") for n in range(7))
    alert = Alert(problem="validation/documents", title="t", what="w", where="h", findings=findings)
    assert [f"check {n}" in alert.text for n in range(7)] == [True] * 5 + [False] * 2
    assert "\nand 2 more\n" in f"{alert.text}\n"
    assert all(f"check {n}" in alert.full_text for n in range(7))
    assert "more" not in alert.full_text


@pytest.mark.parametrize(
    ("severity", "identity"),
    [("critical", "unique document_id 2012-12-31"), ("warning", "unique document_id")],
)
def test_a_finding_is_the_same_for_its_subject_if_that_was_rejected_and_for_all_if_it_only_warns(severity, identity):
    finding = FailedCheck(check="unique", slice="document_id", subject="2012-12-31", observed="2", severity=severity)
    assert finding.identity == identity


@pytest.mark.parametrize("title", ["", "  ", "two\nlines"])
def test_a_title_is_one_line(title):
    with pytest.raises(ValueError, match="title of one line"):
        Alert(problem="task/a", title=title, what="w", where="h")


@pytest.mark.parametrize("problem", ["", "task", "task/", "two words/a", "task/a b", "/a"])
def test_a_problem_is_named_by_kind_and_place(problem):
    with pytest.raises(ValueError, match="names its problem as kind/place"):
        Alert(problem=problem, title="t", what="w", where="h")
