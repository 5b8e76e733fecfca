"""What the citations' suite allows, and what it says; that each check fires is proven in `test_every_check_fires`."""

from datetime import date

import pytest

COUNT = "expect_table_row_count_to_be_between"


def _future(share):
    """Turn a share of the citations around: documents of 2011 cite documents of 2012."""

    def breaks(rows):
        for row in rows[: round(share * len(rows))]:
            row.update(citing_id=row["cited_id"], cited_id=row["citing_id"], published=date(2011, 1, 1))

    return breaks


def test_a_small_release_may_have_no_citations(documents, judged):
    assert judged("citations", [], documents).failures == []


def test_a_large_release_without_citations_is_a_warning(documents, judged):
    outcome = judged("citations", [], documents * 9)
    assert [(f["check"], f["severity"], f["observed"]) for f in outcome.failures] == [(COUNT, "warning", "0")]
    assert outcome.success


def test_the_share_of_the_future_is_of_the_citations_whose_dates_are_known(documents, citations, judged):
    _future(1 / 7)(citations)
    for row in citations[-100:]:
        row.update(cited_id=row["cited_id"] + 5000)
    (failure,) = judged("citations", citations, documents).failures
    assert failure["observed"] == "34 of 140 rows with a value (24.3 %) differ"
    assert failure["examples"][0] == {"citing_id": 1, "cited_id": 61, "days_ahead": 396}


def test_a_share_of_few_citations_says_nothing(documents, citations, judged):
    few = citations[:99]
    _future(1)(few)
    assert judged("citations", few, documents).failures == []


def test_citations_of_documents_outside_the_release_are_not_judged_by_date(documents, citations, judged):
    for row in citations:
        row.update(cited_id=row["cited_id"] + 5000)
    assert judged("citations", citations, documents).failures == []


def test_a_failure_names_the_pair_and_the_value(documents, citations, judged):
    citations[3].update(citing_id=999)
    (failure,) = judged("citations", citations, documents).failures
    assert failure["expected"] == "Every citing document is among the documents of its release."
    assert failure["observed"] == "1 of 240 rows (0.417 %) differ"
    assert failure["examples"] == [{"citing_id": 999, "cited_id": 4, "citing_unknown": "citing_id is 999"}]


def test_a_release_without_documents_knows_no_citing_document(citations, judged):
    failures = judged("citations", citations, []).failures
    assert [(f["column"], f["observed"]) for f in failures] == [("citing_unknown", "240 of 240 rows (100 %) differ")]


# of 240 citations before, a tenth dangled: usual are up to 13.5 %, and from 55 % on documents were lost
@pytest.mark.parametrize(
    ("dangling", "severities"), [(32, []), (33, ["warning"]), (132, ["warning"]), (133, ["critical", "warning"])]
)
def test_more_dangling_citations_than_before_are_told(dangling, severities, documents, citations, judged):
    before = [row | {"cited_id": row["cited_id"] + 1000 * (n < 24)} for n, row in enumerate(citations)]
    rows = [row | {"cited_id": row["cited_id"] + 5000 * (n < dangling)} for n, row in enumerate(citations)]
    outcome = judged("citations", rows, documents, [(documents, before)])
    assert [(f["column"], f["severity"]) for f in outcome.failures] == [("dangles", s) for s in severities]
    assert all(
        f["observed"] == f"{dangling} of 240 rows ({100 * dangling / 240:.3g} %) differ" for f in outcome.failures
    )
    assert outcome.success == ("critical" not in severities)


def test_a_citation_of_any_earlier_release_is_found(documents, citations, judged):
    rows = [row | {"cited_id": row["cited_id"] + 5000} for row in citations]
    oldest = [row | {"document_id": row["document_id"] + 5000} for row in documents]
    assert judged("citations", rows, documents, [(oldest, []), (documents, citations)]).failures == []


@pytest.mark.parametrize(("before", "now"), [(99, 240), (240, 99)])
def test_of_few_citations_no_share_is_told(before, now, documents, citations, judged):
    rows = [row | {"cited_id": row["cited_id"] + 5000} for row in citations[:now]]
    assert judged("citations", rows, documents, [(documents, citations[:before])]).failures == []
