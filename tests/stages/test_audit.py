"""The audit sees what readers would see wrong: a value, an age, a document that is missing or should be gone."""

import fcntl
import json
import math
import sqlite3
import time
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hotarea.domain.errors import NotReadyError, ValidationError
from hotarea.domain.records import Audit
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import audit, materialize
from hotarea.stores import feature_store, online_writers
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.servers import redis_server

RATE = "size_5y_cite_count"


@pytest.fixture
def served(settings, published):
    """Ten documents in 2012; in 2013 document 1 is gone and 11 is new; predictions of two models."""
    published.features("2012-12-31", *({"document_id": i, "rate": i / 3, "cite_count": i} for i in range(1, 11)))
    published.features("2013-12-31", *({"document_id": i, "rate": i / 7, "cite_count": i} for i in range(2, 12)))
    for version in (1, 2):
        published.champion(version)
        published.predictions("2013-12-31", version, {i: i / 11 + version / 100 for i in range(2, 12)})
    materialize.run(settings, "run-1")
    return settings


def online(settings, statement: str) -> None:
    """Change the online store behind everybody's back."""
    with sqlite3.connect(settings.home / "feast" / "online.db") as connection:
        connection.create_function("of_document_1", 1, lambda key: key[:-8] + (1).to_bytes(8, "little"))
        assert connection.execute(statement).rowcount
    connection.close()


def remembered(settings) -> list[Audit]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(Audit)


def test_what_was_materialized_answers_as_the_offline_store(served):
    audits = audit.run(served, "run-1")

    assert [(a.view, a.cutoff, a.documents, a.wrong, a.success) for a in audits] == [
        (RATE, date(2013, 12, 31), 11, 0, True),  # ten that are there and one that vanished
        ("document_citations", date(2013, 12, 31), 11, 0, True),
        ("document_predictions", date(2013, 12, 31), 10, 0, True),
    ]
    assert sorted(audits, key=lambda a: a.view) == remembered(served)


def test_an_older_cutoff_and_a_correction_are_compared_with_what_was_known_then(served, published):
    materialize.run(served, "run-2", cutoff=date(2012, 12, 31))
    assert [a.wrong for a in audit.run(served, "run-2", [RATE])] == [0]

    published.features("2013-12-31@2014-06-30", *({"document_id": i, "rate": i / 5} for i in range(2, 12)))
    assert [a.cutoff.year for a in audit.run(served, "run-3", [RATE])] == [2012]  # what is served is right, and behind
    materialize.run(served, "run-4")
    assert [a.wrong for a in audit.run(served, "run-4")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "UPDATE hotarea_size_5y_cite_count SET value = (SELECT value FROM hotarea_size_5y_cite_count WHERE "
            "feature_name = 'rate' ORDER BY entity_key DESC LIMIT 1) WHERE feature_name = 'rate' AND entity_key = "
            "(SELECT min(entity_key) FROM hotarea_size_5y_cite_count)",
            r"1 of 11 documents of size_5y_cite_count at 2013-12-31 .*document 2, rate: offline 0.28.*, online 1.57",
        ),
        (
            "DELETE FROM hotarea_document_citations WHERE entity_key = "
            "(SELECT max(entity_key) FROM hotarea_document_citations)",
            r"1 of 11 documents of document_citations .*document 11, .*offline \d+.*, online None",
        ),
        (
            "UPDATE hotarea_document_predictions SET event_ts = event_ts - 86400",
            r"10 of 10 documents of document_predictions .*, event_timestamp: offline .2013-12-31.*2013-12-30",
        ),
        (
            "INSERT INTO hotarea_size_5y_cite_count SELECT of_document_1(entity_key), feature_name, value, "
            "value_text, vector_value, event_ts, created_ts "
            "FROM hotarea_size_5y_cite_count WHERE hex(entity_key) LIKE '%0200000000000000'",
            r"1 of 11 documents of size_5y_cite_count .*document 1, cite_count: offline None, online 2",
        ),
    ],
)
def test_what_differs_is_named_and_written_anew(served, statement, told):
    online(served, statement)

    with pytest.raises(ValidationError, match=rf"(?s){told}.*HOTAREA_AUDIT_THRESHOLD.*`hotarea materialize` writes"):
        audit.run(served, "run-2")
    assert [a.success for a in remembered(served)].count(False) == 1

    assert len(materialize.run(served, "run-3")) == 1
    assert all(a.success for a in audit.run(served, "run-3"))
    assert materialize.run(served, "run-4") == []


