"""The ingest stage: each release once, oldest first, and nothing half-made whatever goes wrong."""

import gzip
import json
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from threading import Barrier
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hotarea.domain.errors import HotareaError, NotReadyError, PublishError, RawDataError, ValidationError
from hotarea.domain.records import Release, Validation
from hotarea.domain.settings import Settings
from hotarea.stages import ingest, jobs, staged_releases, status, validate
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests import faults


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return faults.tiny_delivery(tmp_path / "source")


def releases(settings: Settings) -> list[Release]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(Release)


def built(settings: Settings, source: Path, until: date | None = None, run_id: str = "run") -> Path:
    """Plan and run the job, as the DAG's tasks do one after the other."""
    plan = ingest.plan(settings, run_id, source, until)
    assert plan is not None
    jobs.run(ingest.job(settings, plan))
    return plan


def ingested(settings: Settings, source: Path, until: date | None = None) -> list[str]:
    """Ingest without validation, which takes longer than all the rest."""
    return staged_releases.publish(settings, built(settings, source, until), "run")


def grow(source: Path, year: int, numbers: Sequence[int] = (101, 102)) -> Path:
    """Deliver one more release."""
    lines = [json.dumps(faults.work(n, date(year, 2, 3), [1])).encode() for n in numbers]
    faults._write(source / faults.partition(f"{year}-12-31"), lines)
    faults._agree(source, faults.partitions(source))
    return source


def test_a_file_of_json_lines_that_grew_is_a_release_of_its_newest_change(settings: Settings, tmp_path: Path) -> None:
    folder, old = tmp_path / "lines", [faults.work(n, date(2010, 1, 1 + n), updated_date="2010-12-31") for n in (1, 2)]
    faults._write(folder / "works.jsonl.gz", [json.dumps(work).encode() for work in old])
    assert ingested(settings, folder) == ["2010-12-31"]
    assert ingest.plan(settings, "run", folder) is None
    new = faults.work(3, date(2011, 3, 1), [1], updated_date="2011-03-02T04:05:06")
    faults._write(folder / "works.jsonl.gz", [json.dumps(work).encode() for work in (*old, new)])
    assert ingested(settings, folder) == ["2011-03-02"]
    assert [row["document_id"] for row in lake(settings, "2011-03-02", "documents")] == [1, 2, 3]
    assert [r.files[0]["name"] for r in releases(settings)] == ["works.jsonl.gz"] * 2


def lake(settings: Settings, release: str, name: str) -> list[dict[str, Any]]:
    return pq.read_table(Layout(settings.home).release(release) / name).to_pylist()


def lake_files(settings: Settings) -> dict[str, bytes]:
    """Return everything that readers can see."""
    home = settings.home
    return {
        str(f.relative_to(home)): f.read_bytes()
        for top in ("lake", "quarantine")
        for f in (home / top).rglob("*")
        if f.is_file()
    }


def test_a_raw_folder_is_ingested_validated_and_remembered(settings: Settings, source: Path) -> None:
    assert ingest.run(settings, "run-1", source) == ["2010-12-31", "2011-12-31", "2012-12-31"]
    first, _, last = releases(settings)
    file = source / faults.partition("2010-12-31")
    assert (first.release_id, first.release_date, first.source) == ("2010-12-31", date(2010, 12, 31), str(source))
    (remembered,) = first.files
    assert remembered | {"sha256": ""} == {
        "name": "updated_date=2010-12-31/part_0000.gz",
        "bytes": file.stat().st_size,
        "mtime_ns": file.stat().st_mtime_ns,
        "records": 12,
        "sha256": "",
    }
    assert len(remembered["sha256"]) == 64
    assert (first.documents, first.citations, first.removals, first.quarantined) == (12, 45, 0, {})
    assert (last.citations, last.run_id) == (60, "run-1")
    assert last.seconds > 0
    assert len(lake(settings, "2012-12-31", "documents")) == 12
    assert [*(settings.home / "staging").iterdir()] == []
    with Ledger(settings.ledger) as ledger:
        judged = {(v.dataset, v.subject, v.success) for v in ledger.all(Validation)}
    each = {(d, r.release_id, True) for d in ("documents", "citations", "releases") for r in releases(settings)}
    assert judged == each | {("raw_works", "2012-12-31", True)}


