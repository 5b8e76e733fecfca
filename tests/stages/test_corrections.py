"""Deliveries that change, come late or grow: known as corrections, from their own date on, and never before."""

import os
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from unittest.mock import patch

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as checked
from hypothesis import strategies as st

from hotarea.domain.errors import NotReadyError, PublishError, RawDataError
from hotarea.domain.records import Release
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import features, ingest, jobs, staged_releases, validate
from hotarea.stores.lake import documents_as_of
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests import faults, oracle
from tests.corpora import end
from tests.deliveries import Folder, Told
from tests.differences import differences
from tests.ingestion import build
from tests.lakes import Removal, Work, write_lake
from tests.shuffles import feature_tables

DAY = date(2020, 2, 2)
DAYS = [date(2010, 12, 31), date(2011, 6, 30), date(2011, 12, 31), date(2012, 12, 31), date(2013, 6, 30)]
UPDATED = [date(2009, 1, 1), *DAYS[:4]]
IDS = range(1, 8)


def _work(number: int) -> st.SearchStrategy[Work]:
    references = st.lists(st.sampled_from([i for i in range(1, 10) if i != number]), unique=True, max_size=4)
    published = st.sampled_from([date(2009, 5, 1), date(2010, 7, 1), date(2011, 3, 1), date(2012, 12, 31)])
    return st.builds(Work, st.just(number), published, references, st.none() | st.sampled_from(UPDATED), st.booleans())


_PARTS = st.lists(
    st.sets(st.sampled_from(IDS), min_size=1).flatmap(lambda i: st.tuples(*map(_work, i))), min_size=1, max_size=2
)


@st.composite
def folders(draw: st.DrawFn) -> list[Folder]:
    """Draw how a raw folder changes: deliveries appear in any order, hold other works, or are delivered no more."""
    parts: dict[date, Sequence[Sequence[Work]]] = {}
    removals: list[Removal] = []
    found = []
    for _ in range(draw(st.integers(2, 4))):
        for day in draw(st.sets(st.sampled_from(DAYS), min_size=1, max_size=3)):
            parts[day] = draw(_PARTS)
        gone = draw(st.sets(st.sampled_from(sorted(parts))))
        always = min(found[0].works if found else parts)  # at least one delivery is as before: it is the same corpus
        kept = {day: works for day, works in parts.items() if day not in gone or day == always}
        into = st.none() | st.sampled_from(IDS)
        removals += draw(
            st.lists(st.builds(Removal, st.sampled_from(IDS[:3]), st.sampled_from(DAYS), into), max_size=1)
        )
        found.append(Folder(kept, [r for r in dict.fromkeys(removals) if r.into != r.id]))
    return found


