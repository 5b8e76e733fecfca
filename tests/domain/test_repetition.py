"""The same data delivered twice are told from works that came again."""

from datetime import date
from typing import Any

import pytest

from hotarea.domain import repetition
from hotarea.domain.delivery import Delivery, Partition

SIZES = {"2010-12-31": 1_000, "2011-12-31": 200}


def release(**changes: Any) -> repetition.Release:
    found = {"documents": 200, "new": 200, "changed": 0, "same_record": 0, "of_release": {}}
    return repetition.Release(**(found | changes))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"documents": 20, "new": 9, "same_record": 11, "of_release": {"2011-12-31": 11}}, "11 of 20 have"),
        ({"documents": 20, "new": 10, "same_record": 10, "of_release": {"2011-12-31": 10}}, None),
        ({"documents": 12, "new": 3, "same_record": 9, "of_release": {"2011-12-31": 9}}, None),  # too few
        ({"new": 0, "of_release": {"2011-12-31": 200}}, "0 are new and 0 changed of 200"),
        ({"new": 2, "changed": 0, "of_release": {"2011-12-31": 198}}, "2 are new"),
        ({"new": 1, "changed": 2, "of_release": {"2011-12-31": 199}}, None),  # more than one in a hundred
        ({"new": 0, "of_release": {"2010-12-31": 200}}, None),  # a fifth of one release, touched
        ({"new": 0, "of_release": {"2011-12-31": 100, "2010-12-31": 100}}, None),  # of several releases
        ({"documents": 99, "new": 0, "of_release": {"2011-12-31": 99}}, None),
    ],
)
def test_a_release(changes: dict[str, Any], said: str | None) -> None:
    found = [f.observed for f in repetition.repeated(release(**changes), SIZES)]
    assert len(found) == (said is not None)
    assert all(str(said) in text and "2011-12-31" in text and "under a new date" in text for text in found)


def delivery(*names: str, records: int | None = 5, **hashes: str) -> Delivery:
    parts = (Partition(name, f"/raw/{name}", 100, records, sha256=hashes.get(name, name)) for name in names)
    return Delivery("2012-12-31", date(2012, 12, 31), tuple(parts))


def test_a_file_under_another_name() -> None:
    (said,) = repetition.repeated_files([delivery("a", "b", "c", b="a")], [])
    assert said == "b is the same file as a: it was delivered twice under another name"


def test_a_file_that_was_ingested_under_another_name() -> None:
    known = [{"name": "old", "sha256": "a", "records": 5}, {"name": "b", "sha256": "b", "records": 5}]
    assert repetition.repeated_files([delivery("a", "b")], known) == [
        "a is the same file as old: it was delivered twice under another name"
    ]


def test_empty_files_are_alike() -> None:
    assert repetition.repeated_files([delivery("a", "b", records=0, b="a")], []) == []
    assert repetition.repeated_files([delivery("a")], [{"name": "old", "sha256": "a", "records": 0}]) == []


def test_an_edge_list_is_the_same_files_for_each_year() -> None:
    assert repetition.repeated_files([delivery("papers", "edges"), delivery("papers", "edges")], []) == []
