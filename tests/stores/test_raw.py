import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import msgspec
import pytest

from hotarea.domain.delivery import Delivery, Promise
from hotarea.domain.errors import RawDataError
from hotarea.stores import raw
from tests import faults

AS_OF = date(2026, 1, 1)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return faults.tiny_delivery(tmp_path / "source")


def old_layout(folder: Path, partitions: Mapping[str, Sequence[bytes]], prefix: str = "s3://openalex/data/") -> Path:
    """Write a delivery as before 2026: `works/manifest` with `entries`, files `part_000.gz`."""
    entries = []
    for day, lines in partitions.items():
        file = folder / "works" / f"updated_date={day}" / "part_000.gz"
        file.parent.mkdir(parents=True)
        file.write_bytes(gzip.compress(b"\n".join(lines)))
        meta = {"content_length": file.stat().st_size, "record_count": len(lines)}
        entries.append({"url": f"{prefix}works/updated_date={day}/part_000.gz", "meta": meta})
    (folder / "works" / "manifest").write_text(json.dumps({"entries": entries, "meta": {"record_count": 1}}))
    return folder


def names(folder: Path) -> list[tuple[str, list[str]]]:
    return [(d.release_id, [p.name for p in d.partitions]) for d in raw.find(folder).deliveries(AS_OF)]


def test_the_current_layout_is_one_release_a_date_oldest_first(source: Path) -> None:
    found = raw.find(source)
    assert (found.form, found.works) == ("works", source / faults.WORKS)
    deliveries = found.deliveries(AS_OF)
    assert [(d.release_id, d.release_date) for d in deliveries] == [
        (f"{year}-12-31", date(year, 12, 31)) for year in (2010, 2011, 2012)
    ]
    (partition,) = deliveries[0].partitions
    assert (partition.name, partition.records) == ("updated_date=2010-12-31/part_0000.gz", 12)
    assert partition.bytes == Path(partition.path).stat().st_size


def test_what_the_manifest_says_is_kept_beside_what_is_found(source: Path) -> None:
    manifest = source / faults.WORKS / "manifest.json"
    said = json.loads(manifest.read_bytes())
    del said["files"][1]["meta"]["content_length"]
    manifest.write_text(json.dumps(said))
    sizes = [(source / faults.partition(f"{year}-12-31")).stat().st_size for year in (2010, 2011, 2012)]
    deliveries = raw.verified(raw.find(source).deliveries(AS_OF))
    assert [d.promised for d in deliveries] == [
        Promise(1, sizes[0], 12),
        Promise(1, None, 12),
        Promise(1, sizes[2], 12),
    ]
    assert [p.bytes for d in deliveries for p in d.partitions] == sizes


@pytest.mark.parametrize("below", ["data/jsonl", "jsonl", "data", "."])
def test_works_may_stand_at_any_depth_of_the_layout(source: Path, tmp_path: Path, below: str) -> None:
    shutil.copytree(source / faults.WORKS, tmp_path / "other" / below / "works")
    assert names(tmp_path / "other") == names(source)


@pytest.mark.parametrize("below", ["data", "."])
def test_the_layout_before_2026(tmp_path: Path, below: str) -> None:
    old_layout(tmp_path / below, {"2023-05-16": [b"{}"], "2022-01-01": [b"{}", b"{}"]})
    assert names(tmp_path) == [
        ("2022-01-01", ["updated_date=2022-01-01/part_000.gz"]),
        ("2023-05-16", ["updated_date=2023-05-16/part_000.gz"]),
    ]
    assert [d.partitions[0].records for d in raw.verified(raw.find(tmp_path).deliveries(AS_OF))] == [2, 1]


@pytest.mark.parametrize("prefix", ["", "s3://openalex/data/jsonl/", "s3://openalex/data/", "/mnt/works/"])
def test_urls_are_read_from_the_partition_on(tmp_path: Path, prefix: str) -> None:
    assert names(old_layout(tmp_path, {"2023-05-16": [b"{}"]}, prefix)) == [
        ("2023-05-16", ["updated_date=2023-05-16/part_000.gz"])
    ]


