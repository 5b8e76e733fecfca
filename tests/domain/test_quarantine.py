"""Records written out for a person to correct are read back as they are."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotarea.domain.errors import RawDataError
from hotarea.domain.quarantine import Quarantined, read_back, tried, written_out
from hotarea.domain.rejects import Reason

FILE = "updated_date=2012-12-31/part_0000.gz"
GOOD = '{"id": "W1", "publication_year": 2012, "referenced_works": ["W2"]}'


def quarantined(line: int, record: str, file: str = FILE) -> Quarantined:
    return Quarantined("2013-12-31", file, line, "broken_json", "is it?\n", record, "open", None)


@given(st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1), max_size=5))
def test_any_records_come_back(texts: list[str]) -> None:
    """Also those that look like a heading, or hold what some take for the end of a line."""
    found = [quarantined(line, text) for line, text in enumerate(texts, 1)]
    text = "\n".join([*written_out(found), ""])
    expected = {(r.release, r.file, r.line): r.record for r in found if r.record.strip()}
    assert read_back(text, "file") == expected


def test_a_record_that_looks_like_a_heading_comes_back() -> None:
    found = quarantined(1, '#: {"release": "x"}')
    assert [*read_back("\n".join(written_out([found])), "file").values()] == [found.record]


def test_what_is_removed_is_left_alone() -> None:
    lines = [*written_out([quarantined(1, "one"), quarantined(2, "two"), quarantined(3, "three")])]
    assert [*read_back("\n".join([*lines[:2], *lines[4:]]), "file").values()] == ["two", "three"]
    lines[3] = ""
    assert [*read_back("\n".join(lines), "file").values()] == ["two", "three"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n\nstray\n", "file, line 3: 'stray' has no heading"),
        ("#: {]\nx\n", "file, line 1: the heading cannot be read"),
        ('#: {"release": "r", "file": "f"}\nx\n', "file, line 1: the heading cannot be read"),
        ('#: {"release": "r", "file": "f", "line": "two"}\nx\n', "file, line 1: the heading cannot be read"),
    ],
)
def test_other_files_are_named(text: str, said: str) -> None:
    with pytest.raises(RawDataError, match=said):
        read_back(text, "file")


def test_when_a_record_was_delivered_is_in_its_files_name() -> None:
    assert quarantined(1, "").delivered == date(2012, 12, 31)
    assert quarantined(1, "", "papers.csv.gz").delivered is None
    assert quarantined(1, "", "retried/updated_date=2012-12-31/part_0000.gz").delivered is None


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (GOOD, None),
        (f" {GOOD}\r", None),
        ("", Reason.BROKEN_JSON),
        (f"{GOOD}\n{GOOD}", Reason.BROKEN_JSON),
        (GOOD[:-1], Reason.BROKEN_JSON),
        (GOOD.replace("2012", "2030"), Reason.IMPLAUSIBLE_DATE),
        (GOOD.replace('["W2"]', "null"), Reason.NO_REFERENCES),
        ("\ud800", Reason.BROKEN_JSON),
    ],
)
def test_a_record_is_tried_by_the_rules_of_the_job(record: str, reason: Reason | None) -> None:
    wrong = tried(record, date(2012, 12, 31))
    assert (wrong.reason if wrong else None) == reason
