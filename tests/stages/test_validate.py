"""The validation stage: the ledger remembers, Data Docs show, alerts tell, and a critical failure stops the run."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hotarea.domain import tables
from hotarea.domain.errors import NotReadyError, SettingsError, ValidationError
from hotarea.domain.records import FeatureSet, Release, Validation
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import judge, report_links, validate
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.servers import Webhook, webhook


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def told(hook: Webhook) -> list[dict[str, Any]]:
    return hook.bodies


@pytest.fixture
def watched(settings: Settings, hook: Webhook) -> Settings:
    return Settings.load(home=settings.home, project=settings.project, alert_urls=hook.url)


def documents(count: int = 30, release: str = "2012-12-31") -> list[dict[str, Any]]:
    day = date.fromisoformat(release)
    return [
        {
            "document_id": number,
            "published": date(day.year, 1, 1),
            "updated": datetime(day.year, day.month, day.day, tzinfo=UTC),
            "title": f"On {number}",
            "type": "article",
            "language": "en",
            "topic_id": "T1",
            "topic": "Topics",
            "is_retracted": False,
            "reference_count": 1,
        }
        for number in range(1, count + 1)
    ]


def citations(count: int = 29, release: str = "2012-12-31") -> list[dict[str, Any]]:
    day = date(date.fromisoformat(release).year, 1, 1)
    return [{"citing_id": n + 1, "cited_id": n, "published": day} for n in range(1, count + 1)]


def put(folder: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> list[Path]:
    """Write rows as two parts, as a job with two shards would."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"part-{i}.parquet" for i in range(2)]
    for i, file in enumerate(files):
        pq.write_table(pa.Table.from_pylist(rows[i::2], schema=schema), file)
    return files


def release(folder: Path, texts: list[dict[str, Any]], pairs: list[dict[str, Any]]) -> tuple[list[Path], list[Path]]:
    return put(folder / "documents", texts, tables.DOCUMENTS), put(folder / "citations", pairs, tables.CITATIONS)


def publish(settings: Settings, name: str, texts: list[dict[str, Any]], pairs: list[dict[str, Any]]) -> None:
    """Publish a release as the ingest does: files in the lake, and the ledger's record."""
    folder = Layout(settings.home).release(name)
    release(folder, texts, pairs)
    pq.write_table(tables.REMOVALS.empty_table(), folder / "removals.parquet")
    with Ledger(settings.ledger) as ledger:
        counts = {"documents": len(texts), "citations": len(pairs), "removals": 0, "quarantined": {}}
        day = date.fromisoformat(name)
        ledger.add(Release(release_id=name, release_date=day, source="", files=[], seconds=0.0, run_id="r0", **counts))


def check(settings: Settings, dataset: str, files: list[Path], subject: str, run_id: str) -> None:
    """Validate one subject."""
    judge.check_many(settings, dataset, {subject: files}, run_id)


def remembered(settings: Settings) -> list[Validation]:
    with Ledger(settings.ledger) as ledger:
        return sorted(ledger.all(Validation), key=lambda v: v.validated_at)


def test_valid_data_pass_are_remembered_and_nobody_is_told(watched, told, tmp_path):
    texts, pairs = release(tmp_path / "staged", documents(), citations())
    check(watched, "documents", texts, "2012-12-31", "r1")
    check(watched, "citations", pairs, "2012-12-31", "r1")
    records = remembered(watched)
    assert [(v.dataset, v.subject, v.success, v.failures, v.run_id) for v in records] == [
        ("documents", "2012-12-31", True, [], "r1"),
        ("citations", "2012-12-31", True, [], "r1"),
    ]
    assert all(Path(v.report).is_file() for v in records)
    assert all(Path(v.report).is_relative_to(Layout(watched.home).reports) for v in records)
    assert told == []


def test_a_critical_failure_stops_the_run_and_tells_everything(watched, told, tmp_path):
    rows = [*documents(), documents()[4]]
    files = put(tmp_path / "documents", rows, tables.DOCUMENTS)
    with pytest.raises(ValidationError) as raised:
        check(watched, "documents", files, "2012-12-31", "r1")
    (record,) = remembered(watched)
    assert not record.success
    assert Path(record.report).is_file()
    sentence = "document_id: An id has one row in a release; observed 2 of 31 rows (6.45 %) differ"
    assert sentence in str(raised.value)
    assert record.report in str(raised.value)
    (alert,) = told
    assert alert["title"] == "hotarea: documents 2012-12-31 failed validation"
    assert alert["type"] == "failure"
    assert alert["message"].splitlines() == [
        "documents 2012-12-31 was rejected; the data in service stays as it was.",
        "",
        "Where: dataset documents, release 2012-12-31",
        "",
        "Check: expect_column_values_to_be_unique (critical)",
        "Slice: document_id of 2012-12-31",
        "Expected: An id has one row in a release.",
        "Observed: 2 of 31 rows (6.45 %) differ",
        "Examples: document_id 5",
        "",
        f"Report: {report_links.address(watched, record.report)}",
        f"File: {record.report}",
        "Run: r1",
        "Look closer: hotarea alerts show validation/documents",
    ]


