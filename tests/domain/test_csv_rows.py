import gzip
from pathlib import Path

import pytest

from hotarea.domain import csv_rows
from hotarea.domain.errors import RawDataError
from hotarea.domain.rejects import Reason


def file(tmp_path: Path, content: bytes, name: str = "papers.csv.gz") -> Path:
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return tmp_path / name


def test_columns_are_read_by_name_with_the_number_of_their_row(tmp_path: Path) -> None:
    table, rejects = csv_rows.read(file(tmp_path, b'title,id\n"a, ""b""",1\n,2\n'), ("id",), optional=("title", "date"))
    assert table.to_pydict() == {"id": [b"1", b"2"], "title": [b'a, "b"', b""], "row": [2, 3]}
    assert rejects == []


def test_a_plain_file_is_read_as_well(tmp_path: Path) -> None:
    table, _ = csv_rows.read(file(tmp_path, b"\xef\xbb\xbfid\r\n7\r\n", "deleted_ids.csv"), ("id",))
    assert table["id"].to_pylist() == [b"7"]


def test_a_row_of_another_length_is_rejected_and_the_rows_keep_their_numbers(tmp_path: Path) -> None:
    table, rejects = csv_rows.read(file(tmp_path, b"id,date\n1,x\n2\n3,y\n4,z,\n5,w\n"), ("id", "date"))
    assert table["row"].to_pylist() == [2, 4, 6]
    assert [(r.line, r.reason, r.detail, r.record) for r in rejects] == [
        (3, Reason.BAD_ROW, "1 columns; expected 2", "2"),
        (5, Reason.BAD_ROW, "3 columns; expected 2", "4,z,"),
    ]


def test_bytes_that_are_no_text_stay_in_their_row(tmp_path: Path) -> None:
    table, _ = csv_rows.read(file(tmp_path, b"id\n one \n\xff\nthree\n"), ("id",))
    assert csv_rows.texts(table["id"]) == ["one", None, "three"]


def test_many_blocks_number_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "_BLOCK_BYTES", 64)
    content = b"id,title\n" + b"".join(b"%d,%s\n" % (n, b"x" if n % 10 else b"x,y") for n in range(2, 102))
    table, rejects = csv_rows.read(file(tmp_path, content), ("id",))
    assert [int(i) for i in table["id"].to_pylist()] == table["row"].to_pylist()
    assert [r.line for r in rejects] == list(range(10, 101, 10))


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match=r"papers\.csv\.gz has the header 'a,b'; expected the columns id, date"):
        csv_rows.read(file(tmp_path, b"a,b\n1,2\n"), ("id", "date"))


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    path = file(tmp_path, b"id\n" + b"".join(b"%d\n" % (n * n) for n in range(500)))
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RawDataError, match=r"papers\.csv\.gz is truncated"):
        csv_rows.read(path, ("id",))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'id,title\n1,a\n2,"b\n3,c\n4,"d"\n5,e\n', r"papers\.csv\.gz has 6 lines but 4 records.*Line 3 has a quote"),
        (b'id,title\n1,a\n2,"b\n3,c\n4,d\n', r"papers\.csv\.gz .*Line 3 has a quote that is not closed"),
        (b'id,title\n1,"two\nlines"\n2,b\n', r"has 4 lines but 3 records, .*expected one record a line"),
    ],
)
def test_a_quote_that_is_not_closed_swallows_no_row_in_silence(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(RawDataError, match=message):
        csv_rows.read(file(tmp_path, content), ("id",))


def test_line_ends_and_empty_lines_do_not_matter(tmp_path: Path) -> None:
    content = b'\r\nid,title\r\n1,"a, ""b"""\r\n\r\n2,5" disk\r\n3,c'
    table, _ = csv_rows.read(file(tmp_path, content.lstrip()), ("id",))
    assert table["id"].to_pylist() == [b"1", b"2", b"3"]


def test_what_arrow_cannot_parse_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "_BLOCK_BYTES", 64)
    content = b"id,title\n" + b"1," + b"x" * 500 + b"\n"
    with pytest.raises(RawDataError, match=r"papers\.csv\.gz cannot be parsed: .*expected CSV\. Correct the file"):
        csv_rows.read(file(tmp_path, content), ("id",))
