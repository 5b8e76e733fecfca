"""Documents as known on a date, and the files of published sets."""

from datetime import date
from pathlib import Path

import pytest

from hotarea.domain.errors import NotReadyError
from hotarea.domain.tables import DOCUMENTS
from hotarea.stores.lake import documents_as_of, feature_files, label_files
from hotarea.stores.layout import Layout
from tests.corpora import EVENTFUL, cutoff, end
from tests.lakes import write_lake


@pytest.fixture
def lake(tmp_path: Path) -> tuple[Layout, list[str]]:
    return Layout(tmp_path), write_lake(tmp_path, EVENTFUL, parts=2)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (date(2009, 1, 1), {}),
        (end(2010), {10: 2005, 11: 2006, 12: 2009, 13: 2010}),
        (end(2011), {10: 2005, 11: 2006, 12: 2008, 13: 2010, 14: 2011, 15: 2011}),  # 12 is corrected
        (date(2012, 12, 30), {10: 2005, 11: 2006, 12: 2008, 13: 2010, 14: 2011, 15: 2011}),
        (end(2012), {10: 2005, 11: 2006, 12: 2008, 14: 2011, 16: 2012, 17: 2013}),  # 13 is merged, 15 deleted
        (end(2014), {10: 2005, 12: 2008, 14: 2011, 16: 2012, 17: 2013, 18: 2014}),  # the old version of 10 is ignored
    ],
)
def test_documents_as_known_on_a_date(lake: tuple[Layout, list[str]], known: date, expected: dict[int, int]) -> None:
    layout, releases = lake
    table = documents_as_of(layout, releases, known)
    rows = table.to_pylist()
    assert table.schema == DOCUMENTS
    assert {row["document_id"]: row["published"].year for row in rows} == expected
    assert [row["document_id"] for row in rows] == sorted(expected)


def test_only_the_columns_that_are_asked_for(lake: tuple[Layout, list[str]]) -> None:
    layout, releases = lake
    table = documents_as_of(layout, releases, end(2011), ["topic", "title"])
    assert table.schema.names == ["topic", "title"]
    assert table["title"].to_pylist()[2] == "work 12 as of 2011-12-31"


def test_releases_that_are_not_named_are_not_read(lake: tuple[Layout, list[str]]) -> None:
    layout, releases = lake
    assert documents_as_of(layout, releases[:1], end(2015))["document_id"].to_pylist() == [10, 11, 12, 13]
    assert documents_as_of(layout, [], end(2015)).schema == DOCUMENTS


def test_a_missing_release_is_named(lake: tuple[Layout, list[str]]) -> None:
    layout, releases = lake
    with pytest.raises(NotReadyError, match="documents of release 2013-12-31 are missing"):
        documents_as_of(layout, [*releases, "2013-12-31"], end(2015))
    (layout.release(releases[0]) / "removals.parquet").unlink()
    with pytest.raises(NotReadyError, match="removals of release 2010-12-31 are missing"):
        documents_as_of(layout, releases, end(2015))


def test_files_of_sets_come_in_order_of_cutoffs_and_parts(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    for place in (layout.feature_set, layout.label_set):
        for at in (cutoff(2012), cutoff(2010, 2011)):
            for number in (1, 0):
                place(at).mkdir(parents=True, exist_ok=True)
                (place(at) / f"part-{number:04d}.parquet").touch()
    found = feature_files(layout, [cutoff(2010, 2011), cutoff(2012)])
    names = [f"cutoff=2010-12-31/known=2011-12-31/part-000{n}.parquet" for n in (0, 1)]
    names += [f"cutoff=2012-12-31/known=2012-12-31/part-000{n}.parquet" for n in (0, 1)]
    assert [f.relative_to(layout.features).as_posix() for f in found] == names
    assert [f.name for f in label_files(layout, [cutoff(2012)])] == ["part-0000.parquet", "part-0001.parquet"]
    with pytest.raises(NotReadyError, match="labels of cutoff 2014-12-31@2014-12-31 are missing"):
        label_files(layout, [cutoff(2012), cutoff(2014)])