def test_a_second_run_does_no_work_and_a_new_release_is_the_only_one_ingested(settings: Settings, source: Path) -> None:
    ingested(settings, source)
    before = lake_files(settings)
    assert ingest.plan(settings, "run-2", source) is None
    assert ingest.run(settings, "run-2", source) == []
    assert ingested(settings, grow(source, 2013)) == ["2013-12-31"]
    assert {name: content for name, content in lake_files(settings).items() if name in before} == before
    assert [r.release_id for r in releases(settings)] == ["2010-12-31", "2011-12-31", "2012-12-31", "2013-12-31"]


def test_releases_after_a_day_are_left_for_later(settings: Settings, source: Path) -> None:
    assert ingested(settings, source, date(2011, 12, 31)) == ["2010-12-31", "2011-12-31"]
    assert ingest.plan(settings, "run", source, date(2011, 12, 31)) is None
    assert ingested(settings, source) == ["2012-12-31"]


def test_ingesting_at_once_or_one_by_one_makes_the_same_lake(tmp_path: Path, source: Path) -> None:
    write_removals(source, ["W3,2010-06-01", "W5,2011-03-01", "W4,2012-12-31"])
    once, stepwise = (Settings.load(home=tmp_path / name) for name in ("once", "stepwise"))
    ingested(once, source)
    for year in (2010, 2011, 2012):
        ingested(stepwise, source, date(year, 12, 31))
    assert lake_files(once) == lake_files(stepwise)


def test_archived_partitions_of_ingested_releases_are_not_missed(settings: Settings, source: Path) -> None:
    ingested(settings, source)
    grow(source, 2013)
    (source / faults.partition("2010-12-31")).unlink()
    assert ingested(settings, source) == ["2013-12-31"]


def test_the_settings_name_the_raw_folder(settings: Settings, source: Path) -> None:
    follow = Settings.load(home=settings.home, raw=source)
    assert ingest.plan(follow, "run") is not None


def test_the_sample_corpus_is_the_default_and_missing_it_says_what_to_do(settings: Settings, source: Path) -> None:
    with pytest.raises(NotReadyError, match=r"HOTAREA_RAW is not set .* `hotarea sample`"):
        ingest.plan(settings, "run")
    shutil.copytree(source, Layout(settings.home).sample)
    assert ingest.plan(settings, "run") is not None


def write_removals(source: Path, deleted: Sequence[str] = (), merged: Sequence[str] = ()) -> None:
    text = "\n".join(["work_id,deleted_date", *deleted, ""])
    (source / faults.WORKS / "deleted_ids.csv").write_text(text)
    folder = source / faults.WORKS.parent / "merged_ids" / "works"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "2012-06-01.csv.gz").write_bytes(
        gzip.compress("\n".join(["merge_date,id,merge_into_id", *merged, ""]).encode())
    )


def removed(settings: Settings, release: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in lake(settings, release, "removals.parquet")]


def test_each_removal_is_told_once_by_the_first_release_that_knows_it(settings: Settings, source: Path) -> None:
    write_removals(source, ["https://openalex.org/W3,2011-03-01", "W4,2013-06-01"], ["2012-06-01,W5,W2"])
    ingested(settings, source)
    assert removed(settings, "2010-12-31") == []
    assert removed(settings, "2011-12-31") == [(3, date(2011, 3, 1), None)]
    assert removed(settings, "2012-12-31") == [(5, date(2012, 6, 1), 2)]
    assert [r.removals for r in releases(settings)] == [0, 1, 1]
    write_removals(source, ["W3,2011-03-01", "W4,2013-06-01", "W6,2011-05-05"], ["2012-06-01,W5,W2"])
    ingested(settings, grow(source, 2013))
    assert removed(settings, "2013-12-31") == [(6, date(2011, 5, 5), None), (4, date(2013, 6, 1), None)]


