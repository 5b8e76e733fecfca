"""Each check of the documents' suite, fired by breaking exactly one thing."""

from datetime import date

import pytest

from expectations.documents import SUITE, expectations

LONG_AGO, FAR_AHEAD = date(1499, 12, 31), date(2018, 1, 1)


def test_valid_documents_pass_every_check(documents, judged):
    outcome = judged("documents", documents)
    assert outcome.success
    assert outcome.failures == []


BROKEN = {
    "no document at all": (
        lambda rows: rows.clear(),
        ("expect_table_row_count_to_be_between", "", "critical"),
    ),
    "an id is null": (
        lambda rows: rows[3].update(document_id=None),
        ("expect_column_values_to_not_be_null", "document_id", "critical"),
    ),
    "an id is 0": (
        lambda rows: rows[3].update(document_id=0),
        ("expect_column_values_to_be_between", "document_id", "critical"),
    ),
    "an id occurs twice": (
        lambda rows: rows[3].update(document_id=5),
        ("expect_column_values_to_be_unique", "document_id", "critical"),
    ),
    "a date is null": (
        lambda rows: rows[3].update(published=None),
        ("expect_column_values_to_not_be_null", "published", "critical"),
    ),
    "a date is too early": (
        lambda rows: rows[3].update(published=LONG_AGO),
        ("expect_column_values_to_be_between", "published", "critical"),
    ),
    "a date is of year 1": (
        lambda rows: rows[3].update(published=date(1, 1, 1)),
        ("expect_column_values_to_be_between", "published", "critical"),
    ),
    "a date is too late": (
        lambda rows: rows[3].update(published=FAR_AHEAD),
        ("expect_column_values_to_be_between", "published", "critical"),
    ),
    "a date is of year 9999": (
        lambda rows: rows[3].update(published=date(9999, 12, 31)),
        ("expect_column_values_to_be_between", "published", "critical"),
    ),
    "the version's time is null": (
        lambda rows: rows[3].update(updated=None),
        ("expect_column_values_to_not_be_null", "updated", "critical"),
    ),
    "the retraction flag is null": (
        lambda rows: rows[3].update(is_retracted=None),
        ("expect_column_values_to_not_be_null", "is_retracted", "critical"),
    ),
    "the number of references is null": (
        lambda rows: rows[3].update(reference_count=None),
        ("expect_column_values_to_not_be_null", "reference_count", "critical"),
    ),
    "the number of references is negative": (
        lambda rows: rows[3].update(reference_count=-1),
        ("expect_column_values_to_be_between", "reference_count", "critical"),
    ),
    "three of forty have no title": (
        lambda rows: [row.update(title=None) for row in rows[:3]],
        ("expect_column_values_to_be_null", "title_missing", "warning"),
    ),
    "twenty-one of forty have no topic": (
        lambda rows: [row.update(topic_id=None, topic=None) for row in rows[:21]],
        ("expect_column_values_to_not_be_null", "topic_id", "info"),
    ),
    "three of forty are retracted": (
        lambda rows: [row.update(is_retracted=True) for row in rows[:3]],
        ("expect_column_values_to_be_in_set", "is_retracted", "warning"),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_breaking_one_thing_fires_its_check_alone(name, documents, judged):
    breaks, expected = BROKEN[name]
    breaks(documents)
    outcome = judged("documents", documents)
    assert [(f["check"], f["column"], f["severity"]) for f in outcome.failures] == [expected]
    assert outcome.success == (expected[2] != "critical")


ALLOWED = {
    "the first day and the last that are possible": lambda rows: (
        rows[0].update(published=date(1500, 1, 1)),
        rows[1].update(published=date(2017, 12, 31)),
    ),
    "two of forty have no title": lambda rows: [row.update(title=None) for row in rows[:2]],
    "the source has no titles": lambda rows: [row.update(title=None) for row in rows],
    "twenty of forty have no topic": lambda rows: [row.update(topic_id=None, topic=None) for row in rows[:20]],
    "two of forty are retracted": lambda rows: [row.update(is_retracted=True) for row in rows[:2]],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_within_the_limits_passes(name, documents, judged):
    ALLOWED[name](documents)
    assert judged("documents", documents).failures == []


def test_a_failure_names_the_document_the_value_and_the_limit(documents, judged):
    documents[6].update(published=FAR_AHEAD)
    (failure,) = judged("documents", documents).failures
    assert failure["expected"] == "Documents are published between 1500-01-01 and 2017-12-31."
    assert failure["observed"] == "1 of 40 rows (2.5 %) differ"
    assert failure["examples"] == [{"document_id": 7, "published": "2018-01-01T00:00:00+00:00"}]


def _held(documents, count):
    return [documents[n % len(documents)] for n in range(count)], []


@pytest.mark.parametrize(
    ("counts", "least"),
    [
        ([], None),
        ([400], None),
        ([400, 50], None),
        ([400, 51], 41),
        ([5, 500, 60, 50, 40], None),
        ([5, 60, 60, 40], 48),
    ],
)
def test_a_release_with_fewer_documents_than_usual_is_a_warning(counts, least, documents, judged):
    """The median of the last three releases counts, and the first release does not."""
    outcome = judged("documents", documents, earlier=[_held(documents, n) for n in counts])
    expected = [] if least is None else [("warning", f"at least {least} documents", "40")]
    assert [(f["severity"], f["expected"][14:].split(",")[0], f["observed"]) for f in outcome.failures] == expected
    assert outcome.success


def test_every_check_is_proven_to_fire():
    proven = {case[1][:2] for case in BROKEN.values()} | {("expect_column_values_to_be_null", "schema_difference")}
    declared = {
        (e.configuration.type, e.configuration.kwargs.get("column", "")) for e in expectations("2012-12-31", {})
    }
    assert declared == proven  # the schema's check is proven in test_runner.py


def test_the_suite_knows_rows_by_id():
    assert SUITE.identity == ("document_id",)