def test_a_warning_tells_and_passes(watched, told, tmp_path):
    rows = documents()
    for row in rows[:6]:
        row.update(is_retracted=True)
    check(watched, "documents", put(tmp_path / "d", rows, tables.DOCUMENTS), "2012-12-31", "r1")
    (record,) = remembered(watched)
    assert record.success
    assert [f["severity"] for f in record.failures] == ["warning"]
    assert [(alert["title"], alert["type"]) for alert in told] == [
        ("hotarea: documents 2012-12-31 passed with warnings", "warning")
    ]
    assert "documents 2012-12-31 passed with warnings" in told[0]["message"]


def test_what_only_informs_is_remembered_and_not_told(watched, told, tmp_path):
    rows = [row | {"topic_id": None, "topic": None} for row in documents()]
    check(watched, "documents", put(tmp_path / "d", rows, tables.DOCUMENTS), "2012-12-31", "r1")
    assert [f["severity"] for f in remembered(watched)[0].failures] == ["info"]
    assert told == []


def test_an_unreadable_file_is_remembered_and_told_like_any_failure(watched, told, tmp_path):
    (files, _) = release(tmp_path / "staged", documents(), citations())
    files[1].write_bytes(files[1].read_bytes()[:100])
    with pytest.raises(ValidationError, match=r"broke a critical expectation"):
        check(watched, "documents", files, "2012-12-31", "r1")
    assert not remembered(watched)[0].success
    assert "part-1.parquet cannot be read" in told[0]["message"]


def test_a_dead_channel_does_not_change_the_verdict(settings, tmp_path, caplog):
    deaf = Settings.load(home=settings.home, project=settings.project, alert_urls="json://127.0.0.1:1/ nonsense")
    rows = [row | {"is_retracted": True} for row in documents()]
    check(deaf, "documents", put(tmp_path / "d", rows, tables.DOCUMENTS), "2012-12-31", "r1")
    assert remembered(deaf)[0].success
    assert "alert channel 1 of HOTAREA_ALERT_URLS (json) did not take the message" in caplog.text
    assert "alert channel 2 of HOTAREA_ALERT_URLS (no URL) did not take the message" in caplog.text


def test_without_channels_the_log_has_the_alert(settings, tmp_path, caplog):
    with pytest.raises(ValidationError):
        check(settings, "documents", [], "2012-12-31", "r1")
    assert "hotarea: documents 2012-12-31 failed validation" in caplog.text
    assert "A release has at least one document." in caplog.text


def test_citations_are_compared_with_the_documents_beside_them(settings, tmp_path):
    _, pairs = release(tmp_path / "staged", documents(20), citations())
    with pytest.raises(ValidationError, match="Every citing document is among the documents of its release"):
        check(settings, "citations", pairs, "2012-12-31", "r1")


def test_many_subjects_are_all_judged_before_the_run_stops(watched, told, tmp_path):
    good = put(tmp_path / "good", documents(), tables.DOCUMENTS)
    bad = put(tmp_path / "bad", [row | {"document_id": 7} for row in documents()], tables.DOCUMENTS)
    files = {"2012-12-31": bad, "2011-12-31": good, "2010-12-31": bad, "2013-12-31": good}
    with pytest.raises(
        ValidationError, match=r"documents 2010-12-31, documents 2012-12-31 broke a critical expectation: "
    ):
        judge.check_many(watched, "documents", files, "r1")
    assert {v.subject: v.success for v in remembered(watched)} == {
        "2010-12-31": False,
        "2011-12-31": True,
        "2012-12-31": False,
        "2013-12-31": True,
    }
    assert [alert["title"] for alert in told] == ["hotarea: documents 2010-12-31 and 1 more failed validation"]
    assert "Slice: document_id of 2012-12-31" in told[0]["message"]


