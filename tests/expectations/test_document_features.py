"""What the features' suite says; that each check fires is proven in `test_every_check_fires`."""

import pytest

from hotarea.domain import tables
from tests.expectations.cases import features_case


def test_every_percentile_is_watched(features, judged):
    """One row per percentile, each too large in its own."""
    for number, name in enumerate(tables.RANKED, start=1):
        features[number].update({f"{name}_pct": 1.5})
    (failure,) = judged("document_features", features).failures
    assert failure["observed"] == f"{len(tables.RANKED)} of 120 rows (14.2 %) differ"


@pytest.mark.parametrize("name", ["rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y"])
def test_ratios_over_cite_count_are_null_exactly_without_citations(name, features, judged):
    features[3].update({name: None, f"{name}_pct": None})
    (failure,) = judged("document_features", features).failures
    assert failure["examples"] == [{"document_id": 4, "undefined_ratio": f"{name} is null"}]


def test_a_failure_names_document_column_and_value(features, judged):
    features[2].update(rate_pct=1.25)
    (failure,) = judged("document_features", features).failures
    assert failure["expected"] == "Percentiles are within (0, 1]."
    assert failure["observed"] == "1 of 120 rows (0.833 %) differ"
    assert failure["examples"] == [{"document_id": 3, "percentile_out_of_range": "rate_pct is 1.25"}]


def test_a_distribution_that_moved_is_told_where_it_moved_most(tmp_path):
    case = features_case()
    for row in case.rows[:60]:
        row.update(references_inside=50)
    (failure,) = case.judge(tmp_path).failures
    moved = "50.0% of rows have at most 6, before 100.0%"
    assert failure["examples"] == [{"field": "references_inside", "distribution_moved": moved}]


def test_a_corpus_that_grew_by_half_compares_no_distribution(tmp_path):
    """What it was before says little of what it is: the young hep-th moved by half of its rows."""
    case = features_case()
    case.rows += [row | {"document_id": row["document_id"] + 1000, "references_inside": 50} for row in case.rows[:61]]
    case.context["rows"] = 181
    assert case.judge(tmp_path).failures == []


def test_few_documents_may_all_be_old(features, judged):
    assert judged("document_features", [row | {"age_years": 9.0} for row in features[:99]]).failures == []
