import gzip
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from hotarea.domain import tables
from hotarea.domain.errors import RawDataError
from hotarea.domain.rejects import Reason
from hotarea.domain.removals import RemovalFile, allotted, distinct, read, untold

Row = tuple[int, date, int | None]


def table(*rows: Row) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [[], [], []]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, tables.REMOVALS, strict=True)], tables.REMOVALS)


def rows(removals: pa.Table) -> list[Row]:
    return [tuple(row.values()) for row in removals.to_pylist()]  # type: ignore[misc]


def deleted(tmp_path: Path, content: bytes) -> RemovalFile:
    (tmp_path / "deleted_ids.csv").write_bytes(content)
    return RemovalFile(tmp_path / "deleted_ids.csv", "work_id", "deleted_date")


def merged(tmp_path: Path, content: bytes) -> RemovalFile:
    (tmp_path / "2023-04-13.csv.gz").write_bytes(gzip.compress(content))
    return RemovalFile(tmp_path / "2023-04-13.csv.gz", "id", "merge_date", "merge_into_id")


def test_deleted_ids_are_removals_without_a_successor(tmp_path: Path) -> None:
    file = deleted(tmp_path, b"work_id,deleted_date\nhttps://openalex.org/W5,2012-03-04\nW6,2013-01-01\n")
    found, rejects = read(file)
    assert found.schema == tables.REMOVALS
    assert rows(found) == [(5, date(2012, 3, 4), None), (6, date(2013, 1, 1), None)]
    assert rejects == []


def test_merged_ids_name_their_successor(tmp_path: Path) -> None:
    found, _ = read(merged(tmp_path, b"merge_date,id,merge_into_id\n2022-08-03,W5,W2\n"))
    assert rows(found) == [(5, date(2022, 8, 3), 2)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"2022-08-03,A5,W2", Reason.BAD_ID),
        (b"2022-08-03,W5,", Reason.BAD_ID),
        (b"2022-08-03,W5,W5", Reason.BAD_ID),
        (b"someday,W5,W2", Reason.BAD_DATE),
        (b",W5,W2", Reason.NO_DATE),
        (b"2022-08-03,W5", Reason.BAD_ROW),
    ],
)
def test_a_bad_row_is_rejected_and_the_others_are_kept(tmp_path: Path, row: bytes, reason: Reason) -> None:
    content = b"merge_date,id,merge_into_id\n2022-08-03,W7,W2\n" + row + b"\n2022-08-04,W8,W2\n"
    found, rejects = read(merged(tmp_path, content))
    assert [(r.line, r.reason) for r in rejects] == [(3, reason)]
    assert [number for number, _, _ in rows(found)] == [7, 8]


def test_a_file_without_its_columns_is_named(tmp_path: Path) -> None:
    with pytest.raises(RawDataError, match=r"deleted_ids\.csv has the header 'id'; expected the columns work_id"):
        read(deleted(tmp_path, b"id\n"))


DAY = date(2012, 6, 1)


def test_distinct_removals_are_in_order_of_date_and_id() -> None:
    found = distinct(table((9, DAY, None), (2, DAY, 3), (9, DAY, None), (9, date(2011, 1, 1), 4)))
    assert rows(found) == [(9, date(2011, 1, 1), 4), (2, DAY, 3), (9, DAY, None)]
    assert found.schema == tables.REMOVALS


def test_only_what_no_release_told_before_is_untold() -> None:
    file = table((1, DAY, None), (2, DAY, 3), (1, date(2013, 1, 1), None))
    assert rows(untold(file, table((1, DAY, None)))) == [(2, DAY, 3), (1, date(2013, 1, 1), None)]
    assert rows(untold(file, file)) == []
    assert rows(untold(table(), table())) == []


def test_a_removal_is_told_by_the_first_release_on_or_after_its_date_and_waits_if_there_is_none() -> None:
    removals = table(
        (1, date(2009, 5, 5), None),  # before the first release of this folder, or told too late for its own
        (2, date(2010, 12, 31), None),
        (3, date(2011, 1, 1), None),
        (4, date(2012, 12, 31), 2),
        (5, date(2013, 1, 1), None),
    )
    told = allotted(removals, [date(2010, 12, 31), date(2011, 12, 31), date(2012, 12, 31)])
    assert [[number for number, _, _ in rows(t)] for t in told] == [[1, 2], [3], [4]]