@pytest.mark.parametrize("anew", [True, False], ids=["asked for anew", "audit failed"])
def test_a_vanished_document_is_removed_though_the_ledger_knows_nothing_of_it(settings, published, anew):
    """Of Redis, which replaces nothing as a whole."""
    published.features("2012-12-31", *({"document_id": i, "rate": float(i)} for i in (1, 2)))
    published.features("2013-12-31", *({"document_id": i, "rate": float(i)} for i in (2, 3)))
    with redis_server() as url:
        there = Settings.load(home=settings.home, project=settings.project, online_store="redis", online_store_url=url)
        materialize.run(there, "run-1")
        store = feature_store.open_store(there)
        writer = online_writers.writer(store.config, store.get_feature_view(RATE))
        gone = pq.read_table(Layout(settings.home).feature_set(Cutoff.parse("2012-12-31")) / "part-0.parquet")
        writer.write(writer.view.conformed(gone.to_batches()[0]), pa.array([], pa.int64()))

        if not anew:
            with pytest.raises(
                ValidationError, match=r"1 of 3 documents of size_5y_cite_count .*document 1, cite_count"
            ):
                audit.run(there, "run-2", [RATE])
        materialize.run(there, "run-3", views=[RATE], anew=anew)

        assert feature_store.online(there, "document_area_v1", [1, 2])["rate"] == [None, 2.0]
        assert all(a.success for a in audit.run(there, "run-4", [RATE]))


def test_ages_do_not_depend_on_the_time_zones_of_who_writes_and_who_reads(settings, published, monkeypatch):
    """In São Paulo that day began at one o'clock: its midnight, by the clock, never was."""
    published.features("2013-10-20", {"document_id": 1, "rate": 1.0})
    try:
        for zone, stage in (("America/Sao_Paulo", materialize), ("Asia/Kolkata", audit), ("UTC", audit)):
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            stage.run(settings, zone)
    finally:
        monkeypatch.undo()
        time.tzset()

    assert [a.wrong for a in remembered(settings)] == [0] * 4


def test_no_other_task_writes_between_the_two_reads(served, monkeypatch):
    read, locked = audit._online, []

    def meanwhile(*arguments):
        with (served.home / "feast" / "materialize.lock").open() as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        locked.append(True)
        return read(*arguments)

    monkeypatch.setattr(audit, "_online", meanwhile)
    audit.run(served, "run-2", [RATE])

    assert locked == [True]


def test_values_that_json_lacks_are_kept_as_text(settings, published):
    published.features("2013-12-31", {"document_id": 1, "rate": math.inf}, {"document_id": 2, "rate": -math.inf})
    materialize.run(settings, "run-1")
    online(settings, f"DELETE FROM hotarea_{RATE}")

    with pytest.raises(ValidationError):
        audit.run(settings, "run-2", [RATE])

    (found,) = remembered(settings)
    assert [d["offline"] for d in found.differences if d["column"] == "rate"] == ["inf", "-inf"]
    assert json.dumps(found.differences, allow_nan=False)


def test_a_share_below_the_threshold_is_borne(served):
    online(served, "DELETE FROM hotarea_document_predictions WHERE hex(entity_key) LIKE '%0200000000000000'")
    patient = served.model_copy(update={"audit_threshold": 0.1})

    (found,) = audit.run(patient, "run-2", ["document_predictions"])

    assert (found.wrong, found.share, found.success) == (1, 0.1, True)
    assert {d["document"] for d in found.differences} == {2}


def test_the_runs_id_draws_the_documents_and_the_newest_are_among_them(served):
    few = served.model_copy(update={"audit_documents": 2, "audit_newest": 1})
    online(served, "DELETE FROM hotarea_size_5y_cite_count WHERE hex(entity_key) LIKE '%0B00000000000000'")

    for run_id in ("run-2", "run-3"):
        with pytest.raises(ValidationError, match="document 11"):
            audit.run(few, run_id, [RATE])
    for _ in range(2):
        with pytest.raises(ValidationError):
            audit.run(few, "run-4", [RATE])

    *_, once, again = remembered(few)
    assert (once.documents, once.differences) == (again.documents, again.differences)


def test_predictions_of_a_model_that_was_replaced_are_behind_and_not_wrong(served, published):
    published.champion(1)  # a rollback that is not materialized yet

    assert [a.view for a in audit.run(served, "run-2")] == [RATE, "document_citations"]
    with pytest.raises(NotReadyError, match="document_predictions serves model version 2, which is not in service"):
        audit.run(served, "run-2", ["document_predictions"])


def test_nothing_materialized_is_an_error(settings, published):
    published.features("2012-12-31", {"document_id": 1, "rate": 1.0})
    materialize.plan(settings)

    with pytest.raises(NotReadyError, match="nothing was written to the online store sqlite yet"):
        audit.run(settings, "run-1")