@given(folders(), st.integers(1, 3))
@checked(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_sequence_of_deliveries_gives_what_the_definition_says(steps: list[Folder], shards: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, told = Settings.load(home=Path(folder) / "home"), Told()
        for number, step in enumerate(steps):
            as_of = max([*told.known, DAYS[-1]]) + timedelta(days=30 * (number + 1))
            step.write(Path(folder) / "raw")
            ingest_as(home, Path(folder) / "raw", as_of, shards)
            told.ingest(step, as_of)
        check(home, told, Path(folder))


def ingest_as(home: Settings, raw: Path, as_of: date, shards: int) -> list[str]:
    with patch.object(ingest, "_today", return_value=as_of):
        plan = ingest.plan(home, "test", raw)
    if plan is None:
        return []
    build(plan, shards)
    return staged_releases.publish(home, plan, "test")


def releases(home: Settings) -> list[Release]:
    with Ledger(home.ledger) as ledger:
        return ledger.all(Release)


def published_files(home: Settings) -> dict[str, bytes]:
    """Return everything of the lake that readers can see."""
    return {str(f.relative_to(home.home)): f.read_bytes() for f in (home.home / "lake").rglob("*") if f.is_file()}


def table(home: Settings, cutoff: str) -> pa.Table:
    return pq.read_table(Layout(home.home).feature_set(Cutoff.parse(cutoff))).sort_by("document_id")


def ending_after(records: int) -> Callable[[Ledger, object], None]:
    """Return what adds so many records to a ledger and then ends the process."""
    added: list[object] = []
    add = Ledger.add

    def ending(ledger: Ledger, record: Release) -> None:
        if len(added) == records:
            raise PublishError("the process ends here")
        added.append(record)
        add(ledger, record)

    return ending


def check(home: Settings, told: Told, folder: Path) -> None:
    """Compare the features of some days, on every date of knowledge, with those of the lake that should be."""
    ids = [r.release_id for r in releases(home)]
    assert [date.fromisoformat(release) for release in ids] == sorted(told.known)
    for known, deliveries in told.known.items():
        expected = write_lake(folder / f"as-of-{known}", deliveries)
        for day in (date(2010, 12, 31), min(known, DAYS[-1])):
            cutoff = Cutoff(day, known)
            if day <= known:
                found = feature_tables(home.home, [r for r in ids if r <= known.isoformat()], [cutoff], 2)
                wanted = oracle.features(folder / f"as-of-{known}" / "lake", expected, Cutoff(day, known))
                assert differences(found.get(cutoff, wanted.slice(0, 0)), wanted) == {}, (cutoff, deliveries)


# ---- by hand


def folder_of(**deliveries: Sequence[Work]) -> Folder:
    """Return a folder of year ends, each of one part: y2010=[…]."""
    return Folder({end(int(year[1:])): [works] for year, works in deliveries.items()})


A, B, C = (Work(number, date(2010, 3, number), [number + 1]) for number in (1, 2, 3))


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def step(settings: Settings, raw: Path, folder: Folder, as_of: date) -> list[str]:
    """Ingest a folder as it stands on a day."""
    folder.write(raw)
    return ingest_as(settings, raw, as_of, shards=2)


def valid(settings: Settings, known: date) -> dict[int, date]:
    """Return the works that are valid as known on a date, with when they were published."""
    ids = [r.release_id for r in releases(settings)]
    found = documents_as_of(Layout(settings.home), ids, known, ("document_id", "published"))
    return dict(zip(*(found[c].to_pylist() for c in found.column_names), strict=True))


def test_a_changed_delivery_becomes_a_release_of_the_day(settings: Settings, raw: Path) -> None:
    step(settings, raw, folder_of(y2010=[A, B], y2011=[C]), DAY)
    before = published_files(settings)
    moved = replace(A, published=date(2009, 1, 1))
    assert step(settings, raw, folder_of(y2010=[moved], y2011=[C]), DAY) == ["2020-02-02"]
    assert valid(settings, end(2011)) == {1: A.published, 2: B.published, 3: C.published}
    assert valid(settings, DAY) == {1: moved.published, 3: C.published}
    assert before.items() <= published_files(settings).items()
    correction = releases(settings)[-1]
    assert (correction.corrects, correction.covers, correction.is_correction) == (["2010-12-31"], end(2010), True)
    assert (correction.documents, correction.corrected, correction.withdrawn, correction.removals) == (1, 1, 1, 1)
    assert [f["name"] for f in correction.files] == ["updated_date=2010-12-31/part_0000.gz"]
    assert step(settings, raw, folder_of(y2010=[moved], y2011=[C]), DAY + timedelta(days=1)) == []


def test_corrections_come_with_the_newest_release_if_there_is_one(settings: Settings, raw: Path) -> None:
    step(settings, raw, folder_of(y2010=[A, B]), DAY)
    newest = folder_of(y2010=[A], y2011=[C], y2012=[Work(4, end(2012))], y2009=[Work(9, end(2008))])
    assert step(settings, raw, newest, DAY) == ["2011-12-31", "2012-12-31"]
    assert valid(settings, end(2011)).keys() == {1, 2, 3}
    assert valid(settings, end(2012)).keys() == {1, 3, 4, 9}
    last = releases(settings)[-1]
    assert (last.corrects, last.covers, last.covered) == (["2009-12-31", "2010-12-31"], None, end(2012))


def test_a_delivery_that_changes_back_is_known_so_again(settings: Settings, raw: Path) -> None:
    for number, works in enumerate(([A, B], [A], [A, B], [A], [A, B])):
        step(settings, raw, folder_of(y2010=works, y2011=[C]), DAY + timedelta(days=number))
    known = [valid(settings, DAY + timedelta(days=number)).keys() for number in range(5)]
    assert known == [{1, 2, 3}, {1, 3}, {1, 2, 3}, {1, 3}, {1, 2, 3}]


def test_a_work_that_moves_to_a_newer_delivery_stays(settings: Settings, raw: Path) -> None:
    step(settings, raw, folder_of(y2010=[A, B]), DAY)
    step(settings, raw, folder_of(y2010=[B], y2012=[A, C]), DAY)
    assert valid(settings, end(2012)).keys() == {1, 2, 3}
    assert [r.withdrawn for r in releases(settings)] == [0, 0]


def test_a_second_snapshot_with_shrunk_deliveries_knows_what_it_would_alone(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311
    works = [Work(n, date(2008, 1, 1 + n % 28), [1 + n // 2], end(2010 + n % 3)) for n in range(1, 200)]
    first = {day: [[w for w in works if w.updated == day]] for day in map(end, (2010, 2011, 2012))}
    updated = {w.id: replace(w, references=[*w.references, 201], updated=end(2014)) for w in works if w.id % 5 == 1}
    stay = {day: [[w for w in parts[0] if w.id not in updated]] for day, parts in first.items()}
    second = Folder({**stay, end(2014): [chance.sample(sorted(updated.values(), key=lambda w: w.id), len(updated))]})
    both, alone = (Settings.load(home=tmp_path / name) for name in ("both", "alone"))
    step(both, tmp_path / "raw", Folder(first), DAY)
    step(both, tmp_path / "raw", second, DAY)
    step(alone, tmp_path / "raw", second, DAY)
    now = Cutoff(end(2014), end(2014))
    found, expected = (
        feature_tables(home.home, [r.release_id for r in releases(home)], [now], 2)[now] for home in (both, alone)
    )
    assert found.num_rows == len(works)
    assert found.equals(expected)


def test_what_is_known_of_a_day_cannot_change_on_that_day(settings: Settings, raw: Path) -> None:
    step(settings, raw, folder_of(y2010=[A, B]), DAY)
    step(settings, raw, folder_of(y2010=[A]), DAY)
    before = published_files(settings)
    with pytest.raises(NotReadyError, match=r"known from 2020-02-02 on at the earliest, but release 2020-02-02 is in"):
        step(settings, raw, folder_of(y2010=[A, B]), DAY)
    with patch.object(ingest, "_today", return_value=DAY):
        assert not ingest.pending(settings, raw)
    with patch.object(ingest, "_today", return_value=DAY + timedelta(days=1)):
        assert [d.release_id for d in ingest.pending(settings, raw).corrections] == ["2010-12-31"]
    assert published_files(settings) == before


def test_until_leaves_corrections_of_today_for_later(settings: Settings, raw: Path) -> None:
    step(settings, raw, folder_of(y2010=[A, B]), DAY)
    folder_of(y2010=[A], y2012=[C]).write(raw)
    assert ingest.plan(settings, "test", raw, until=end(2011)) is None


def test_a_folder_whose_deliveries_hold_other_works_is_another_corpus(settings: Settings, raw: Path) -> None:
    step(settings, raw, Folder({end(2010): [[Work(n, end(2009)) for n in range(1, 31)]]}), DAY)
    before = published_files(settings)
    with pytest.raises(RawDataError, match=r"of 30 works .* held, 30 are in no delivery any more; .*HOTAREA_HOME"):
        step(settings, raw, Folder({end(2010): [[Work(n, end(2009)) for n in range(101, 131)]]}), DAY)
    assert published_files(settings) == before


def test_a_release_that_was_published_in_part_loses_no_correction(settings: Settings, raw: Path) -> None:
    """The run ends after the first of two new releases; what corrects comes with the second."""
    step(settings, raw, folder_of(y2010=[A, B]), DAY)
    folder_of(y2010=[A], y2011=[C], y2012=[Work(4, end(2012))]).write(raw)
    plan = ingest.plan(settings, "test", raw)
    assert plan
    build(plan, 2)
    with patch.object(Ledger, "add", ending_after(1)), pytest.raises(PublishError, match="ends here"):
        staged_releases.publish(settings, plan, "test")
    assert [r.release_id for r in releases(settings)] == ["2010-12-31", "2011-12-31"]
    assert ingest_as(settings, raw, DAY, 2) == ["2012-12-31"]
    assert valid(settings, end(2012)).keys() == {1, 3, 4}


def test_one_new_delivery_is_read_alone(settings: Settings, raw: Path) -> None:
    """What was ingested is replaced by what no reader can read, of the same size and date of change."""
    step(settings, raw, folder_of(y2010=[A, B], y2011=[C]), DAY)
    grown = folder_of(y2010=[A, B], y2011=[C], y2012=[Work(4, end(2012), [1])])
    times = {name: (raw / name).stat() for name in faults.partitions(raw)}
    grown.write(raw)
    for name, status in times.items():
        (raw / name).write_bytes(b"?" * status.st_size)
        os.utime(raw / name, ns=(status.st_atime_ns, status.st_mtime_ns))
    for release in releases(settings):
        shutil.move(Layout(settings.home).release(release.release_id) / "documents", raw.parent / release.release_id)
    assert ingest_as(settings, raw, DAY, 2) == ["2012-12-31"]
    assert releases(settings)[-1].documents == 1


def test_an_edge_list_grows_by_new_releases_and_corrections(settings: Settings, tmp_path: Path) -> None:
    whole = faults.tiny_edge_list(tmp_path / "whole")
    rows = {name: faults.lines_of(whole / name) for name in ("papers.csv.gz", "edges.csv.gz")}
    raw = tmp_path / "raw"
    raw.mkdir()
    days = {row.split(b",")[0]: row.split(b",")[1] for row in rows["papers.csv.gz"]}
    early = {paper for paper, day in days.items() if day < b"1997-06"} | {b"citing"}
    faults._write(raw / "papers.csv.gz", [r for r in rows["papers.csv.gz"] if r.split(b",")[0] in {*early, b"id"}])
    faults._write(raw / "edges.csv.gz", [r for r in rows["edges.csv.gz"] if r.split(b",")[0] in early][:-1])
    first = ingest.run(settings, "test", raw)
    assert [day[:7] for day in first] == ["1995-12", "1996-12", "1997-05"]
    for name, content in rows.items():
        faults._write(raw / name, content)
    assert ingest.run(settings, "test", raw) == ["1997-12-31", "1998-12-18"]
    last = releases(settings)[-1]
    assert (last.corrects, last.corrected, last.withdrawn) == (first, 1, 0)
    assert sum(r.documents for r in releases(settings)) == 120 + 1
    assert ingest.plan(settings, "test", raw) is None
    alone = Settings.load(home=tmp_path / "alone")
    ingest.run(alone, "test", whole)
    now = Cutoff(date(1998, 12, 18), date(1998, 12, 18))
    found, expected = (
        feature_tables(home.home, [r.release_id for r in releases(home)], [now], 2)[now] for home in (settings, alone)
    )
    assert found.equals(expected)


def test_the_job_on_a_runner_corrects_as_well(settings: Settings, raw: Path) -> None:
    """By Beam, validated, and in features: the newest day is due again, no day is invented, all else stays."""
    works = [Work(n, date(2010, 1, 1), [n + 1], None) for n in range(1, 20)]
    later = [Work(n, date(2011, 6, 1), [n - 20, n - 19]) for n in range(21, 40)]
    folder_of(y2010=works, y2011=later).write(raw)
    ingest.run(settings, "test", raw)
    assert features.run(settings, "test")
    before = {cutoff: table(settings, cutoff) for cutoff in ("2010-12-31@2010-12-31", "2011-12-31@2011-12-31")}
    folder_of(y2010=works[1:], y2011=later).write(raw)
    with patch.object(ingest, "_today", return_value=DAY):
        assert ingest.run(settings, "test", raw) == ["2020-02-02"]
    assert features.is_due(settings)
    assert [name for name in features.run(settings, "test") if "features" in name] == ["features 2011-12-31@2020-02-02"]
    assert not features.is_due(settings)
    assert {cutoff: table(settings, cutoff) for cutoff in before} == before
    corrected = table(settings, "2011-12-31@2020-02-02")
    assert set(before["2011-12-31@2011-12-31"]["document_id"].to_pylist()) - {1} == set(
        corrected["document_id"].to_pylist()
    )
    with pytest.raises(NotReadyError, match="cutoff 2012-12-31 is after the newest release"):
        features.cutoff_of(settings, "2012-12-31")
    validate.run(settings, "test")


@pytest.mark.real_data
def test_hepth_grown_by_a_year_knows_what_it_would_alone(tmp_path: Path, shared_data: Path) -> None:
    source, raw = shared_data / "hepth", tmp_path / "raw"
    raw.mkdir()
    papers, edges = faults.lines_of(source / "papers.csv.gz"), faults.lines_of(source / "edges.csv.gz")
    early = {row.split(b",")[0] for row in papers if row.split(b",")[1] < b"2002"}
    faults._write(raw / "papers.csv.gz", [papers[0], *(r for r in papers if r.split(b",")[0] in early)])
    faults._write(raw / "edges.csv.gz", [edges[0], *(r for r in edges if r.split(b",")[0] in early)])
    grown, alone = (Settings.load(home=tmp_path / name) for name in ("grown", "alone"))
    for folder in (raw, source):
        for name in ("papers.csv.gz", "edges.csv.gz"):
            if folder == source:
                (raw / name).write_bytes((source / name).read_bytes())
        plan = ingest.plan(grown, "test", raw)
        assert plan
        jobs.run(ingest.job(grown, plan))
        staged_releases.publish(grown, plan, "test")
    plan = ingest.plan(alone, "test", source)
    assert plan
    jobs.run(ingest.job(alone, plan))
    staged_releases.publish(alone, plan, "test")
    assert [(r.corrected, r.withdrawn) for r in releases(grown)] == [(0, 0)] * len(releases(grown))
    now = Cutoff(date(2003, 5, 1), date(2003, 5, 1))
    found, expected = (
        feature_tables(home.home, [r.release_id for r in releases(home)], [now], 2)[now] for home in (grown, alone)
    )
    assert found.num_rows == 29_555
    assert found.equals(expected)
