"""The ingest job on small deliveries against a plain reader, as a program in worker processes, and on broken files."""

import gzip
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from beam_jobs import ingest_works
from hotarea.domain import tables
from hotarea.domain.delivery import Plan
from hotarea.domain.errors import RawDataError
from hotarea.stores import raw
from tests import faults

AS_OF = date(2027, 1, 1)


def deliver(folder: Path, parts: Mapping[str, Sequence[Sequence[bytes]]]) -> Path:
    """Write a delivery with several partitions a release."""
    for day, files in parts.items():
        for number, lines in enumerate(files):
            faults._write(folder / faults.partition(day, number), lines)
    faults._agree(folder, faults.partitions(folder))
    return folder


def planned(source: Path, folder: Path) -> Path:
    """Write the plan of everything that a raw folder holds."""
    found = raw.find(source)
    deliveries = found.deliveries(AS_OF) if found.form == "edge_list" else raw.verified(found.deliveries(AS_OF))
    folder.mkdir()
    plan = Plan("run", str(source), found.form, str(folder), AS_OF, tuple(deliveries))
    (folder / "plan.json").write_bytes(msgspec.json.encode(plan))
    return folder / "plan.json"


def ingest(source: Path, folder: Path, *arguments: str) -> dict[str, Any]:
    return ingest_works.main(["--plan", str(planned(source, folder)), *arguments])


def rows(folder: Path, release: str, kind: str) -> list[dict[str, Any]]:
    return [
        row
        for part in sorted((folder / f"release={release}" / kind).glob("part-*.parquet"))
        for row in pq.read_table(part).to_pylist()
    ]


