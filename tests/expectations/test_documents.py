"""What the documents' suite allows, and what it says; that each check fires is proven in `test_every_check_fires`."""

from datetime import date

import pytest

from expectations.documents import SUITE

FAR_AHEAD = date(2018, 1, 1)

ALLOWED = {
    "the first day and the last that are possible": lambda rows: (
        rows[0].update(published=date(1500, 1, 1)),
        rows[1].update(published=date(2017, 12, 31)),
    ),
    "one of twenty has no title": lambda rows: [row.update(title=None) for row in rows[:6]],
    "the source has no titles": lambda rows: [row.update(title=None) for row in rows],
    "half have no topic": lambda rows: [row.update(topic_id=None, topic=None) for row in rows[:60]],
    "one of twenty is retracted": lambda rows: [row.update(is_retracted=True) for row in rows[:6]],
    "one of 120 has a strange language": lambda rows: rows[0].update(language="English"),
    "no text at all": lambda rows: [row.update(topic_id=None, language=None, type=None) for row in rows[:60]],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_within_the_limits_passes(name, documents, judged):
    ALLOWED[name](documents)
    assert judged("documents", documents).failures == []


def test_a_failure_names_the_document_the_value_and_the_limit(documents, judged):
    documents[6].update(published=FAR_AHEAD)
    (failure,) = judged("documents", documents).failures
    assert failure["expected"] == "Documents are published between 1500-01-01 and 2017-12-31."
    assert failure["observed"] == "1 of 120 rows (0.833 %) differ"
    assert failure["examples"] == [{"document_id": 7, "published": "2018-01-01"}]


def _held(documents, count):
    return [documents[n % len(documents)] for n in range(count)], []


@pytest.mark.parametrize(
    ("counts", "least"),
    [
        ([], None),
        ([900], None),
        ([900, 150], None),
        ([900, 151], 121),
        ([5, 900, 160, 150, 140], None),
        ([5, 180, 180, 120], 144),
    ],
)
def test_a_release_with_fewer_documents_than_usual_is_a_warning(counts, least, documents, judged):
    """The median of the last three releases counts, and the first release does not."""
    outcome = judged("documents", documents, earlier=[_held(documents, n) for n in counts])
    expected = [] if least is None else [("warning", f"at least {least} documents", "120")]
    assert [(f["severity"], f["expected"][14:].split(",")[0], f["observed"]) for f in outcome.failures] == expected
    assert outcome.success


def test_the_suite_knows_rows_by_id():
    assert SUITE.identity == ("document_id",)


@pytest.mark.parametrize(("before", "fails"), [(24, False), (23, True), (19, False)])
def test_far_more_documents_than_usual_are_a_warning_where_releases_were_large_enough(before, fails, documents, judged):
    """Here are 600: five times a median of 120. A median under 100 says nothing."""
    rows = [row | {"document_id": row["document_id"] + 1000 * n} for n in range(5) for row in documents]
    held = _held(documents, 5 * before)
    outcome = judged("documents", rows, earlier=[held, held])
    assert [f["check"] for f in outcome.failures] == ["expect_table_row_count_to_be_between"] * fails


def test_a_field_that_is_lost_is_named_with_its_shares(documents, judged):
    outcome = judged("documents", [row | {"type": None} for row in documents], earlier=[(documents, [])])
    (failure,) = outcome.failures
    assert failure["examples"] == [
        {"field": "type", "null_share_rose": "null in 100.0% of rows, before in 0.0%"},
    ]
