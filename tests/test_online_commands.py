"""`hotarea materialize` and `hotarea audit` as people type them."""

import json
import sqlite3

import pytest
from typer.testing import CliRunner

from hotarea.cli import app
from hotarea.commands import online
from hotarea.domain.errors import NotReadyError, SettingsError, ValidationError
from hotarea.domain.records import Audit
from hotarea.stages import materialize
from hotarea.stores.ledger import Ledger


@pytest.fixture
def called(settings, published, monkeypatch):
    """Calls the command line for a home with one cutoff of three documents."""
    published.features("2012-12-31", *({"document_id": i, "rate": i / 3} for i in (1, 2, 3)))
    monkeypatch.setenv("HOTAREA_PROJECT", str(settings.project))

    def call(*arguments: str):
        return CliRunner().invoke(app, ["--home", str(settings.home), *arguments])

    return call


def test_the_plan_says_what_why_and_what_feast_would_miss_and_writes_nothing(called):
    told = called("materialize", "--plan").output
    plans = json.loads(called("materialize", "--plan", "--json").stdout)

    assert "size_5y_cite_count will be written to sqlite: 3 rows, event time 2012-12-31, known on 2012-12-31" in told
    assert "  columns: cite_count, rate, size_5y" in told
    assert "  because: nothing was written to this store yet" in told
    assert "would miss 3 rows, all columns: older than the 364 days that its first run looks back" in told
    assert {(c["action"], c["kind"], c["name"]) for c in plans["definitions"]} > {
        ("adds", "feature view", "document_citations"),
        ("adds", "feature service", "document_area_v1"),
    }
    assert told.startswith("first applied:\nadds data source features\n")
    assert [(p["view"], p["published"]["rows"]) for p in plans["views"]] == [
        ("size_5y_cite_count", 3),
        ("document_citations", 3),
    ]


def test_what_was_written_is_audited_and_then_served(called, settings):
    assert len(json.loads(called("materialize", "--json").stdout)) == 2
    assert called("materialize", "--plan").output.startswith("size_5y_cite_count is served from sqlite: 3 rows")
    assert [a["wrong"] for a in json.loads(called("audit", "--json").stdout)] == [0, 0]

    with sqlite3.connect(settings.home / "feast" / "online.db") as connection:
        connection.execute("DELETE FROM hotarea_document_citations")
    connection.close()

    failed = called("audit")
    assert failed.exit_code == 1
    assert isinstance(failed.exception, ValidationError)
    assert "3 of 3 documents of document_citations" in str(failed.exception)
    assert "because: the audit at 20" in called("materialize", "--plan").output
    assert [w["view"] for w in json.loads(called("materialize", "--json").stdout)] == ["document_citations"]
    assert called("audit").exit_code == 0
    assert called("materialize").output.startswith("nothing to do")
    assert len(json.loads(called("materialize", "--anew", "--json").stdout)) == 2


def test_a_store_that_was_emptied_is_found_and_filled_at_once(called, settings):
    called("materialize")
    for file in (settings.home / "feast").glob("online.db*"):
        file.unlink()

    filled = called("materialize", "--json")

    assert [w["rows"] for w in json.loads(filled.stdout)] == [3, 3]
    assert called("audit").exit_code == 0


def test_what_was_written_and_cannot_be_audited_is_an_error(called, published, monkeypatch):
    published.predictions("2012-12-31", 1, {1: 0.9})
    published.predictions("2012-12-31", 2, {1: 0.9})
    published.champion(1)
    run = materialize.run

    def promoted_meanwhile(*arguments, **options):
        written = run(*arguments, **options)
        published.champion(2)
        return written

    monkeypatch.setattr(materialize, "run", promoted_meanwhile)
    failed = called("materialize")

    assert isinstance(failed.exception, NotReadyError)
    assert "document_predictions serves model version 1" in str(failed.exception)


def test_some_documents_are_written_and_audited(called, settings, tmp_path):
    file = tmp_path / "ids.txt"
    file.write_text("2\nW3\n404\n")

    assert json.loads(called("materialize", "--documents", str(file), "--json").stdout) == {
        "size_5y_cite_count": 2,
        "document_citations": 2,
    }
    assert [(a.view, a.documents, a.wrong) for a in Ledger(settings.ledger).all(Audit)] == [
        ("document_citations", 3, 0),
        ("size_5y_cite_count", 3, 0),
    ]


def test_some_documents_that_are_written_wrong_are_named(called, settings, monkeypatch):
    run_some = materialize.run_some

    def lost(*arguments):
        written = run_some(*arguments)
        with sqlite3.connect(settings.home / "feast" / "online.db") as connection:
            connection.execute("DELETE FROM hotarea_document_citations")
        connection.close()
        return written

    monkeypatch.setattr(materialize, "run_some", lost)
    failed = called("materialize", "--documents", "1,2")

    assert isinstance(failed.exception, ValidationError)
    assert "2 of 2 documents of document_citations" in str(failed.exception)


@pytest.mark.parametrize(
    ("text", "expected"), [("1,W2, 3", [1, 2, 3]), ("7", [7]), ("7,7", [7]), ("https://openalex.org/W12", [12])]
)
def test_ids_are_read_as_people_write_them(text, expected):
    assert online.ids_of(text).to_pylist() == expected


def test_many_ids_are_no_name_of_a_file():
    assert len(online.ids_of(",".join(map(str, range(1, 5_001))))) == 5_000


@pytest.mark.parametrize("text", ["7" * 5_000, "bytes"])
def test_what_cannot_be_read_as_a_file_is_named(text, tmp_path, monkeypatch):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(SettingsError, match="cannot be read as a file of ids"):
        online.ids_of(text)


@pytest.mark.parametrize("text", ["1,x2", "", ",", "no/such/file"])
def test_what_is_no_id_is_named(text):
    with pytest.raises(SettingsError, match="no id of a document; expected numbers or W…"):
        online.ids_of(text)


@pytest.mark.parametrize(
    "options", [("--plan", "--documents", "1"), ("--plan", "--take-over"), ("--documents", "1", "--take-over")]
)
def test_what_does_not_go_together_is_told(called, options):
    failed = called("materialize", *options)

    assert isinstance(failed.exception, SettingsError)
    assert "expected it without" in str(failed.exception)