def messy(seed: int = 3, count: int = 400) -> list[dict[str, Any]]:
    """Return works of which many have several versions, repeated references and references to themselves."""
    chance = random.Random(seed)  # noqa: S311
    records = []
    for _ in range(count):
        number = chance.randint(1, count // 3)
        references = [chance.randint(1, count // 2) for _ in range(chance.randint(0, 9))]
        changed = (date(2012, 1, 1) + timedelta(days=chance.randint(0, 9))).isoformat() + "T00:00:00"
        day = date(2010, 1, 1) + timedelta(days=chance.randint(0, 700))
        records.append(faults.work(number, day, references, updated_date=changed, title=f"{len(records)}"))
    return records


def plainly(records: Sequence[dict[str, Any]]) -> tuple[dict[int, tuple[str, str, int]], list[tuple[int, int, str]]]:
    """Return what the lake should hold of records in the order of their lines, in the plainest way."""
    newest: dict[int, dict[str, Any]] = {}
    for record in records:
        number = int(record["id"].rpartition("W")[2])
        if number not in newest or record["updated_date"] >= newest[number]["updated_date"]:
            newest[number] = record
    cited = {
        n: sorted({int(c.rpartition("W")[2]) for c in record["referenced_works"]} - {n}) for n, record in newest.items()
    }
    documents = {n: (r["publication_date"], r["title"], len(cited[n])) for n, r in newest.items()}
    return documents, sorted((n, c, newest[n]["publication_date"]) for n in newest for c in cited[n])


def check(folder: Path, release: str, records: Sequence[dict[str, Any]]) -> None:
    """Assert that the built release holds what a plain reader makes of the records."""
    documents, citations = plainly(records)
    found = rows(folder, release, "documents")
    assert len(found) == len(documents)
    assert {r["document_id"]: (str(r["published"]), r["title"], r["reference_count"]) for r in found} == documents
    pairs = [(r["citing_id"], r["cited_id"], str(r["published"])) for r in rows(folder, release, "citations")]
    assert sorted(pairs) == citations


def encoded(records: Sequence[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(r).encode() for r in records]


def test_releases_of_one_and_of_several_partitions_are_built_as_a_plain_reader_builds_them(tmp_path: Path) -> None:
    first, second = messy(1), messy(2)
    parts = [encoded(second[:150]), encoded(second[150:160]), encoded(second[160:])]
    source = deliver(tmp_path / "raw", {"2012-12-31": [encoded(first)], "2013-12-31": parts})
    result = ingest(source, tmp_path / "aside", "--shards", "3")
    check(tmp_path / "aside", "2012-12-31", first)
    check(tmp_path / "aside", "2013-12-31", second)
    for release, records in (("2012-12-31", first), ("2013-12-31", second)):
        for kind, schema in (("documents", tables.DOCUMENTS), ("citations", tables.CITATIONS)):
            files = sorted((tmp_path / "aside" / f"release={release}" / kind).iterdir())
            assert [f.name for f in files] == [f"part-{n:04d}.parquet" for n in range(3)]
            assert all(pq.read_schema(f).equals(schema) for f in files)
        outcome = next(r for r in result["releases"] if r["release_id"] == release)
        documents, citations = plainly(records)
        assert (outcome["records"], outcome["documents"], outcome["citations"]) == (400, len(documents), len(citations))
        assert outcome["superseded"] == 400 - len(documents)


def test_the_result_counts_what_was_dropped_and_so_do_beams_counters(tmp_path: Path) -> None:
    records = messy(4)
    lines = [*encoded(records), b"{", *encoded([faults.work(1, date(2209, 1, 1))])]
    result = ingest(deliver(tmp_path / "raw", {"2012-12-31": [lines]}), tmp_path / "aside")
    (outcome,) = result["releases"]
    references = [(r["id"], r["referenced_works"]) for r in records]
    assert outcome["self_citations"] == sum(i in cited for i, cited in references)
    assert outcome["repeated_references"] == sum(len(cited) - len(set(cited)) for _, cited in references)
    assert outcome["quarantined"] == {"broken_json": 1, "implausible_date": 1}
    assert result["records"] == {
        "records read": 402,
        "records parsed": 400,
        "documents written": outcome["documents"],
        "citations written": outcome["citations"],
        "superseded": outcome["superseded"],
        "self_citations": outcome["self_citations"],
        "repeated_references": outcome["repeated_references"],
        "unknown_citing": 0,
        "quarantined: broken_json": 1,
        "quarantined: implausible_date": 1,
    }
    assert outcome["bytes"] == (tmp_path / "raw" / faults.partition("2012-12-31")).stat().st_size
    assert json.loads((tmp_path / "aside" / "result.json").read_bytes()) == result


@pytest.mark.parametrize("name", faults.RECORDS)
def test_a_bad_record_goes_to_quarantine_with_file_line_and_reason(tmp_path: Path, name: str) -> None:
    fault = faults.RECORDS[name](faults.tiny_delivery(tmp_path / "whole"), tmp_path / "raw")
    result = ingest(fault.folder, tmp_path / "aside")
    assert [r["documents"] for r in result["releases"]] == [12, 12, 11]
    (found,) = rows(tmp_path / "aside", "2012-12-31", "quarantine")
    line = faults.lines_of(fault.folder / fault.file)[(fault.line or 0) - 1]
    assert (found["release"], found["line"]) == ("2012-12-31", fault.line)
    assert fault.file.endswith(found["file"])
    assert found["record"] == line.decode(errors="replace")[:2_000]
    expected = {
        "invalid UTF-8": "invalid_utf8",
        "invalid JSON": "broken_json",
        "references null": "no_references",
        "id is no id": "bad_id",
        "reference is no id": "bad_reference",
        "year 0": "implausible_date",
        "year 2209": "implausible_date",
    }
    assert found["reason"] == expected[name]
    assert result["releases"][2]["quarantined"] == {found["reason"]: 1}


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (faults.truncated_gzip, r"2012-12-31/part_0000\.gz is truncated"),
        (faults.third_missing, r"2012-12-31/part_0000\.gz holds 8 records, but the manifest promises 12"),
        (faults.empty_release, "release 2012-12-31 is empty: 0 records"),
    ],
)
def test_a_broken_partition_stops_the_job_with_its_name(tmp_path: Path, fault: Any, message: str) -> None:
    broken = fault(faults.tiny_delivery(tmp_path / "whole"), tmp_path / "raw")
    with pytest.raises(RawDataError, match=message):
        ingest(broken.folder, tmp_path / "aside")
    assert not (tmp_path / "aside" / "result.json").exists()


def test_all_damaged_partitions_are_named_and_a_second_attempt_after_repair_succeeds(tmp_path: Path) -> None:
    source = faults.tiny_delivery(tmp_path / "raw")
    plan = planned(source, tmp_path / "aside")
    files = [source / name for name in faults.partitions(source)]
    whole = [file.read_bytes() for file in files]
    for file, content in zip(files[:2], whole[:2], strict=True):
        file.write_bytes(content[:-30])
    with pytest.raises(RawDataError, match=r"2010-12-31/part_0000\.gz is truncated.*2011-12-31/part_0000\.gz is trunc"):
        ingest_works.main(["--plan", str(plan)])
    for file, content in zip(files, whole, strict=True):
        file.write_bytes(content)
    again = ingest_works.main(["--plan", str(plan), "--shards", "2"])
    assert [r["documents"] for r in again["releases"]] == [12, 12, 12]


def test_too_many_bad_records_stop_the_job(tmp_path: Path) -> None:
    lines = [*encoded([faults.work(n, date(2012, 1, 1)) for n in range(1, 60)]), *[b"?"] * 12]
    with pytest.raises(RawDataError, match=r"2012-12-31: 12 of 71 records were rejected \(broken_json 12\)"):
        ingest(deliver(tmp_path / "raw", {"2012-12-31": [lines]}), tmp_path / "aside")


def test_an_edge_list_is_built_as_one_release_a_year(tmp_path: Path) -> None:
    source = faults.tiny_edge_list(tmp_path / "raw")
    papers = gzip.decompress((source / "papers.csv.gz").read_bytes()).decode().splitlines()
    edges = gzip.decompress((source / "edges.csv.gz").read_bytes()).decode().splitlines()
    extra = ["1001,1001", edges[1], "x,1001", "99999,1001"]
    (source / "papers.csv.gz").write_bytes(gzip.compress("\n".join([*papers, "77,never,Bad"]).encode()))
    (source / "edges.csv.gz").write_bytes(gzip.compress("\n".join([*edges, *extra]).encode()))
    result = ingest(source, tmp_path / "aside")
    years = Counter(p.split(",")[1][:4] for p in papers[1:])
    by_id = {p.split(",")[0]: p.split(",")[1] for p in papers[1:]}
    cited = Counter(by_id[e.split(",")[0]][:4] for e in edges[1:])
    releases = result["releases"]
    assert [(r["release_id"][:4], r["documents"], r["citations"]) for r in releases] == [
        (year, years[year], cited[year]) for year in sorted(years)
    ]
    assert {r["release_id"][:4]: r["quarantined"] for r in releases} == {
        "1995": {},
        "1996": {},
        "1997": {},
        "1998": {"bad_date": 1, "bad_id": 1},
    }
    newest = releases[-1]
    assert (newest["self_citations"], newest["repeated_references"], newest["unknown_citing"]) == (1, 1, 1)
    documents = {
        r["document_id"]: str(r["published"])
        for y in releases
        for r in rows(tmp_path / "aside", y["release_id"], "documents")
    }
    assert documents == {int(i): day for i, day in by_id.items()}
    rejected = rows(tmp_path / "aside", newest["release_id"], "quarantine")
    assert [(r["file"], r["line"], r["reason"]) for r in rejected] == [
        ("papers.csv.gz", len(papers) + 1, "bad_date"),
        ("edges.csv.gz", len(edges) + 3, "bad_id"),
    ]


def test_an_edge_list_with_the_dates_of_another_corpus_stops(tmp_path: Path) -> None:
    fault = faults.disjoint_dates(faults.tiny_edge_list(tmp_path / "whole"), tmp_path / "raw")
    with pytest.raises(RawDataError, match="another corpus"):
        ingest(fault.folder, tmp_path / "aside")


def program(plan: Path, *arguments: str) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    result = plan.with_name("told.json")
    command = [sys.executable, "-m", "beam_jobs.ingest_works", "--plan", str(plan), "--result", str(result), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=plan.parent, timeout=240)
    return done, json.loads(result.read_bytes())


def test_the_job_runs_as_a_program_in_worker_processes(tmp_path: Path) -> None:
    first, second = messy(5), messy(6)
    parts = [encoded(second[:200]), encoded(second[200:])]
    source = deliver(tmp_path / "raw", {"2012-12-31": [encoded(first)], "2013-12-31": parts})
    plan = planned(source, tmp_path / "aside")
    done, result = program(plan, "--direct_running_mode", "multi_processing", "--direct_num_workers", "2")
    assert done.returncode == 0, done.stderr
    check(tmp_path / "aside", "2012-12-31", first)
    check(tmp_path / "aside", "2013-12-31", second)
    assert result["records"]["records read"] == 800


def test_a_program_that_fails_tells_its_error_as_data(tmp_path: Path) -> None:
    broken = faults.truncated_gzip(faults.tiny_delivery(tmp_path / "whole"), tmp_path / "raw")
    done, result = program(planned(broken.folder, tmp_path / "aside"))
    assert done.returncode == 1
    assert result["error"]["type"] == "RawDataError"
    assert "2012-12-31/part_0000.gz is truncated" in result["error"]["message"]


@pytest.mark.real_data
def test_arxiv_is_built_as_sql_reads_it(shared_data: Path, tmp_path: Path) -> None:
    import duckdb

    result = ingest(shared_data / "arxiv_cs", tmp_path / "aside")
    assert sum(r["documents"] for r in result["releases"]) == 169_343
    assert sum(r["citations"] for r in result["releases"]) == 1_166_243
    sql = """
        WITH raw AS (
          SELECT CAST(id[23:] AS BIGINT) AS d, CAST(publication_date AS DATE) AS published, referenced_works AS refs,
                 regexp_extract(filename, 'updated_date=([0-9-]+)', 1) AS release
          FROM read_json($files, format = 'newline_delimited', compression = 'gzip', filename = true,
            columns = {id: 'VARCHAR', publication_date: 'VARCHAR', referenced_works: 'VARCHAR[]'})
        ), expected AS (
          SELECT release, d, CAST(r[23:] AS BIGINT) AS c, published
          FROM (SELECT release, d, published, unnest(list_distinct(refs)) AS r FROM raw)
          WHERE CAST(r[23:] AS BIGINT) <> d
        ), found AS (
          SELECT regexp_extract(filename, 'release=([0-9-]+)', 1) AS release, citing_id AS d, cited_id AS c, published
          FROM read_parquet($lake, filename = true, hive_partitioning = false)
        )
        SELECT (SELECT count(*) FROM (FROM expected EXCEPT ALL FROM found)),
               (SELECT count(*) FROM (FROM found EXCEPT ALL FROM expected)), (SELECT count(*) FROM expected)
    """
    files = [str(p) for p in (shared_data / "arxiv_cs").rglob("part_*.gz")]
    lake = [str(p) for p in (tmp_path / "aside").rglob("citations/part-*.parquet")]
    with duckdb.connect() as connection:
        assert connection.execute(sql, {"files": files, "lake": lake}).fetchone() == (0, 0, 1_166_243)


@pytest.mark.real_data
def test_real_records_of_four_years_make_four_releases(shared_data: Path, tmp_path: Path) -> None:
    contents = {
        f"{year}-12-31": [gzip.decompress((shared_data / "openalex_works" / f"works_{year}.jsonl.gz").read_bytes())]
        for year in (2023, 2024, 2025, 2026)
    }
    lines = {day: [content.splitlines() for content in files] for day, files in contents.items()}
    result = ingest(deliver(tmp_path / "raw", lines), tmp_path / "aside")
    assert sum(r["records"] for r in result["releases"]) == 3_612
    assert all(r["quarantined"] == {} for r in result["releases"])
    for day, ((*all_lines,),) in lines.items():
        ids = {json.loads(line)["id"] for line in all_lines}
        outcome = next(r for r in result["releases"] if r["release_id"] == day)
        assert (outcome["documents"], outcome["superseded"]) == (len(ids), len(all_lines) - len(ids))
    ids_of_all = {d["document_id"] for day in lines for d in rows(tmp_path / "aside", day, "documents")}
    assert len(ids_of_all) == 2_209
    assert [rows(tmp_path / "aside", day, "quarantine") for day in lines] == [[], [], [], []]