def test_an_alert_spells_out_five_checks_and_counts_the_rest(watched, told, tmp_path):
    broken = {"document_id": -1, "published": date(1, 1, 1), "reference_count": -1, "is_retracted": True, "title": None}
    rows = [documents(1)[0] | {"title": "One"}, *(row | broken for row in documents())]
    with pytest.raises(ValidationError):
        check(watched, "documents", put(tmp_path / "d", rows, tables.DOCUMENTS), "2012-12-31", "r1")
    failures = remembered(watched)[0].failures
    assert len(failures) == 6
    assert "\nand 1 more\n" in told[0]["message"]
    assert told[0]["message"].count("expect_") == 5


def broken(settings: Settings, folder: Path, subject: str, run_id: str = "r1") -> None:
    rows = documents(release=subject)
    rows.append(rows[4])
    with pytest.raises(ValidationError) as raised:
        check(settings, "documents", put(folder, rows, tables.DOCUMENTS), subject, run_id)
    assert raised.value.problem == "validation/documents"


def passing(settings: Settings, folder: Path, subject: str) -> None:
    check(settings, "documents", put(folder, documents(release=subject), tables.DOCUMENTS), subject, "r2")


@pytest.mark.parametrize(("subject", "recovered"), [("2012-12-31", True), ("2013-06-30", True), ("2011-12-31", False)])
def test_a_rejected_release_is_over_when_it_passes_or_a_later_one_does(subject, recovered, watched, told, tmp_path):
    broken(watched, tmp_path / "broken", "2012-12-31")
    broken(watched, tmp_path / "again", "2012-12-31")
    passing(watched, tmp_path / "good", subject)
    passing(watched, tmp_path / "better", subject)
    titles = ["hotarea: recovered: documents 2012-12-31 failed validation"] if recovered else []
    assert [alert["title"] for alert in told][1:] == titles


def test_a_second_release_that_is_rejected_is_told(watched, told, tmp_path):
    broken(watched, tmp_path / "one", "2012-12-31")
    broken(watched, tmp_path / "two", "2013-12-31")
    passing(watched, tmp_path / "three", "2012-12-31")
    assert [alert["title"] for alert in told] == [
        "hotarea: documents 2012-12-31 failed validation",
        "hotarea: documents 2013-12-31 failed validation (still open)",
    ]


def test_the_same_warning_of_the_next_release_is_not_told_again_and_its_end_is(watched, told, tmp_path):
    for subject in ("2012-12-31", "2013-12-31"):
        retracted = [row | {"is_retracted": True} for row in documents(release=subject)]
        check(watched, "documents", put(tmp_path / subject, retracted, tables.DOCUMENTS), subject, "r1")
    passing(watched, tmp_path / "good", "2014-12-31")
    assert [alert["title"] for alert in told] == [
        "hotarea: documents 2012-12-31 passed with warnings",
        "hotarea: recovered: documents 2013-12-31 passed with warnings",
    ]


def test_published_data_is_a_problem_of_its_own_until_just_that_passes(watched, told):
    for name in ("2012-12-31", "2013-12-31"):
        publish(watched, name, documents(release=name), citations(release=name))
    part = Layout(watched.home).release("2012-12-31") / "documents" / "part-0.parquet"
    kept = part.read_bytes()
    part.unlink()
    with pytest.raises(ValidationError):
        validate.run(watched, "r9", "documents")
    validate.run(watched, "r9", "documents", "2013-12-31")
    part.write_bytes(kept)
    assert len(told) == 1
    assert "Look closer: hotarea validate --dataset documents --subject 2012-12-31" in told[0]["message"]
    validate.run(watched, "r9", "documents", "2012-12-31")
    assert [alert["title"] for alert in told][1:] == ["hotarea: recovered: documents 2012-12-31 failed validation"]


def test_published_data_that_was_taken_out_of_service_is_no_problem_any_more(watched, told):
    for name in ("2012-12-31", "2013-12-31"):
        publish(watched, name, documents(), citations())
    part = Layout(watched.home).release("2013-12-31") / "documents" / "part-0.parquet"
    part.unlink()
    with pytest.raises(ValidationError):
        validate.run(watched, "r9", "documents")
    connection = sqlite3.connect(watched.home / "state" / "ledger.db")
    with connection:
        connection.execute("DELETE FROM release WHERE release_id = '2013-12-31'")
    connection.close()
    validate.run(watched, "r9", "documents")
    assert [alert["title"] for alert in told][1:] == ["hotarea: recovered: documents 2013-12-31 failed validation"]