def test_a_bad_removal_is_quarantined_and_stops_nothing(settings: Settings, source: Path) -> None:
    write_removals(source, ["A3,2011-03-01", "W4,2011-03-01"])
    ingested(settings, source)
    assert [r.quarantined for r in releases(settings)] == [{}, {}, {"bad_id": 1}]
    (found,) = pq.read_table(Layout(settings.home).quarantine("2012-12-31")).to_pylist()
    assert (found["file"], found["line"], found["record"]) == ("deleted_ids.csv", 2, "A3,2011-03-01")
    assert removed(settings, "2011-12-31") == [(4, date(2011, 3, 1), None)]


def test_an_unreadable_file_of_removals_stops_before_anything_is_made(settings: Settings, source: Path) -> None:
    (source / faults.WORKS / "deleted_ids.csv").write_text("id,day\n")
    with pytest.raises(RawDataError, match=r"deleted_ids\.csv has the header 'id,day'; expected the columns work_id"):
        ingest.plan(settings, "run", source)
    assert not (settings.home / "staging").exists()


def test_bad_records_are_published_in_quarantine_with_their_count(
    settings: Settings, source: Path, tmp_path: Path
) -> None:
    fault = faults.null_references(source, tmp_path / "copy")
    ingested(settings, fault.folder)
    assert [(r.documents, r.quarantined) for r in releases(settings)] == [
        (12, {}),
        (12, {}),
        (11, {"no_references": 1}),
    ]
    (found,) = pq.read_table(Layout(settings.home).quarantine("2012-12-31")).to_pylist()
    assert (found["line"], found["reason"]) == (fault.line, "no_references")


def test_what_was_dropped_of_a_release_is_remembered_and_shown(settings: Settings, source: Path) -> None:
    twice = json.dumps(faults.work(101, date(2013, 2, 3), [1, 1, 101])).encode()
    faults._write(source / faults.partition("2013-12-31"), [twice, twice])
    faults._agree(source, faults.partitions(source))
    ingested(settings, source)
    dropped = [(r.superseded, r.self_citations, r.repeated_references) for r in releases(settings)]
    assert dropped == [(0, 0, 0)] * 3 + [(1, 2, 2)]
    shown = status.collect(settings)["releases"][-1]
    assert (shown["superseded"], shown["self_citations"], shown["repeated_references"]) == (1, 2, 2)


def test_edges_of_unknown_papers_are_remembered_and_shown(settings: Settings, tmp_path: Path) -> None:
    source = faults.tiny_edge_list(tmp_path / "edges")
    edges = faults.lines_of(source / "edges.csv.gz")
    faults._write(source / "edges.csv.gz", [*edges, b"999,1001"])
    ingested(settings, source)
    assert [r.unknown_citing for r in releases(settings)] == [0, 0, 0, 1]
    assert status.collect(settings)["releases"][-1]["unknown_citing"] == 1


@pytest.mark.parametrize("name", [*faults.STOPS, "empty release"])
def test_a_broken_delivery_stops_with_the_files_name_and_the_old_data_stays(
    settings: Settings, source: Path, tmp_path: Path, name: str
) -> None:
    ingested(settings, source, date(2010, 12, 31))
    before = lake_files(settings)
    fault = {**faults.STOPS, "empty release": faults.empty_release}[name](source, tmp_path / "copy")
    with pytest.raises(RawDataError) as error:
        ingest.run(settings, "run", fault.folder)
    expected = "release 2012-12-31 is empty" if name == "empty release" else Path(fault.file).name
    assert expected in str(error.value)
    assert lake_files(settings) == before
    assert [r.release_id for r in releases(settings)] == ["2010-12-31"]