def test_a_manifest_of_all_entities_gives_the_works(source: Path) -> None:
    manifest = json.loads((source / faults.WORKS / "manifest.json").read_bytes())
    others = [{"url": f["url"].replace("works/", "authors/"), "meta": f["meta"]} for f in manifest["files"]]
    (source / faults.WORKS.parent / "manifest.json").write_text(json.dumps({"files": others + manifest["files"]}))
    expected = names(source)
    (source / faults.WORKS / "manifest.json").unlink()
    assert names(source) == expected


def json_lines(file: Path, *changed: str) -> None:
    """Write works that changed on these days, and two lines that do not tell."""
    records = [json.dumps({"id": f"W{n}", "updated_date": day}) for n, day in enumerate(changed, start=1)]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress("\n".join([*records, "{cut", '{"id": "W9"}', ""]).encode()))


def test_a_file_of_json_lines_belongs_to_the_day_of_its_newest_change(tmp_path: Path) -> None:
    json_lines(tmp_path / "b.jsonl.gz", "2023-04-05T10:00:00", "2024-02-03T23:59:59.5")
    json_lines(tmp_path / "a.jsonl.gz", "2024-02-03")
    json_lines(tmp_path / "c.jsonl.gz", "2021-01-01", "2209-01-01", "no date")
    (tmp_path / "notes.txt").write_text("")
    found = raw.find(tmp_path)
    assert (found.form, found.manifest, found.removals()) == ("works", None, [])
    assert names(tmp_path) == [("2021-01-01", ["c.jsonl.gz"]), ("2024-02-03", ["a.jsonl.gz", "b.jsonl.gz"])]
    assert [d.promised for d in raw.verified(found.deliveries(AS_OF))] == [None, None]


def test_a_file_of_json_lines_without_a_change_is_named(tmp_path: Path) -> None:
    json_lines(tmp_path / "a.jsonl.gz", "2209-01-01")
    with pytest.raises(
        RawDataError, match=r"no record of .*a\.jsonl\.gz says when it changed; expected .* updated_date"
    ):
        raw.find(tmp_path).deliveries(AS_OF)


def test_an_edge_list_is_one_release_a_year(tmp_path: Path) -> None:
    source = faults.tiny_edge_list(tmp_path / "edges")
    found = raw.find(source)
    deliveries = found.deliveries(AS_OF)
    assert (found.form, found.removals()) == ("edge_list", [])
    assert [d.release_id for d in deliveries] == ["1995-12-31", "1996-12-31", "1997-12-31", "1998-12-18"]
    assert {tuple(p.name for p in d.partitions) for d in deliveries} == {("papers.csv.gz", "edges.csv.gz")}


def test_an_edge_list_has_no_release_after_the_day_it_is_read(tmp_path: Path) -> None:
    deliveries = raw.find(faults.tiny_edge_list(tmp_path / "edges")).deliveries(date(1998, 12, 1))
    assert date(1998, 11, 1) < deliveries[-1].release_date <= date(1998, 12, 1)


def test_deleted_and_merged_ids_are_found_in_both_layouts(source: Path) -> None:
    works = source / faults.WORKS
    (works / "deleted_ids.csv").write_text("work_id,deleted_date\n")
    for folder in (source / "merged_ids" / "works", works.parent / "merged_ids" / "works"):
        folder.mkdir(parents=True)
    for file in ("2023-04-13.csv", "2023-04-13.csv.gz"):  # the same, twice
        (source / "merged_ids" / "works" / file).write_text("")
    (works.parent / "merged_ids" / "works" / "2022-08-03.csv.gz").write_text("")
    found = raw.find(source).removals()
    assert [(f.path.name.removesuffix(".gz"), f.document, f.removed, f.into) for f in found] == [
        ("deleted_ids.csv", "work_id", "deleted_date", ""),
        ("2022-08-03.csv", "id", "merge_date", "merge_into_id"),
        ("2023-04-13.csv", "id", "merge_date", "merge_into_id"),
    ]
    assert raw.find(source).removals() == found


