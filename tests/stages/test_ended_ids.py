"""Merged and deleted ids, in both layouts, from the delivery through the lake and the features to the online store."""

import gzip
import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from hotarea.domain.records import Comparison, Release
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import compare, features, ingest, materialize
from hotarea.stores import feature_store
from hotarea.stores.lake import documents_as_of
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests import faults, oracle
from tests.differences import differences

MERGED, INTO, DELETED, NEVER_SEEN = 20, 10, 15, 999


def current(source: Path) -> None:
    """The layout of today: `deleted_ids.csv` beside the works; merged ids as before."""
    rows = [f"https://openalex.org/W{DELETED},2013-03-01", f"W{NEVER_SEEN},2013-03-01"]
    (source / faults.WORKS / "deleted_ids.csv").write_text("\n".join(["work_id,deleted_date", *rows, ""]))
    write_merged(source / "data" / "jsonl" / "merged_ids" / "works", [f"2013-06-01,W{MERGED},W{INTO}"])


def before_2026(source: Path) -> None:
    """The layout of 2023: `works/manifest` with `entries`; a work that was deleted was merged into a placeholder."""
    works = source / "works"
    shutil.move(source / faults.WORKS, works)
    manifest = json.loads((works / "manifest.json").read_text())
    entries = [{"url": f"s3://openalex/data/{f['url']}", "meta": f["meta"]} for f in manifest["files"]]
    (works / "manifest").write_text(json.dumps({"entries": entries, "meta": {}}))
    (works / "manifest.json").unlink()
    rows = [f"2013-06-01,W{MERGED},W{INTO}", f"2013-03-01,W{DELETED},W4285719527", f"2013-03-01,W{NEVER_SEEN},W1"]
    write_merged(source / "merged_ids" / "works", rows)


def write_merged(folder: Path, rows: list[str]) -> None:
    folder.mkdir(parents=True)
    content = "\n".join(["merge_date,id,merge_into_id", *rows, ""]).encode()
    (folder / "2013-06-01.csv.gz").write_bytes(gzip.compress(content))


def grown(source: Path) -> None:
    """Deliver the year 2013, whose works cite the merged id, its target and the deleted one."""
    cites = {101: [MERGED], 102: [MERGED, INTO], 103: [DELETED], 104: [30]}
    lines = [json.dumps(faults.work(n, date(2013, 2, 3), cited)).encode() for n, cited in cites.items()]
    faults._write(source / faults.partition("2013-12-31"), lines)
    faults._agree(source, faults.partitions(source))


def answers(settings: Settings, column: str, *ids: int) -> list[object]:
    return feature_store.online(settings, "document_area_v1", ids)[column]


def counts(settings: Settings, cutoff: Cutoff) -> dict[int, int]:
    table = pq.read_table(Layout(settings.home).feature_set(cutoff), columns=["document_id", "cite_count"])
    return dict(zip(*(table[name].to_pylist() for name in table.column_names), strict=True))


@pytest.mark.parametrize("layout", [current, before_2026])
def test_ended_ids_leave_every_place_and_merged_ones_pass_on_their_citations(
    settings: Settings, tmp_path: Path, layout: Callable[[Path], None]
) -> None:
    source = faults.tiny_delivery(tmp_path / "source")
    ingest.run(settings, "test", source)
    features.run(settings, "test")
    materialize.run(settings, "test")
    old, new = (Cutoff(date(year, 12, 31), date(year, 12, 31)) for year in (2012, 2013))
    before = counts(settings, old)
    assert None not in answers(settings, "cite_count", MERGED, DELETED, INTO)

    grown(source)
    layout(source)
    assert ingest.run(settings, "test", source) == ["2013-12-31"]
    with Ledger(settings.ledger) as ledger:
        releases = ledger.all(Release)
        compared = ledger.all(Comparison, release_id="2013-12-31")[0]

    # told, with counts
    assert releases[-1].removals == 3
    is_merge = layout is before_2026  # where a deletion is a merge into an id that no release holds
    assert compared.ended == {
        "deleted": 0 if is_merge else 2,
        "merged": 3 if is_merge else 1,
        "known": 2,
        "citations_ended": 10,  # each of the two cited five
        "citations_moved": 7 + 6 if is_merge else 7,  # by five earlier works and two new ones; by five and one
        "citations_lost": 0 if is_merge else 6,
    }

    # the lake
    valid = documents_as_of(Layout(settings.home), [r.release_id for r in releases], new.known)
    assert not {MERGED, DELETED} & set(valid["document_id"].to_pylist())

    # the features: the target has the citations of both, each citing work once; SQL counts the same
    features.run(settings, "test")
    after = counts(settings, new)
    assert not {MERGED, DELETED} & after.keys()
    both = {11, 12, 13, 14} | {21, 22, 23, 24, 25} | {101, 102}  # 15, which cited the target, is gone itself
    assert (before[INTO], after[INTO]) == (5, len(both))
    found = pq.read_table(Layout(settings.home).feature_set(new)).sort_by("document_id")
    ids = [r.release_id for r in releases]
    assert differences(found, oracle.features(settings.home / "lake", ids, new)) == {}
    assert counts(settings, old) == before

    # the online store
    materialize.run(settings, "test")
    assert answers(settings, "cite_count", MERGED, DELETED, NEVER_SEEN, INTO) == [None, None, None, len(both)]
    assert answers(settings, "rate", MERGED, DELETED) == [None, None]


def test_what_the_manifest_promised_is_remembered_when_a_release_is_compared_again(
    settings: Settings, tmp_path: Path
) -> None:
    """A manifest that leaves out the size of a file promises none, whatever arrives."""
    source = faults.tiny_delivery(tmp_path / "source")
    manifest = source / faults.WORKS / "manifest.json"
    said = json.loads(manifest.read_bytes())
    del said["files"][-1]["meta"]["content_length"]
    manifest.write_text(json.dumps(said))
    ingest.run(settings, "test", source)
    compare.verdicts(settings, "again")
    compare.verdicts(settings, "and again")
    for release, promised in (("2011-12-31", {"files", "bytes", "records"}), ("2012-12-31", {"files", "records"})):
        found = compare.published(settings, "shown", release)
        assert found.run_id == "and again"
        assert found.promised == {name: found.arrived[name] for name in promised}
        assert found.arrived["bytes"] == (source / faults.partition(release)).stat().st_size


def test_a_published_release_can_be_compared_later(settings: Settings, tmp_path: Path) -> None:
    """One that was ingested before there were comparisons."""
    source = faults.tiny_delivery(tmp_path / "source")
    ingest.run(settings, "test", source)
    with Ledger(settings.ledger) as ledger:
        first = ledger.all(Comparison, release_id="2012-12-31")[0]
    assert compare.published(settings, "later").comparison_id == first.comparison_id
    (settings.home / "state" / "ledger.db").rename(tmp_path / "with.db")
    with Ledger(settings.ledger) as fresh:
        with_it = Ledger(f"sqlite:///{tmp_path / 'with.db'}")
        fresh.add(*with_it.all(Release))
    with_it.close()
    later = compare.published(settings, "later", "2012-12-31")
    assert (later.run_id, later.works, later.drift, later.promised) == ("later", first.works, first.drift, {})
    assert Path(later.report).read_text().startswith("<!doctype html>")
