import csv
import gzip
import io
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hotarea.domain import edge_list, lake
from hotarea.domain.errors import RawDataError
from hotarea.domain.rejects import Reason
from hotarea.domain.works import WORKS
from tests import faults

AS_OF = date(2026, 1, 1)


def folder(tmp_path: Path, papers: Sequence[str], edges: Sequence[str], header: str = "id,date,title") -> Path:
    for name, rows in (("papers.csv.gz", [header, *papers]), ("edges.csv.gz", ["citing,cited", *edges])):
        (tmp_path / name).write_bytes(gzip.compress("".join(row + "\n" for row in rows).encode()))
    return tmp_path


PAPERS = ("1,2000-03-04,One", "2,2001-05-06,Two", "3,2001-07-08,", "4,2003-02-01,Four")


def test_papers_and_edges_become_works(tmp_path: Path) -> None:
    found = edge_list.read(folder(tmp_path, PAPERS, ["4,1", "2,1", "4,2", "4,2", "3,3", "4,99"]), AS_OF)
    assert found.works.schema == WORKS
    rows = found.works.select(["document_id", "published", "title", "references"]).to_pylist()
    assert [tuple(row.values()) for row in rows] == [
        (1, date(2000, 3, 4), "One", []),
        (2, date(2001, 5, 6), "Two", [1]),
        (3, date(2001, 7, 8), None, []),
        (4, date(2003, 2, 1), "Four", [1, 2, 99]),
    ]
    assert (found.self_citations, found.repeated_edges, found.unknown_citing) == (1, 1, 0)
    assert found.edges.tolist() == [0, 1, 1, 4]
    assert found.rejects == {"papers.csv.gz": [], "edges.csv.gz": []}


def test_releases_end_their_years_and_the_newest_with_its_newest_paper(tmp_path: Path) -> None:
    assert edge_list.release_dates(folder(tmp_path, PAPERS, []), AS_OF) == [
        date(2000, 12, 31),
        date(2001, 12, 31),
        date(2003, 2, 1),
    ]


def test_a_release_has_its_papers_dated_by_its_day(tmp_path: Path) -> None:
    found = edge_list.read(folder(tmp_path, PAPERS, ["2,1", "3,1", "3,2"]), AS_OF)
    first, edges = found.of(date(2000, 12, 31), None)
    assert (first["document_id"].to_pylist(), edges) == ([1], 0)
    second, edges = found.of(date(2001, 7, 8), date(2000, 12, 31))
    assert (second["document_id"].to_pylist(), edges) == ([2, 3], 3)
    assert second["updated"].to_pylist() == [datetime(2001, 7, 8, tzinfo=UTC)] * 2
    assert found.of(date(2002, 12, 31), date(2001, 7, 8))[0].num_rows == 0
    assert found.newest == date(2003, 2, 1)


def test_when_it_grows_the_releases_before_keep_their_dates(tmp_path: Path) -> None:
    grown = (*PAPERS, "5,2003-06-01,Five", "6,2004-01-02,Six")
    before = edge_list.release_dates(folder(tmp_path, PAPERS, []), AS_OF)
    assert edge_list.release_dates(folder(tmp_path, grown, []), AS_OF, before) == [
        *before,
        date(2003, 12, 31),
        date(2004, 1, 2),
    ]


def test_titles_are_optional(tmp_path: Path) -> None:
    found = edge_list.read(folder(tmp_path, ["1,2000-01-01", "2,2000-01-02"], ["2,1"], "id,date"), AS_OF)
    assert found.works["title"].to_pylist() == [None, None]


def test_an_edge_of_an_unknown_citing_id_has_no_date_and_is_counted(tmp_path: Path) -> None:
    found = edge_list.read(folder(tmp_path, PAPERS, ["4,1", "4,2", "4,3", "77,1", "3,1", "2,1"]), AS_OF)
    assert found.unknown_citing == 1
    assert lake.citations(found.works)["citing_id"].to_pylist() == [2, 3, 4, 4, 4]


def test_of_papers_with_the_same_id_the_later_row_counts(tmp_path: Path) -> None:
    found = edge_list.read(folder(tmp_path, [*PAPERS, "1,1999-01-01,Again"], []), AS_OF)
    assert found.works.slice(0, 1).select(["title", "line"]).to_pylist() == [{"title": "Again", "line": 6}]
    assert found.repeated_papers == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("5,,No date", Reason.NO_DATE),
        ("5,soon,Unparsable", Reason.BAD_DATE),
        ("5,0000-01-01,Year 0", Reason.IMPLAUSIBLE_DATE),
        ("5,2026-01-02,After it was read", Reason.IMPLAUSIBLE_DATE),
        ("hep-th/9901001,2000-01-01,Not a number", Reason.BAD_ID),
        (",2000-01-01,No id", Reason.BAD_ID),
        ("5,2000-01-01", Reason.BAD_ROW),
    ],
)
def test_a_paper_that_cannot_be_used_is_rejected(tmp_path: Path, row: str, reason: Reason) -> None:
    found = edge_list.read(folder(tmp_path, [PAPERS[0], row, *PAPERS[1:]], ["2,1"]), AS_OF)
    (rejected,) = found.rejects["papers.csv.gz"]
    assert (rejected.line, rejected.reason) == (3, reason)
    assert found.works["document_id"].to_pylist() == [1, 2, 3, 4]