def test_the_gzipped_list_of_deleted_ids_is_found(source: Path) -> None:
    (source / faults.WORKS / "deleted_ids.csv.gz").write_bytes(gzip.compress(b"work_id,deleted_date\n"))
    assert [f.path.name for f in raw.find(source).removals()] == ["deleted_ids.csv.gz"]


def test_verified_deliveries_have_the_hash_of_each_file(source: Path) -> None:
    deliveries = raw.verified(raw.find(source).deliveries(AS_OF))
    files = [source / name for name in faults.partitions(source)]
    assert [d.partitions[0].sha256 for d in deliveries] == [
        hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    ]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (faults.missing_partition, "updated_date=2011-12-31/part_0000.gz is missing"),
        (faults.short_download, r"part_0000.gz is \d+ bytes long, but the manifest promises \d+"),
    ],
)
def test_a_partition_that_is_not_as_promised_is_named(
    source: Path, tmp_path: Path, fault: object, message: str
) -> None:
    broken = fault(source, tmp_path / "copy")  # type: ignore[operator]
    with pytest.raises(RawDataError, match=message):
        raw.verified(raw.find(broken.folder).deliveries(AS_OF))


def test_a_partition_that_is_no_gzip_file_is_named(tmp_path: Path) -> None:
    old_layout(tmp_path, {"2023-05-16": [b"{}"]})
    file = tmp_path / "works" / "updated_date=2023-05-16" / "part_000.gz"
    file.write_bytes(b"<html>".ljust(file.stat().st_size, b"!"))
    with pytest.raises(RawDataError, match=r"part_000\.gz is no gzip file"):
        raw.verified(raw.find(tmp_path).deliveries(AS_OF))


def test_a_folder_in_a_partitions_place_is_named(tmp_path: Path) -> None:
    old_layout(tmp_path, {"2023-05-16": [b"{}"]})
    file = tmp_path / "works" / "updated_date=2023-05-16" / "part_000.gz"
    file.unlink()
    file.mkdir()
    with pytest.raises(RawDataError, match=r"part_000\.gz (cannot be read|is \d+ bytes)"):
        raw.verified(raw.find(tmp_path).deliveries(AS_OF))


def test_a_release_of_the_future_is_refused(tmp_path: Path) -> None:
    found = raw.find(old_layout(tmp_path, {"2023-05-16": [b"{}"], "2209-01-01": [b"{}"]}))
    with pytest.raises(RawDataError, match=r"manifest names updated_date=2209-01-01, after today, 2026-01-01"):
        found.deliveries(AS_OF)


@pytest.mark.parametrize(("as_of", "refused"), [(date(2023, 5, 15), False), (date(2023, 5, 14), True)])
def test_a_release_may_be_dated_tomorrow_but_not_later(tmp_path: Path, as_of: date, refused: bool) -> None:
    found = raw.find(old_layout(tmp_path, {"2023-05-16": [b"{}"]}))
    if refused:
        with pytest.raises(RawDataError, match="2023-05-16, after today, 2023-05-14"):
            found.deliveries(as_of)
    else:
        assert len(found.deliveries(as_of)) == 1


def remembered(source: Path) -> tuple[Delivery, dict[str, dict[str, object]]]:
    """Return a delivery as promised, and its files as the ledger remembers them."""
    delivery = raw.find(source).deliveries(AS_OF)[0]
    (whole,) = raw.verified([delivery])
    return delivery, {p.name: msgspec.structs.asdict(p) for p in whole.partitions}


def test_a_file_with_other_content_differs_and_an_archived_one_does_not(source: Path) -> None:
    delivery, before = remembered(source)
    assert not raw.Contents().differ(delivery, before)
    assert raw.Contents().differ(delivery, {})
    file = Path(delivery.partitions[0].path)
    content = file.read_bytes()
    file.write_bytes(content[:-4] + b"size")
    assert raw.Contents().differ(delivery, before)
    file.write_bytes(content)
    assert not raw.Contents().differ(delivery, before)  # its date of change is another
    file.unlink()
    assert not raw.Contents().differ(delivery, before)