def test_the_index_lists_all_that_the_ledger_remembers(settings, tmp_path):
    files = put(tmp_path / "d", documents(), tables.DOCUMENTS)
    check(settings, "documents", files, "2012-12-31", "r1")
    check(settings, "documents", files, "2013-12-31", "r2")
    index = (Layout(settings.home).reports / "index.html").read_text()
    for record in remembered(settings):
        assert Path(record.report).name in index


def test_what_is_published_is_validated_again(settings):
    publish(settings, "2012-12-31", documents(), citations())
    publish(settings, "2013-12-31", documents(30, "2013-12-31"), citations(29, "2013-12-31"))
    outcomes = validate.run(settings, "r9")
    assert [(v.dataset, v.subject) for v in outcomes] == [
        ("releases", "2012-12-31"),
        ("releases", "2013-12-31"),
        ("documents", "2012-12-31"),
        ("documents", "2013-12-31"),
        ("citations", "2012-12-31"),
        ("citations", "2013-12-31"),
    ]
    assert all(v.success and v.run_id == "r9" for v in outcomes)
    assert len(remembered(settings)) == 6


@pytest.mark.parametrize(
    ("dataset", "subject", "expected"),
    [
        ("documents", None, {("documents", "2012-12-31"), ("documents", "2013-12-31")}),
        ("citations", "2013-12-31", {("citations", "2013-12-31")}),
        (None, "2012-12-31", {(dataset, "2012-12-31") for dataset in ("releases", "documents", "citations")}),
    ],
)
def test_one_dataset_or_one_subject_can_be_asked_for(dataset, subject, expected, settings):
    publish(settings, "2012-12-31", documents(), citations())
    publish(settings, "2013-12-31", documents(30, "2013-12-31"), citations(29, "2013-12-31"))
    assert {(v.dataset, v.subject) for v in validate.run(settings, "r9", dataset, subject)} == expected


def test_damage_to_published_data_is_found_in_every_dataset(watched, told):
    publish(watched, "2012-12-31", documents(), citations())
    (Layout(watched.home).release("2012-12-31") / "documents" / "part-0.parquet").unlink()
    with pytest.raises(ValidationError, match="documents 2012-12-31, citations 2012-12-31 broke a critical"):
        validate.run(watched, "r9")
    first, second = remembered(watched)
    assert [(f["check"], f["expected"], f["observed"]) for f in first.failures] == [
        ("expect_table_row_count_to_equal", "There are 30 rows, as the ledger remembers.", "15")
    ]
    assert [f["column"] for f in second.failures] == ["citing_unknown"]
    assert "is in service and no longer passes; build it again" in told[0]["message"]


def uncited(number: int) -> dict[str, Any]:
    """Return the features of a document without citations at the cutoff 2012-12-31."""
    undefined = {"rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y"}
    values = {name: None if name in undefined else 0 for name in tables.RANKED}
    ranks = {f"{name}_pct": None if name in undefined else 0.5 for name in tables.RANKED}
    stamps = dict.fromkeys(("event_timestamp", "created_timestamp"), datetime(2012, 12, 31, tzinfo=UTC))
    return {"document_id": number, **stamps, **values, **ranks}


def test_published_feature_sets_are_validated_by_their_cutoff(watched, told):
    cutoff = Cutoff.parse("2012-12-31@2012-12-31")
    put(Layout(watched.home).feature_set(cutoff), [uncited(n) for n in range(1, 5)], tables.FEATURES)
    with Ledger(watched.ledger) as ledger:
        ledger.add(FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=5, seconds=0.0, run_id="r0"))
    with pytest.raises(ValidationError, match=r"document_features 2012-12-31@2012-12-31 broke"):
        validate.run(watched, "r9", "document_features")
    assert [f["observed"] for f in remembered(watched)[0].failures] == ["4"]
    assert "Where: dataset document_features, cutoff 2012-12-31@2012-12-31" in told[0]["message"]


def test_nothing_published_is_not_ready(settings):
    with pytest.raises(NotReadyError, match=r"^nothing is published of any dataset; ingest a release first$"):
        validate.run(settings, "r1")
    publish(settings, "2012-12-31", documents(), citations())
    with pytest.raises(NotReadyError, match=r"^nothing is published of documents 1999-12-31; ingest a release first$"):
        validate.run(settings, "r1", "documents", "1999-12-31")


def test_an_unknown_dataset_is_refused(settings):
    with pytest.raises(
        SettingsError,
        match="expected one of releases, raw_works, documents, citations, document_features, training_set, predictions",
    ):
        validate.run(settings, "r1", "works")
