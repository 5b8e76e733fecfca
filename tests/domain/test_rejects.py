from hotarea.domain import tables
from hotarea.domain.rejects import DETAIL_LIMIT, Reason, Wrong, by_reason, quarantine, reject

WRONG = Wrong(Reason.BAD_ID, "id 'X'; expected a number")


def test_quarantine_keeps_rejects_in_the_order_of_their_lines() -> None:
    rejects = [reject(9, WRONG, b"nine \xff"), reject(2, Wrong(Reason.NO_DATE, "none"), "two")]
    table = quarantine("2012-12-31", "part_0000.gz", rejects)
    assert table.schema == tables.QUARANTINE
    assert table.to_pylist() == [
        {
            "release": "2012-12-31",
            "file": "part_0000.gz",
            "line": 2,
            "reason": "no_date",
            "detail": "none",
            "record": "two",
        },
        {
            "release": "2012-12-31",
            "file": "part_0000.gz",
            "line": 9,
            "reason": "bad_id",
            "detail": "id 'X'; expected a number",
            "record": "nine \ufffd",
        },
    ]


def test_quarantine_of_nothing_has_the_same_columns() -> None:
    assert quarantine("2012-12-31", "part_0000.gz", []).schema == tables.QUARANTINE


def test_details_are_cut_and_records_are_kept_whole() -> None:
    cut = reject(1, Wrong(Reason.BAD_ID, "d" * 9_999), "r" * 9_999)
    assert (len(cut.detail), len(cut.record)) == (DETAIL_LIMIT, 9_999)


def test_rejects_are_counted_by_reason() -> None:
    words = [Reason.NO_DATE, Reason.BAD_ID, Reason.NO_DATE]
    assert by_reason([reject(1, Wrong(word, ""), "") for word in words]) == {"bad_id": 1, "no_date": 2}


def test_the_vocabulary_is_stable() -> None:
    assert {reason.value for reason in Reason} == {
        "invalid_utf8",
        "broken_json",
        "wrong_type",
        "bad_row",
        "bad_id",
        "no_references",
        "bad_reference",
        "no_date",
        "bad_date",
        "implausible_date",
        "bad_updated",
    }