def test_a_file_that_is_promised_otherwise_differs_even_if_it_is_not_there(source: Path) -> None:
    delivery, before = remembered(source)
    Path(delivery.partitions[0].path).unlink()
    promised = msgspec.structs.replace(delivery.partitions[0], records=11)
    assert raw.Contents().differ(msgspec.structs.replace(delivery, partitions=(promised,)), before)


def test_a_file_of_the_same_size_and_date_of_change_is_not_read_unless_all_are(source: Path) -> None:
    delivery, before = remembered(source)
    file = Path(delivery.partitions[0].path)
    status = file.stat()
    file.write_bytes(file.read_bytes()[::-1])
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert not raw.Contents().differ(delivery, before)
    assert raw.Contents(anew=True).differ(delivery, before)


def _nothing(folder: Path) -> None:
    folder.mkdir()


def _file(folder: Path) -> None:
    folder.write_text("not a folder")


def _plain_lines(folder: Path) -> None:
    folder.mkdir()
    (folder / "works_2023.jsonl").write_bytes(b"")


def _parquet(folder: Path) -> None:
    (folder / "data" / "parquet" / "works").mkdir(parents=True)


def _photographs(folder: Path) -> None:
    folder.mkdir()
    (folder / "holiday.jpg").write_bytes(b"")


def _unfinished(folder: Path) -> None:
    faults.missing_manifest(faults.tiny_delivery(folder.with_name("whole")), folder)


def _empty_manifest(folder: Path) -> None:
    old_layout(folder, {"2023-05-16": []})
    (folder / "works" / "manifest").write_text('{"entries": []}')


def _broken_manifest(folder: Path) -> None:
    old_layout(folder, {"2023-05-16": []})
    (folder / "works" / "manifest").write_text('{"entries": [')


def _no_date(folder: Path) -> None:
    old_layout(folder, {"2023-05-16": []})
    text = (folder / "works" / "manifest").read_text().replace("2023-05-16", "2023-02-31")
    (folder / "works" / "manifest").write_text(text)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (None, r"cannot be read: No such file.*; expected OpenAlex's layout"),
        (_file, "cannot be read: Not a directory"),
        (_nothing, r"holds nothing; expected OpenAlex's layout .*or an edge list"),
        (_photographs, r"holds holiday\.jpg; expected"),
        (_plain_lines, "holds JSON lines that are not compressed, which `gzip` mends"),
        (_parquet, "Parquet files, which are not supported"),
        (_unfinished, r"no manifest\.json, which is written last; the delivery is not complete"),
        (_empty_manifest, "names no partition of works"),
        (_broken_manifest, r"manifest cannot be read: .*Deliver it again"),
        (_no_date, r"updated_date=2023-02-31: .*expected a date"),
    ],
)
def test_a_folder_that_is_no_delivery_is_one_clear_error(tmp_path: Path, make: object, message: str) -> None:
    if make:
        make(tmp_path / "raw")  # type: ignore[operator]
    with pytest.raises(RawDataError, match=message):
        raw.find(tmp_path / "raw").deliveries(AS_OF)


@pytest.mark.real_data
def test_a_piece_of_a_real_snapshot_lacks_partitions_that_its_manifest_names(shared_data: Path) -> None:
    found = raw.find(shared_data / "openalex_snapshot_2023")
    assert found.removals() == []  # its merged ids are of authors
    deliveries = found.deliveries(AS_OF)
    with pytest.raises(
        RawDataError, match=r"part_\d+\.gz is missing; .*; and \d+ more \(\d+ in all\)\. Nothing"
    ) as error:
        raw.verified(deliveries)
    assert str(error.value).count(" is missing") == 10
    (present,) = raw.verified(d for d in deliveries if d.release_id == "2023-05-16")
    assert (present.partitions[0].bytes, present.partitions[0].records) == (6_937, 27)


@pytest.mark.real_data
def test_the_manifest_of_arxiv_agrees_with_its_files(shared_data: Path) -> None:
    deliveries = raw.verified(raw.find(shared_data / "arxiv_cs").deliveries(AS_OF))
    assert [d.release_id for d in deliveries] == [f"{year}-12-31" for year in range(2005, 2021)]
    assert sum(p.records or 0 for d in deliveries for p in d.partitions) == 169_343