def test_a_title_that_is_not_utf8_is_rejected(tmp_path: Path) -> None:
    content = "\n".join(["id,date,title", *PAPERS]).encode().replace(b"Two", b"T\xffo")
    folder(tmp_path, PAPERS, ["4,1"])
    (tmp_path / "papers.csv.gz").write_bytes(gzip.compress(content))
    (rejected,) = edge_list.read(tmp_path, AS_OF).rejects["papers.csv.gz"]
    assert (rejected.line, rejected.reason) == (3, Reason.INVALID_UTF8)


@pytest.mark.parametrize("row", ["x,1", "2,", "-1,2", "0,1"])
def test_an_edge_that_cannot_be_used_is_rejected(tmp_path: Path, row: str) -> None:
    found = edge_list.read(folder(tmp_path, PAPERS, ["2,1", row]), AS_OF)
    (rejected,) = found.rejects["edges.csv.gz"]
    assert (rejected.line, rejected.reason, rejected.record) == (3, Reason.BAD_ID, row)


def test_too_many_rejects_stop(tmp_path: Path) -> None:
    bad = [f"{n},never,x" for n in range(10, 22)]
    with pytest.raises(RawDataError, match=r"papers\.csv\.gz: 12 of 16 rows cannot be used"):
        edge_list.read(folder(tmp_path, [*PAPERS, *bad], []), AS_OF)


def test_no_usable_paper_stops(tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match="no paper with an id and a date"):
        edge_list.read(folder(tmp_path, ["1,never,x"], []), AS_OF)


def test_the_dates_of_another_corpus_are_refused_where_few_ids_join(tmp_path: Path) -> None:
    source = faults.tiny_edge_list(tmp_path / "source")
    broken = faults.disjoint_dates(source, tmp_path / "copy")
    with pytest.raises(
        RawDataError, match=r"\d+% of the ends of \d+ edges .* expected at least 90%. .* another corpus"
    ):
        edge_list.read(broken.folder, AS_OF)


def test_papers_of_which_a_third_are_missing_are_refused(tmp_path: Path) -> None:
    source = faults.tiny_edge_list(tmp_path / "source")
    rows = _rows(source / "papers.csv.gz")
    kept = [f"{p['id']},{p['date']},x" for n, p in enumerate(rows) if n % 3]
    (source / "papers.csv.gz").write_bytes(gzip.compress("\n".join(["id,date,title", *kept]).encode()))
    with pytest.raises(RawDataError, match=r"6\d% of the ends of \d+ edges .* lacks papers"):
        edge_list.read(source, AS_OF)


def test_the_dates_of_another_corpus_are_refused_where_ids_join_by_accident(tmp_path: Path) -> None:
    source = faults.tiny_edge_list(tmp_path / "source")
    assert edge_list.read(source, AS_OF).works.num_rows == 120
    broken = faults.foreign_dates(source, tmp_path / "copy")
    with pytest.raises(RawDataError, match=r"over a year later; expected at most 20%. .* another corpus"):
        edge_list.read(broken.folder, AS_OF)


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))


@pytest.mark.real_data
def test_hepth_is_what_a_plain_reader_reads(shared_data: Path) -> None:
    papers, edges = _rows(shared_data / "hepth" / "papers.csv.gz"), _rows(shared_data / "hepth" / "edges.csv.gz")
    found = edge_list.read(shared_data / "hepth", AS_OF)
    dates = {int(p["id"]): date.fromisoformat(p["date"]) for p in papers}
    pairs = sorted({(int(e["citing"]), int(e["cited"])) for e in edges if int(e["citing"]) != int(e["cited"])})
    assert dict(zip(*(found.works[c].to_pylist() for c in ("document_id", "published")), strict=True)) == dates
    citations = lake.citations(found.works)
    assert list(zip(*(citations[c].to_pylist() for c in ("citing_id", "cited_id")), strict=True)) == pairs
    assert (found.self_citations, found.repeated_edges, found.unknown_citing) == (39, 0, 0)
    citing = Counter(int(e["citing"]) for e in edges)
    assert found.edges.tolist() == [citing[number] for number in sorted(dates)]


@pytest.mark.real_data
def test_papers_that_meet_two_in_five_ends_of_real_edges_are_refused(shared_data: Path, tmp_path: Path) -> None:
    papers = _rows(shared_data / "hepth" / "papers.csv.gz")
    kept = [f"{p['id']},{p['date']},x" for p in papers if int(p["id"]) % 20 < 8]
    folder(tmp_path, [*kept, *(f"{10**9 + n},2000-01-01,x" for n in range(20_000))], [])
    (tmp_path / "edges.csv.gz").write_bytes((shared_data / "hepth" / "edges.csv.gz").read_bytes())
    with pytest.raises(RawDataError, match=r"(39|4[0-3])% of the ends of 352807 edges"):
        edge_list.read(tmp_path, AS_OF)
