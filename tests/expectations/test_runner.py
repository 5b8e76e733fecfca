"""The runner: what it says of files, what it shows in Data Docs, and what it keeps quiet about."""

import html
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from great_expectations import expectations as gxe

from expectations import database, runner
from expectations.datadocs import Entry, write_index
from expectations.runner import SUITES, validate
from expectations.suite import schema_differences
from hotarea.domain import tables
from hotarea.domain.errors import SettingsError
from tests.expectations.cases import CASES

SUBJECTS = {
    "documents": "2012-12-31",
    "citations": "2012-12-31",
    "document_features": "2012-12-31@2013-01-31",
}


def lax(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, field.type) for field in schema])


def put(path: Path, rows, schema: pa.Schema) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)
    return path


def text_of(page: Path) -> str:
    plain = re.sub(r"<(script|style).*?</\1>|<[^>]+>", " ", page.read_text(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(plain))


@pytest.mark.parametrize("name", CASES)
def test_every_check_says_how_severe_it_is_what_it_expects_and_why(name, tmp_path):
    case = CASES[name]()
    suite = SUITES[case.dataset]
    checks = [*suite.expectations(case.subject, case.written(tmp_path)), *suite.field_expectations()]
    for check in checks:
        assert check.severity.value in {"critical", "warning", "info"}
        assert re.fullmatch(r"[A-Za-z].*\.", check.description), check
        assert re.fullmatch(r"[A-Z].*\.", check.notes), check
        assert "$" not in check.description + check.notes  # Data Docs would take it for a variable


def test_all_files_are_judged_together(documents, tmp_path):
    """An id that occurs once in each of two files occurs twice."""
    files = [put(tmp_path / f"part-{i}.parquet", documents, tables.DOCUMENTS) for i in range(2)]
    outcome = validate("documents", files, "2012-12-31", tmp_path / "reports", {})
    assert [(f["column"], f["observed"]) for f in outcome.failures] == [
        ("document_id", "240 of 240 rows (100 %) differ")
    ]
    assert len(outcome.failures[0]["examples"]) == 5


def test_the_same_rows_name_the_same_examples_in_whatever_order_they_are_read(documents, tmp_path):
    """The ids fall from row to row, each group of rows is a task of its own, and each id is wrong."""
    files = [tmp_path / f"part-{i}.parquet" for i in range(4)]
    for number, file in enumerate(files):
        ids = range(1000 * (4 - number), 1000 * (3 - number), -1)
        rows = [documents[0] | {"document_id": i, "published": datetime(2018, 1, 1, tzinfo=UTC).date()} for i in ids]
        pq.write_table(pa.Table.from_pylist(rows, schema=tables.DOCUMENTS), file, row_group_size=100)

    (failure,) = validate("documents", files, "2012-12-31", tmp_path / "reports", {}).failures

    assert failure["examples"] == [{"document_id": i, "published": "2018-01-01"} for i in range(1, 6)]


def test_files_may_differ_in_what_they_say_about_nulls(documents, tmp_path):
    strict = put(tmp_path / "part-0.parquet", documents[:60], tables.DOCUMENTS)
    loose = put(tmp_path / "part-1.parquet", documents[60:], lax(tables.DOCUMENTS))
    assert validate("documents", [strict, loose], "2012-12-31", tmp_path / "reports", {}).failures == []


def test_no_file_at_all_is_no_row(tmp_path):
    outcome = validate("documents", [], "2012-12-31", tmp_path / "reports", {})
    assert [(f["check"], f["severity"]) for f in outcome.failures] == [
        ("expect_table_row_count_to_be_between", "critical"),
        ("expect_column_max_to_be_between", "warning"),
    ]
    assert outcome.failures[0]["observed"] == "0"


DIFFERENT = {
    "a column is missing": (lambda t: t.drop_columns(["title"]), "title is missing, expected string"),
    "a column is new": (lambda t: t.append_column("doi", t["title"]), "doi is not declared"),
    "a type differs": (
        lambda t: t.set_column(9, "reference_count", t["reference_count"].cast(pa.int64())),
        "reference_count is int64, expected int32",
    ),
    "the order differs": (
        lambda t: t.select(t.column_names[::-1]),
        "columns stand in the order reference_count, is_retracted, topic, topic_id, language, type, title, updated, "
        "published, document_id, expected document_id, published, updated, title, type, language, topic_id, topic, "
        "is_retracted, reference_count",
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_columns_that_differ_from_the_schema_are_told_and_nothing_else_is_tried(name, documents, tmp_path):
    change, sentence = DIFFERENT[name]
    good = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    other = tmp_path / "part-1.parquet"
    pq.write_table(change(pq.read_table(good)), other)
    outcome = validate("documents", [good, other], "2012-12-31", tmp_path / "reports", {})
    (failure,) = outcome.failures
    assert not outcome.success
    assert (failure["column"], failure["severity"]) == ("schema_difference", "critical")
    assert failure["examples"] == [sentence]
    assert sentence in text_of(outcome.report)


def test_equal_schemas_have_no_differences():
    assert schema_differences(tables.FEATURES, [tables.FEATURES, lax(tables.FEATURES)]) == []


def unreadable(outcome):
    (failure,) = outcome.failures
    assert (failure["column"], failure["severity"], outcome.success) == ("schema_difference", "critical", False)
    assert outcome.report.is_file()
    (sentence,) = failure["examples"]
    return sentence


@pytest.mark.parametrize("content", [b"", b"PAR1 cut off"])
def test_a_file_that_cannot_be_read_is_a_critical_failure_that_names_it(content, tmp_path):
    broken = tmp_path / "part-0.parquet"
    broken.write_bytes(content)
    outcome = validate("documents", [broken], "2012-12-31", tmp_path / "reports", {})
    assert unreadable(outcome).startswith("part-0.parquet cannot be read: Parquet ")


def test_a_file_whose_middle_is_damaged_is_a_critical_failure(documents, tmp_path):
    file = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    content = bytearray(file.read_bytes())
    content[4:400] = bytes(396)
    file.write_bytes(content)
    outcome = validate("documents", [file], "2012-12-31", tmp_path / "reports", {})
    assert unreadable(outcome).startswith("part-0.parquet cannot be read: ")


def test_a_file_that_is_not_there_is_named(tmp_path):
    outcome = validate("documents", [tmp_path / "nowhere.parquet"], "2012-12-31", tmp_path / "reports", {})
    assert "nowhere.parquet" in unreadable(outcome)


def test_citations_are_not_judged_without_their_documents(citations, tmp_path):
    file = put(tmp_path / "part-0.parquet", citations, tables.CITATIONS)
    context = {"documents": [tmp_path / "lost.parquet"]}
    assert "lost.parquet" in unreadable(validate("citations", [file], "2012-12-31", tmp_path / "reports", context))


def test_an_unknown_dataset_is_refused_with_those_that_are_known(tmp_path):
    with pytest.raises(SettingsError, match=r"'works' has no suite; expected one of raw_works, documents, citations"):
        validate("works", [], "2012-12-31", tmp_path, {})


def test_a_check_that_cannot_be_computed_fails_closed(documents, tmp_path, monkeypatch):
    """A warning about a column that is not there is critical: nobody knows what it would have said."""
    lost = gxe.ExpectColumnValuesToNotBeNull(column="lost", severity="warning", description="lost is never null.")
    monkeypatch.setitem(SUITES, "documents", replace(SUITES["documents"], expectations=lambda *_: [lost]))
    file = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    outcome = validate("documents", [file], "2012-12-31", tmp_path / "reports", {})
    assert not outcome.success
    assert [(f["severity"], f["column"]) for f in outcome.failures] == [("critical", "lost")]
    assert 'could not be computed: Error: The column "lost"' in outcome.failures[0]["observed"]


def test_critical_failures_come_first(documents, tmp_path):
    for row in documents[:12]:
        row.update(title=None, is_retracted=True)
    documents[9].update(document_id=0, topic_id=None)
    file = put(tmp_path / "part-0.parquet", documents, lax(tables.DOCUMENTS))
    outcome = validate("documents", [file], "2012-12-31", tmp_path / "reports", {})
    assert [f["severity"] for f in outcome.failures] == ["critical", "warning", "warning"]


def test_the_page_shows_every_check_with_its_verdict(documents, tmp_path):
    documents[6].update(document_id=-7)
    reports = tmp_path / "reports"
    outcome = validate(
        "documents", [put(tmp_path / "p.parquet", documents, tables.DOCUMENTS)], "2012-12-31", reports, {}
    )
    shown = text_of(outcome.report)
    assert "Validations / documents / 2012-12-31" in shown
    assert "Status: Failed" in shown
    for check in SUITES["documents"].expectations("2012-12-31", {}):
        assert f"{check.description} [{check.severity.value}] {check.notes}" in shown
    assert re.search(r"1 unexpected values found\. \S*0\.83\d*% of 120 total rows", shown)
    assert "-7" in shown


def test_pages_stand_where_their_links_home_expect_them(documents, tmp_path):
    reports = tmp_path / "reports"
    file = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    page = validate("documents", [file], "2012-12-31", reports, {}).report
    (home,) = set(re.findall(r'href="([./]+index\.html)"', page.read_text()))
    assert (page.parent / home).resolve() == (reports / "index.html").resolve()


def test_a_page_says_failed_only_of_a_critical_check(documents, tmp_path):
    """As the table and the index do; GX says so of any."""
    for row in documents:
        row["topic_id"] = None
    file = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    found = validate("documents", [file], "2012-12-31", tmp_path / "reports", {})
    said = text_of(found.report)
    assert found.success
    assert "info" in {failure["severity"] for failure in found.failures}
    assert "Status: Succeeded" in said
    assert "Data asset" not in said
    assert "unknown %" not in said


def test_a_later_validation_leaves_earlier_pages_alone(documents, tmp_path):
    file = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    pages = [validate("documents", [file], "2012-12-31", tmp_path / "reports", {}).report for _ in range(3)]
    assert len(set(pages)) == 3
    assert all(page.is_file() for page in pages)
    assert not list((tmp_path / "reports").rglob("*.part"))


def test_the_index_links_to_pages_that_are_there(documents, features, judged, tmp_path):
    reports = tmp_path / "reports"
    documents[0].update(document_id=0)
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    outcomes = {"documents": judged("documents", documents), "document_features": judged("document_features", features)}
    entries = [
        Entry(name, SUBJECTS[name], outcome.success, outcome.failures, outcome.report, moment + timedelta(seconds=i))
        for i, (name, outcome) in enumerate(outcomes.items())
    ]
    page = write_index(reports, entries).read_text()
    links = set(re.findall(r"validations/[^\"'&\\ ]+?\.html", html.unescape(page)))
    assert {(reports / unquote(link)).resolve() for link in links} == {o.report.resolve() for o in outcomes.values()}
    assert ">failed</td><td>1 critical</td>" in page
    assert ">passed</td><td></td>" in page


def test_an_index_of_nothing_is_a_page(tmp_path):
    assert "Data Docs" in text_of(write_index(tmp_path, []))


OFFLINE = """
import socket, sys, logging
logging.basicConfig(level=logging.DEBUG, stream=sys.stdout, format="%(name)s %(message)s")
def refuse(*_): raise AssertionError("a connection was opened")
socket.socket.connect = socket.create_connection = refuse
from pathlib import Path
from expectations.runner import validate
outcome = validate("documents", [Path(sys.argv[1])], "2012-12-31", Path(sys.argv[2]), {})
print("verdict", outcome.success)
"""


def test_nothing_is_sent_and_nothing_is_printed(documents, tmp_path):
    """GX has counted its users and drawn progress bars; neither belongs into a task."""
    file = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    command = [sys.executable, "-c", OFFLINE, str(file), str(tmp_path / "reports")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    lines = [line for line in done.stdout.splitlines() if "great_expectations" in line or "verdict" in line]
    assert lines == ["verdict True"]
    assert done.stderr == ""


def test_one_context_serves_a_whole_process(documents, tmp_path):
    file = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    for _ in range(2):
        validate("documents", [file], "2012-12-31", tmp_path / "reports", {})
    assert runner.ephemeral_context.cache_info().misses == 1
    assert runner._source.cache_info().misses == 1
    assert runner._source().get_asset_names() == set()


def test_nothing_is_left_in_the_database(documents, tmp_path):
    file = put(tmp_path / "part-0.parquet", documents, tables.DOCUMENTS)
    validate("documents", [file], "2012-12-31", tmp_path / "reports", {})
    assert database.value("SELECT count(*) FROM (SHOW TABLES)") == 0


def test_what_does_not_fit_into_memory_is_spilled(tmp_path, monkeypatch):
    """Far more ids than the database may hold are told apart all the same."""
    ids = pa.table({"document_id": pa.array(range(3_000_000), pa.int64())})
    pq.write_table(ids, tmp_path / "part-0.parquet")
    with database.view(database.rows([tmp_path / "part-0.parquet"], ids.schema)) as name:
        database._database().execute("SET memory_limit = '40MB'")
        try:
            counted = database.value(f"SELECT count(*) FROM (SELECT document_id FROM {name} GROUP BY 1)")
        finally:
            database._database().execute(f"SET memory_limit = '{database.MEMORY}'")
    assert counted == 3_000_000
