"""Quarantine as people work with it: look, write out, correct, try again, once, without touching what was known."""

import json
import os
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from typer.testing import CliRunner

from hotarea.cli import app
from hotarea.domain import reference_lists
from hotarea.domain.errors import NotReadyError, PublishError, RawDataError
from hotarea.domain.quarantine import INSTRUCTIONS
from hotarea.domain.records import Comparison, Release, Retry
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import compare, features, ingest, jobs, quarantine, staged_releases
from hotarea.stores.lake import documents_as_of
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests import faults, oracle
from tests.differences import differences
from tests.ingestion import build
from tests.shuffles import feature_tables

TODAY = date(2020, 2, 2)
NEWEST = date(2012, 12, 31)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Three yearly releases; of the second one record has no references and one is cut, of the third one has no id."""
    source = faults.tiny_delivery(tmp_path / "raw")
    for day, changes in {
        "2011-12-31": {3: lambda line: line[: len(line) // 2], 7: changed(referenced_works=None)},
        "2012-12-31": {5: changed(id="https://openalex.org/works/W 30")},
    }.items():
        rows = faults.lines_of(source / faults.partition(day))
        for at, change in changes.items():
            rows[at] = change(rows[at])
        faults._rewritten(source, faults.partition(day), rows)
    return source


def changed(**fields: object) -> Callable[[bytes], bytes]:
    return lambda line: json.dumps(json.loads(line) | fields).encode()


@pytest.fixture
def home(settings: Settings, raw: Path) -> Settings:
    """A home in which that was ingested."""
    return ingested(settings, raw)


def ingested(settings: Settings, raw: Path) -> Settings:
    plan = ingest.plan(settings, "test", raw)
    assert plan
    build(plan, 2)
    staged_releases.publish(settings, plan, "test")
    return settings


def retried(
    settings: Settings, source: Path | None = None, as_of: date = TODAY, reason: str | None = None
) -> quarantine.RetryOutcome:
    """Retry on a day, without the suites, which take longer than all the rest."""
    with patch.object(quarantine, "_today", return_value=as_of):
        found = quarantine.plan(settings, "retry", source, reason=reason)
    if found.plan:
        build(found.plan, 2)
        staged_releases.publish(settings, found.plan, "retry")
    return found


def corrected(settings: Settings, file: Path, *edits: tuple[str, Callable[[str], str]]) -> Path:
    """Write the open records out, and edit the lines of some reasons as a person would."""
    quarantine.export(settings, file)
    return edited(file, *edits)


def edited(file: Path, *edits: tuple[str, Callable[[str], str]]) -> Path:
    lines = file.read_text().split("\n")
    for reason, edit in edits:
        for at, line in enumerate(lines):
            if line.startswith("#: {") and json.loads(line[3:])["reason"] == reason:
                lines[at + 1] = edit(lines[at + 1])
    file.write_text("\n".join(lines))
    return file


def with_references(line: str) -> str:
    return json.dumps(json.loads(line) | {"referenced_works": ["https://openalex.org/W3"]})


def with_id(line: str) -> str:
    return line.replace("works/W 30", "W30")


def found(settings: Settings, kind: type) -> list:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(kind)


def valid(settings: Settings, known: date) -> set[int]:
    ids = [r.release_id for r in found(settings, Release)]
    return set(documents_as_of(Layout(settings.home), ids, known)["document_id"].to_pylist())


def published_files(settings: Settings) -> dict[str, bytes]:
    return {str(f): f.read_bytes() for f in (settings.home / "lake").rglob("*") if f.is_file()}


# ---- looking


def test_records_are_counted_by_release_and_reason(home: Settings) -> None:
    assert quarantine.counts(home) == [
        {"release": "2011-12-31", "reason": "broken_json", "status": "open", "records": 1},
        {"release": "2011-12-31", "reason": "no_references", "status": "open", "records": 1},
        {"release": "2012-12-31", "reason": "bad_id", "status": "open", "records": 1},
    ]


def test_a_record_says_where_it_stood_what_is_wrong_and_what_it_is(home: Settings, raw: Path) -> None:
    (record,) = quarantine.records(home, reason="no_references")
    line = faults.lines_of(raw / faults.partition("2011-12-31"))[7].decode()
    assert (record.release, record.file, record.line) == ("2011-12-31", "updated_date=2011-12-31/part_0000.gz", 8)
    assert "expected a list" in record.detail
    assert record.record == line
    assert record.delivered == date(2011, 12, 31)


def test_records_can_be_asked_for(home: Settings) -> None:
    assert [r.reason for r in quarantine.records(home, release="2011-12-31")] == ["broken_json", "no_references"]
    assert [r.reason for r in quarantine.records(home, limit=1)] == ["broken_json"]
    assert [*quarantine.records(home, status="ingested")] == []


def test_a_long_record_is_kept_whole(settings: Settings, tmp_path: Path) -> None:
    source = faults.tiny_delivery(tmp_path / "raw")
    rows = faults.lines_of(source / faults.partition("2010-12-31"))
    rows[0] = changed(title="long " * 10_000, referenced_works=None)(rows[0])
    faults._rewritten(source, faults.partition("2010-12-31"), rows)
    plan = ingest.plan(settings, "test", source)
    assert plan
    build(plan, 1)
    staged_releases.publish(settings, plan, "test")
    (record,) = quarantine.records(settings)
    assert record.record == rows[0].decode()


def test_an_empty_quarantine(settings: Settings, tmp_path: Path) -> None:
    assert quarantine.counts(settings) == []
    assert [*quarantine.records(settings)] == []
    assert quarantine.export(settings, tmp_path / "none.txt") == 0
    assert quarantine.plan(settings, "retry") == quarantine.RetryOutcome(None, 0, {}, {})


def test_a_file_that_exists_is_not_overwritten(home: Settings, tmp_path: Path) -> None:
    file = corrected(home, tmp_path / "records.txt", ("no_references", with_references))
    before = file.read_bytes()
    with pytest.raises(PublishError, match=r"records.txt exists and may hold corrections.*Name another one"):
        quarantine.export(home, file)
    assert file.read_bytes() == before


def blocked(settings: Settings, raw: Path, count: int) -> str:
    """Cut records of the newest release, so many that it is not published; return what is said."""
    rows = faults.lines_of(raw / faults.partition("2012-12-31"))
    faults._rewritten(
        raw, faults.partition("2012-12-31"), [row[: 40 if n < count else None] for n, row in enumerate(rows)]
    )
    plan = ingest.plan(settings, "test", raw)
    assert plan
    with pytest.raises(RawDataError) as error:
        build(plan, 1)
    return str(error.value)


def test_what_a_refused_release_rejected_can_be_looked_at(settings: Settings, raw: Path) -> None:
    """As its newest plan left it, in nothing that is in quarantine, and until the release is published."""
    for count in (10, 11):
        assert "`hotarea quarantine show --staged`" in blocked(settings, raw, count)
    assert [*quarantine.records(settings)] == []
    seen = [*quarantine.staged(settings, release="2012-12-31")]
    assert [(r.line, r.reason, r.status) for r in seen] == [(n, "broken_json", "staged") for n in range(1, 12)]
    assert [r.line for r in quarantine.staged(settings, reason="no_references")] == [8]
    assert len([*quarantine.staged(settings, limit=3)]) == 3
    call = ["--home", str(settings.home), "quarantine", "show", "--staged"]
    shown = CliRunner().invoke(app, [*call, "--release", "2012-12-31", "--limit", "1"], catch_exceptions=False)
    assert "line 1, release 2012-12-31, staged" in " ".join(shown.output.split())
    assert CliRunner().invoke(app, [*call, "--all"]).exit_code == 2
    rows = [json.dumps(faults.work(n, date(2012, 5, 1), [1])).encode() for n in range(25, 37)]
    faults._rewritten(raw, faults.partition("2012-12-31"), rows)
    ingested(settings, raw)
    assert [*quarantine.staged(settings)] == []


# ---- trying again


def test_corrected_records_become_known_on_the_day_and_change_nothing_before(home: Settings, tmp_path: Path) -> None:
    before, known = published_files(home), valid(home, NEWEST)
    file = corrected(home, tmp_path / "records.txt", ("no_references", with_references), ("bad_id", with_id))
    outcome = retried(home, file)
    assert (outcome.ingested, outcome.still_rejected) == (2, {"broken_json": 1})
    assert published_files(home).items() >= before.items()
    assert valid(home, NEWEST) == known
    assert valid(home, TODAY) == known | {20, 30}
    release = found(home, Release)[-1]
    assert (release.release_id, release.documents, release.is_correction) == ("2020-02-02", 2, True)
    assert (release.covers, release.quarantined) == (date(2012, 12, 31), {})
    assert {(r["reason"], r["status"]) for r in quarantine.counts(home)} == {
        ("broken_json", "open"),
        ("no_references", "ingested"),
        ("bad_id", "ingested"),
    }


def test_a_second_retry_ingests_nothing_and_says_so(home: Settings, tmp_path: Path) -> None:
    file = corrected(home, tmp_path / "records.txt", ("no_references", with_references), ("bad_id", with_id))
    retried(home, file)
    again = retried(home, file, TODAY + timedelta(days=1))
    assert (again.plan, again.ingested, again.ingested_before) == (None, 0, {"2020-02-02": 2})
    assert len(found(home, Release)) == 4
    assert quarantine.export(home, tmp_path / "rest.txt") == 1


def test_the_features_are_those_of_the_records_delivered_right(home: Settings, raw: Path, tmp_path: Path) -> None:
    """A cutoff as known now, against SQL over the same lake; and as known before, against itself."""
    old, now = Cutoff(NEWEST, NEWEST), Cutoff(NEWEST, TODAY)
    ids = [r.release_id for r in found(home, Release)]
    before = feature_tables(home.home, ids, [old], 2)[old]
    retried(home, corrected(home, tmp_path / "r.txt", ("no_references", with_references), ("bad_id", with_id)))
    ids = [r.release_id for r in found(home, Release)]
    tables = feature_tables(home.home, ids, [old, now], 2)
    assert tables[old].equals(before)
    assert differences(tables[now], oracle.features(home.home / "lake", ids, now)) == {}
    cited = dict(zip(*(tables[now][c].to_pylist() for c in ("document_id", "cite_count")), strict=True))
    assert cited[3] == dict(zip(*(before[c].to_pylist() for c in ("document_id", "cite_count")), strict=True))[3] + 1
    assert cited[20] > 0


def test_a_rule_that_has_changed_accepts_what_it_rejected(home: Settings) -> None:
    """A newer parser takes records without references for such with none."""
    texts = reference_lists._texts
    with patch.object(reference_lists, "_texts", lambda value: [] if bytes(value) == b"null" else texts(value)):
        outcome = retried(home)
    assert (outcome.ingested, outcome.still_rejected) == (1, {"bad_id": 1, "broken_json": 1})
    assert 20 in valid(home, TODAY)


def test_what_still_fails_stays_with_its_new_reason(home: Settings, tmp_path: Path) -> None:
    file = corrected(home, tmp_path / "records.txt", ("broken_json", lambda _: '{"id": "W1"}'))
    outcome = retried(home, file, reason="broken_json")
    assert (outcome.plan, outcome.still_rejected) == (None, {"no_references": 1})
    first = next(quarantine.records(home, release="2011-12-31"))
    assert (first.line, first.reason, first.status) == (4, "no_references", "open")
    (tried,) = found(home, Retry)
    assert (tried.accepted_in, tried.reason, tried.line) == (None, "no_references", 4)
    assert [r.release_id for r in found(home, Release)] == ["2010-12-31", "2011-12-31", "2012-12-31"]


def test_only_a_reason_that_has_changed_is_remembered(home: Settings, tmp_path: Path) -> None:
    assert sum(retried(home).still_rejected.values()) == 3
    assert found(home, Retry) == []
    file = corrected(home, tmp_path / "records.txt", ("broken_json", lambda _: '{"id": "W1"}'))
    for _ in range(2):
        retried(home, file)
        assert [(r.line, r.reason) for r in found(home, Retry)] == [(4, "no_references")]
    retried(home)
    assert [r.reason for r in found(home, Retry)] == ["no_references", "broken_json"]
    assert next(quarantine.records(home)).reason == "broken_json"


def test_an_old_record_does_not_replace_a_newer_version(home: Settings, raw: Path, tmp_path: Path) -> None:
    newer = faults.work(20, date(2011, 3, 1), [5], title="newer", updated_date="2013-06-01T00:00:00")
    faults._write(raw / faults.partition("2013-12-31"), [json.dumps(newer).encode()])
    faults._agree(raw, faults.partitions(raw))
    plan = ingest.plan(home, "test", raw)
    assert plan
    build(plan, 2)
    staged_releases.publish(home, plan, "test")
    retried(home, corrected(home, tmp_path / "r.txt", ("no_references", with_references)), reason="no_references")
    ids = [r.release_id for r in found(home, Release)]
    titles = documents_as_of(Layout(home.home), ids, TODAY, ("document_id", "title")).to_pylist()
    assert {row["title"] for row in titles if row["document_id"] == 20} == {"newer"}


def test_what_is_plausible_depends_on_when_a_record_came(home: Settings, tmp_path: Path) -> None:
    late = corrected(
        home, tmp_path / "r.txt", ("bad_id", lambda line: with_id(line).replace('"2012-', '"2019-')),
    )  # fmt: skip
    assert retried(home, late, reason="bad_id").still_rejected == {"implausible_date": 1}


def test_a_correction_after_a_retry_keeps_what_was_retried(home: Settings, raw: Path, tmp_path: Path) -> None:
    """The delivery comes again with another change, and still with the broken records."""
    retried(home, corrected(home, tmp_path / "r.txt", ("no_references", with_references), ("bad_id", with_id)))
    rows = faults.lines_of(raw / faults.partition("2011-12-31"))
    rows[0] = changed(title="changed")(rows[0])
    faults._rewritten(raw, faults.partition("2011-12-31"), rows)
    later = TODAY + timedelta(days=1)
    with patch.object(ingest, "_today", return_value=later):
        plan = ingest.plan(home, "test", raw)
    assert plan
    build(plan, 2)
    staged_releases.publish(home, plan, "test")
    assert found(home, Release)[-1].corrects == ["2011-12-31"]
    assert valid(home, later) >= {20, 30}
    open_now = [(r.release, r.reason) for r in quarantine.records(home)]
    assert open_now == [("2020-02-03", "broken_json")]  # read again with the delivery; the other is ingested already
    statuses = {(r["release"], r["reason"]): r["status"] for r in quarantine.counts(home)}
    assert statuses["2011-12-31", "broken_json"] == "read again"
    assert statuses["2020-02-03", "no_references"] == "ingested"


def test_the_source_corrects_a_retried_record_itself(home: Settings, raw: Path, tmp_path: Path) -> None:
    retried(home, corrected(home, tmp_path / "r.txt", ("no_references", with_references)), reason="no_references")
    rows = faults.lines_of(raw / faults.partition("2011-12-31"))
    rows[7] = changed(referenced_works=["https://openalex.org/W4"], title="by the source", updated_date="2012-01-05")(
        rows[7]
    )
    faults._rewritten(raw, faults.partition("2011-12-31"), rows)
    later = TODAY + timedelta(days=1)
    with patch.object(ingest, "_today", return_value=later):
        plan = ingest.plan(home, "test", raw)
    assert plan
    build(plan, 2)
    staged_releases.publish(home, plan, "test")
    ids = [r.release_id for r in found(home, Release)]
    titles = documents_as_of(Layout(home.home), ids, later, ("document_id", "title")).to_pylist()
    assert {row["title"] for row in titles if row["document_id"] == 20} == {"by the source"}


def test_one_day_has_one_release(home: Settings, tmp_path: Path) -> None:
    retried(home, corrected(home, tmp_path / "a.txt", ("no_references", with_references)), reason="no_references")
    with pytest.raises(NotReadyError, match=r"release 2020-02-02 is in the lake.*Retry on a later day"):
        retried(home, corrected(home, tmp_path / "b.txt", ("bad_id", with_id)))
    assert retried(home, tmp_path / "b.txt", TODAY + timedelta(days=1)).ingested == 1


def test_a_plan_leaves_another_ones_records_alone(home: Settings, tmp_path: Path) -> None:
    """Two people plan a retry on one day, before either of them runs the job."""
    file = corrected(home, tmp_path / "r.txt", ("no_references", with_references), ("bad_id", with_id))
    with patch.object(quarantine, "_today", return_value=TODAY):
        first = quarantine.plan(home, "retry", file, reason="no_references").plan
        second = quarantine.plan(home, "another", file, reason="bad_id").plan
    assert first
    assert second
    build(second, 1)
    build(first, 1)
    staged_releases.publish(home, first, "retry")
    assert valid(home, TODAY) == valid(home, NEWEST) | {20}
    assert found(home, Release)[-1].retries == ["retried/release=2020-02-02/updated_date=2011-12-31/part_0000.gz"]
    with pytest.raises(PublishError, match=r"run retry published release 2020-02-02 while this one .* start it anew"):
        staged_releases.publish(home, second, "another")
    assert valid(home, TODAY) == valid(home, NEWEST) | {20}
    assert second.parent.joinpath("release=2020-02-02").is_dir()


def test_what_plans_left_that_were_not_published_is_swept(home: Settings, tmp_path: Path) -> None:
    file = corrected(home, tmp_path / "r.txt", ("no_references", with_references), ("bad_id", with_id))
    retried(home, file, reason="no_references")
    abandoned, planned = TODAY + timedelta(days=1), TODAY + timedelta(days=10)
    for day in (abandoned, planned):
        with patch.object(quarantine, "_today", return_value=day):
            quarantine.plan(home, "retry", file)
        for folder in Layout(home.home).all_retried.iterdir():
            os.utime(folder, (0, 0))
    assert {f.name for f in Layout(home.home).all_retried.iterdir()} == {f"release={TODAY}", f"release={planned}"}


def test_a_retried_release_is_judged_later_as_when_it_came(settings: Settings, tmp_path: Path) -> None:
    """Its records have the moments of change of others that the source delivered right since: it is no repetition."""
    source = faults.tiny_delivery(tmp_path / "raw", per_year=120)
    rows = faults.lines_of(source / faults.partition("2011-12-31"))
    faults._write(source / faults.partition("2012-12-31", part=1), rows[:12])
    rows[:12] = [changed(referenced_works=None)(row) for row in rows[:12]]
    faults._rewritten(source, faults.partition("2011-12-31"), rows)
    ingest.run(settings, "test", source)
    file = corrected(settings, tmp_path / "records.txt", ("no_references", with_references))
    retry = quarantine.run(settings, "retry", file)
    assert (retry.ingested, retry.still_rejected) == (12, {})
    assert found(settings, Comparison)[-1].works["again"] == 12
    assert [(v.subject, v.failures) for v in compare.verdicts(settings, "again", retry.release).outcomes] == [
        (retry.release, [])
    ]
    assert CliRunner().invoke(app, ["--home", str(settings.home), "validate"], catch_exceptions=False).exit_code == 0


# ---- what cannot be retried


def test_a_file_that_names_other_records(home: Settings, tmp_path: Path) -> None:
    file = tmp_path / "records.txt"
    quarantine.export(home, file)
    file.write_text(file.read_text().replace('"line": 8', '"line": 9'))
    with pytest.raises(
        RawDataError, match=r"not in quarantine: updated_date=2011-12-31/part_0000.gz line 9 of release"
    ):
        quarantine.plan(home, "retry", file)


@pytest.mark.parametrize(
    ("text", "said"), [('{"id": 1}\n', "line 1: .* has no heading"), ("#: {oops\n{}\n", "line 1: the heading cannot")]
)
def test_a_file_that_was_not_written_out(home: Settings, tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "records.txt").write_text(text)
    with pytest.raises(RawDataError, match=said):
        quarantine.plan(home, "retry", tmp_path / "records.txt")


def test_a_file_that_is_not_there(home: Settings, tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match="cannot be read"):
        quarantine.plan(home, "retry", tmp_path / "nowhere.txt")


def test_rows_of_an_edge_list_are_corrected_in_the_file_itself(settings: Settings, tmp_path: Path) -> None:
    raw = faults.tiny_edge_list(tmp_path / "raw")
    rows = faults.lines_of(raw / "papers.csv.gz")
    rows[-1] = rows[-1].replace(b"1998-", b"19x8-")
    faults._write(raw / "papers.csv.gz", rows)
    plan = ingest.plan(settings, "test", raw)
    assert plan
    jobs.run(ingest.job(settings, plan))
    staged_releases.publish(settings, plan, "test")
    assert [r.reason for r in quarantine.records(settings)] == ["bad_date"]
    with pytest.raises(RawDataError, match=r"papers.csv.gz line 121 is no record of a work: correct the file itself"):
        quarantine.plan(settings, "retry")


def test_rows_that_are_no_works_keep_nothing_from_being_retried(settings: Settings, raw: Path, tmp_path: Path) -> None:
    """Neither as they are nor from the file, which still holds them; only alone they are an error."""
    (raw / faults.WORKS / "deleted_ids.csv").write_text("work_id,deleted_date\nA3,2011-03-01\nB4,2011-03-01\n")
    home = ingested(settings, raw)
    file = corrected(home, tmp_path / "r.txt", ("no_references", with_references))
    as_is = retried(home)
    assert (as_is.ingested, as_is.still_rejected) == (0, {"broken_json": 1, "no_references": 1, "bad_id": 1})
    outcome = retried(home, file)
    assert (outcome.ingested, outcome.still_rejected) == (1, {"broken_json": 1, "bad_id": 1})
    assert [*outcome.to_deliver_again] == ["deleted_ids.csv"]
    assert "lines 2, 3 are each no record of a work: correct the file" in outcome.to_deliver_again["deleted_ids.csv"]
    assert {r.file for r in found(home, Retry)} == {"updated_date=2011-12-31/part_0000.gz"}
    file.write_text("".join(line for line in lines_and_headings(file) if '"deleted_ids.csv"' in line))
    with pytest.raises(RawDataError, match=r"deleted_ids.csv lines 2, 3 are each no record .* deliver it again"):
        quarantine.plan(home, "retry", file)


def test_a_list_of_ended_ids_that_was_mended_leaves_nothing_open(settings: Settings, raw: Path) -> None:
    """Each ingest reads such a list whole: what is still wrong is open under the newest release."""
    listed = raw / faults.WORKS / "deleted_ids.csv"
    listed.write_text("work_id,deleted_date\nA3,2011-03-01\nB4,2011-03-01\n")
    home = ingested(settings, raw)
    listed.write_text("work_id,deleted_date\nA3,2011-03-01\nW4,2011-03-01\n")
    works = [json.dumps(faults.work(n, date(2013, 2, 3), [1])).encode() for n in range(101, 113)]
    faults._write(raw / faults.partition("2013-12-31"), works)
    faults._agree(raw, faults.partitions(raw))
    ingested(home, raw)
    rows = [r for r in quarantine.records(home, status=None) if r.file == "deleted_ids.csv"]
    assert [(r.release, r.line, r.status) for r in rows] == [
        ("2012-12-31", 2, "read again"),
        ("2012-12-31", 3, "read again"),
        ("2013-12-31", 2, "open"),
    ]


def test_a_line_of_a_file_without_a_day_is_retried_too(settings: Settings, tmp_path: Path) -> None:
    good, bad = (faults.work(n, date(2010, 1, n), updated_date="2011-05-06") for n in (1, 2))
    lines = [json.dumps(good).encode(), json.dumps(bad | {"referenced_works": None}).encode()]
    faults._write(tmp_path / "lines" / "works.jsonl.gz", lines)
    home = ingested(settings, tmp_path / "lines")
    outcome = retried(home, corrected(home, tmp_path / "r.txt", ("no_references", with_references)))
    assert (outcome.ingested, outcome.to_deliver_again) == (1, {})
    assert valid(home, TODAY) == {1, 2}


def lines_and_headings(file: Path) -> list[str]:
    lines = file.read_text().splitlines(keepends=True)[len(INSTRUCTIONS) :]
    return ["".join(pair) for pair in zip(lines[::2], lines[1::2], strict=True)]


# ---- from end to end


def test_the_commands(home: Settings, tmp_path: Path) -> None:
    """Listed, shown, written out, corrected, and ingested by the job on a runner, with all suites."""

    def hotarea(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["--home", str(home.home), "quarantine", *arguments], catch_exceptions=False)
        assert result.exit_code == 0
        return result.output

    assert "broken_json" in hotarea("list")
    assert json.loads(hotarea("list", "--json"))[0]["reason"] == "broken_json"
    assert "part_0000.gz line 8" in hotarea("show", "--reason", "no_references")
    assert json.loads(hotarea("show", "--limit", "1", "--json"))[0]["line"] == 4
    file = tmp_path / "records.txt"
    assert json.loads(hotarea("show", "--export", str(file), "--json")) == {"exported": 3}
    edited(file, ("no_references", with_references), ("bad_id", with_id))
    outcome = json.loads(hotarea("retry", "--from", str(file), "--json"))
    assert (outcome["ingested"], outcome["still_rejected"]) == (2, {"broken_json": 1})
    assert outcome["release"] == found(home, Release)[-1].release_id
    assert "ingested" in hotarea("list")
    again = json.loads(hotarea("retry", "--from", str(file), "--json"))
    assert (again["ingested"], again["ingested_before"]) == (0, {outcome["release"]: 2})
    assert features.is_due(home)
