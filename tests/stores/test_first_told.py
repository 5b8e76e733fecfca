"""A home that never heard what was told otherwise."""

from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from hotarea.stores import first_told
from hotarea.stores.layout import REMOVALS, Layout
from tests.corpora import end
from tests.lakes import Delivery, Removal, Work, write_lake

RELEASES = {
    end(2010): Delivery([Work(1, date(2009, 1, 1)), Work(2, date(2010, 1, 1), [1])]),
    end(2011): Delivery([Work(2, date(2011, 6, 1), [1]), Work(3, date(2011, 1, 1), [1, 2])], [Removal(1, end(2011))]),
    end(2012): Delivery(
        [Work(3, date(2010, 1, 1)), Work(4, date(2012, 1, 1), [2, 3])], [Removal(2, end(2012), into=3)]
    ),
}


def read(layout: Layout, release: str, table: str) -> list[tuple]:
    files = sorted((layout.release(release) / table).glob("part-*.parquet"))
    return [tuple(row.values()) for file in files for row in pq.read_table(file).to_pylist()]


def test_releases_after_the_day_tell_only_works_that_were_not_known_and_no_id_ends(tmp_path: Path) -> None:
    ours, theirs = Layout(tmp_path / "ours"), Layout(tmp_path / "theirs")
    releases = write_lake(ours.home, RELEASES, parts=2)

    first_told.build(ours, theirs, releases, end(2010))

    assert theirs.release("2010-12-31").resolve() == ours.release("2010-12-31")
    assert [row[:2] for row in read(theirs, "2011-12-31", "documents")] == [(3, date(2011, 1, 1))]
    assert [row[:2] for row in read(theirs, "2011-12-31", "citations")] == [(3, 1), (3, 2)]
    assert [row[:2] for row in read(theirs, "2012-12-31", "documents")] == [(4, date(2012, 1, 1))]
    assert [row[:2] for row in read(theirs, "2012-12-31", "citations")] == [(4, 2), (4, 3)]
    for release in releases[1:]:
        assert pq.read_table(theirs.release(release) / REMOVALS).num_rows == 0


def test_what_was_known_by_the_day_stays_as_it_was_told(tmp_path: Path) -> None:
    ours, theirs = Layout(tmp_path / "ours"), Layout(tmp_path / "theirs")
    releases = write_lake(ours.home, RELEASES)

    first_told.build(ours, theirs, releases, end(2012))

    assert all(theirs.release(release).is_symlink() for release in releases)