def test_a_third_missing_that_the_manifest_agrees_with_is_told_and_published(
    settings: Settings, source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ingest.run(settings, "run-1", source, date(2011, 12, 31))
    assert "warning" not in caplog.text
    fault = faults.third_missing_agreed(source, tmp_path / "copy")
    assert ingest.run(settings, "run-2", fault.folder) == ["2012-12-31"]
    assert "hotarea: documents 2012-12-31 passed with warnings" in caplog.text
    assert "at least 10 documents, 80% of the median of the last 3" in caplog.text
    with Ledger(settings.ledger) as ledger:
        judged = {v.subject: v.failures for v in ledger.all(Validation, dataset="documents")}
    assert {release: len(failures) for release, failures in judged.items()} == {
        "2010-12-31": 0,
        "2011-12-31": 0,
        "2012-12-31": 1,
    }
    assert (judged["2012-12-31"][0]["severity"], judged["2012-12-31"][0]["observed"]) == ("warning", "8")


def test_another_corpus_is_refused(settings: Settings, source: Path) -> None:
    ingested(settings, source)
    before = lake_files(settings)
    with pytest.raises(RawDataError, match=r"none of the 3 releases that were ingested from .*another HOTAREA_HOME"):
        ingest.run(settings, "run", faults.tiny_edge_list(source.with_name("edges")))
    assert lake_files(settings) == before


def test_an_unreadable_folder_leaves_nothing_behind(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match="absent cannot be read"):
        ingest.run(settings, "run", tmp_path / "absent")
    assert not (settings.home / "staging").exists()
    assert not (settings.home / "lake").exists()


def test_what_breaks_a_critical_expectation_is_not_published(settings: Settings, source: Path) -> None:
    plan = built(settings, source)
    part = next((plan.parent / "release=2011-12-31" / "documents").iterdir())
    rows = pq.read_table(part)
    pq.write_table(pa.concat_tables([rows, rows.slice(0, 3)]), part)
    with pytest.raises(ValidationError, match=r"documents .*2011-12-31"):
        staged_releases.validate(settings, plan, "run")
    assert releases(settings) == []
    assert lake_files(settings) == {}


def test_publishing_twice_is_safe(settings: Settings, source: Path) -> None:
    plan = built(settings, source)
    ids = staged_releases.publish(settings, plan, "run")
    before, remembered = lake_files(settings), releases(settings)
    assert sorted(f.name for f in plan.parent.iterdir()) == ["plan.json", "result.json"]
    staged_releases.validate(settings, plan, "run")
    assert staged_releases.publish(settings, plan, "again") == ids
    assert (lake_files(settings), releases(settings)) == (before, remembered)


def test_all_steps_can_be_run_again_after_the_last(settings: Settings, source: Path) -> None:
    plan = built(settings, source)
    ids = staged_releases.publish(settings, plan, "run")
    before, remembered = lake_files(settings), releases(settings)
    jobs.run(ingest.job(settings, plan))
    staged_releases.validate(settings, plan, "run")
    assert staged_releases.publish(settings, plan, "again") == ids
    assert (lake_files(settings), releases(settings)) == (before, remembered)
    assert sorted(f.name for f in plan.parent.iterdir()) == ["plan.json", "result.json"]


def test_of_plans_that_are_published_at_once_one_wins_and_the_lake_is_its_own(settings: Settings, source: Path) -> None:
    plans, start = {f"run {n}": built(settings, source, run_id=f"run {n}") for n in range(4)}, Barrier(4)

    def published(run_id: str) -> str | None:
        start.wait()
        try:
            staged_releases.publish(settings, plans[run_id], run_id)
        except PublishError as error:
            assert "published release 2010-12-31 while this one was being made" in str(error)  # noqa: PT017
            return None
        return run_id

    with ThreadPoolExecutor(4) as threads:
        (winner,) = filter(None, threads.map(published, plans))
    assert [r.run_id for r in releases(settings)] == [winner] * 3
    assert [len(lake(settings, r.release_id, "documents")) for r in releases(settings)] == [12, 12, 12]
    losers = [plan for run_id, plan in plans.items() if run_id != winner]
    assert [plan.with_name("release=2010-12-31").is_dir() for plan in losers] == [True] * 3


def test_a_plan_is_not_published_on_a_lake_that_gained_something_else(settings: Settings, source: Path) -> None:
    """What was planned without the other release may be older than it, or change what it changed."""
    plan = built(settings, source, date(2011, 12, 31))
    other = built(settings, source, date(2010, 12, 31), run_id="other")
    staged_releases.publish(settings, other, "other")
    before = lake_files(settings)
    with pytest.raises(PublishError, match=r"expected 0 releases in the lake, as when it was planned"):
        staged_releases.publish(settings, plan, "run")
    assert lake_files(settings) == before


def test_planning_sweeps_what_was_left_aside(settings: Settings, source: Path) -> None:
    left = Layout(settings.home).aside("ingest")
    os.utime(left, (0, 0))
    assert ingest.plan(settings, "run", source)
    assert not left.exists()


@pytest.mark.parametrize("stop", [0, 1])
def test_an_interrupted_publication_is_completed(
    settings: Settings, source: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    """The process ends after the first release's folder was moved, or after its record was written."""
    plan = built(settings, source)
    with monkeypatch.context() as patch:
        added: list[Release] = []

        def ended(ledger: Ledger, record: Release) -> None:
            if len(added) == stop:
                raise PublishError("the process ends here")
            added.append(record)
            Ledger.add(ledger, record)

        class Ending(Ledger):
            add = ended  # type: ignore[assignment]

        patch.setattr(staged_releases, "Ledger", Ending)
        with pytest.raises(PublishError, match="ends here"):
            staged_releases.publish(settings, plan, "run")
    assert len(releases(settings)) == stop
    assert staged_releases.publish(settings, plan, "run") == ["2010-12-31", "2011-12-31", "2012-12-31"]
    assert [len(lake(settings, r.release_id, "documents")) for r in releases(settings)] == [12, 12, 12]


def test_what_an_abandoned_publication_left_gives_way(settings: Settings, source: Path) -> None:
    layout = Layout(settings.home)
    (layout.release("2010-12-31") / "documents").mkdir(parents=True)
    (layout.release("2010-12-31") / "documents" / "part-0099.parquet").write_bytes(b"left behind")
    layout.quarantine("2010-12-31").mkdir(parents=True)
    ingested(settings, source)
    assert [f.name for f in (layout.release("2010-12-31") / "documents").iterdir()] == ["part-0000.parquet"]


def test_steps_out_of_order_say_what_is_missing(settings: Settings, source: Path) -> None:
    plan = ingest.plan(settings, "run", source)
    assert plan is not None
    with pytest.raises(NotReadyError, match="Run the plan's Beam job first"):
        staged_releases.publish(settings, plan, "run")
    with pytest.raises(NotReadyError, match="Plan the ingest again"):
        staged_releases.publish(settings, plan.with_name("absent.json"), "run")


def test_the_job_is_data_that_another_process_can_run(settings: Settings, source: Path) -> None:
    plan = ingest.plan(settings, "run", source)
    assert plan is not None
    job = ingest.job(settings, plan)
    assert (job.module, job.arguments) == (
        "beam_jobs.ingest_works",
        (f"--plan={plan}", "--runner=FnApiRunner"),
    )


def test_an_edge_list_is_one_release_a_year(settings: Settings, tmp_path: Path) -> None:
    source = faults.tiny_edge_list(tmp_path / "edges")
    assert ingested(settings, source, date(1996, 12, 31)) == ["1995-12-31", "1996-12-31"]
    assert ingested(settings, source) == ["1997-12-31", "1998-12-18"]
    assert sum(r.documents for r in releases(settings)) == 120
    assert [[f["name"] for f in r.files] for r in releases(settings)] == [["papers.csv.gz", "edges.csv.gz"]] * 4
    assert ingest.plan(settings, "run", source) is None


@pytest.mark.parametrize("fault", [faults.disjoint_dates, faults.foreign_dates])
def test_an_edge_list_with_the_dates_of_another_corpus_is_refused(
    settings: Settings, tmp_path: Path, fault: Any
) -> None:
    broken = fault(faults.tiny_edge_list(tmp_path / "edges"), tmp_path / "copy")
    with pytest.raises(RawDataError, match="another corpus"):
        ingest.run(settings, "run", broken.folder)
    assert lake_files(settings) == {}


@pytest.mark.real_data
def test_hepth_is_ingested(settings: Settings, shared_data: Path) -> None:
    ids = ingested(settings, shared_data / "hepth")
    assert (len(ids), ids[-1]) == (21, "2003-05-01")
    assert sum(r.documents for r in releases(settings)) == 29_555
    assert sum(r.citations for r in releases(settings)) == 352_807 - 39


@pytest.mark.real_data
def test_a_snapshot_that_lacks_partitions_is_refused_with_ten_names_and_the_count(
    settings: Settings, shared_data: Path
) -> None:
    with pytest.raises(HotareaError, match=r"; and \d+ more \(\d+ in all\)\. Nothing was ingested") as error:
        ingest.run(settings, "run", shared_data / "openalex_snapshot_2023")
    assert str(error.value).count("is missing") == 10
    assert not (settings.home / "lake").exists()


def test_one_bad_line_of_a_small_delivery_goes_to_quarantine_and_stops_nothing(
    settings: Settings, source: Path
) -> None:
    """A fifth of its records: more than the suite of raw records would take of a large one."""
    newest = source / faults.partition("2012-12-31")
    rows = faults.lines_of(newest)[:5]
    rows[2] = json.dumps(json.loads(rows[2]) | {"publication_date": None, "publication_year": None}).encode()
    faults._rewritten(source, faults.partition("2012-12-31"), rows)
    for older in ("2010-12-31", "2011-12-31"):
        shutil.rmtree((source / faults.partition(older)).parent)
    faults._agree(source, faults.partitions(source))
    tolerant = settings.model_copy(update={"rejected_share": 0.5})
    assert ingest.run(tolerant, "run", source) == ["2012-12-31"]
    assert [r.quarantined for r in releases(settings)] == [{"no_date": 1}]
    assert all(v.success for v in validate.run(tolerant, "again", "raw_works"))


def test_raw_records_can_be_judged_again_when_their_folder_was_moved_away(settings, tmp_path):
    raw = faults.tiny_delivery(tmp_path / "raw")
    ingested(settings, raw)
    shutil.rmtree(raw)

    found = validate.run(settings, "again", "raw_works")

    assert [(v.subject, v.success) for v in found] == [(f"{year}-12-31", True) for year in (2010, 2011, 2012)]


def test_a_layout_that_changes_after_a_thousand_records_is_seen(settings, source):
    """All records are judged, not the heads of files."""
    newest = faults.partition("2012-12-31")
    rows = faults.lines_of(source / newest)
    numbered = [
        json.dumps(json.loads(rows[0]) | {"id": f"https://openalex.org/W{n}"}).encode()
        for n in range(10**6, 10**6 + 1_000)
    ]
    other = [json.dumps(json.loads(row) | {"is_retracted": None, "type": None}).encode() for row in rows]
    faults._rewritten(source, newest, [*numbered, *other])
    faults._agree(source, faults.partitions(source))
    made = ingest.plan(settings, "run", source)
    jobs.run(ingest.job(settings, made))
    kinds = pq.read_table(made.parent / "release=2012-12-31" / "raw_works").to_pylist()
    assert sum(row["records"] for row in kinds) == 1_000 + len(rows)
    assert sum(row["records"] for row in kinds if row["type"] == "null") == len(rows)
