"""Each check of the features' suite, fired by breaking exactly one thing."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from expectations.document_features import expectations, frame
from hotarea.domain import tables

NULL, ORDER = "expect_column_values_to_be_null", "expect_column_pair_values_a_to_be_greater_than_b"
BETWEEN, UNIQUE = "expect_column_values_to_be_between", "expect_column_values_to_be_unique"

ALWAYS_THERE = [
    name
    for name in ("document_id", "event_timestamp", "created_timestamp", *tables.RANKED)
    if name not in {"rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y"}
]
DIVIDED_BY_CITE_COUNT = ["rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y"]


def test_valid_features_pass_every_check(features, judged):
    outcome = judged("document_features", features)
    assert outcome.success
    assert outcome.failures == []


BROKEN = {
    "no row": (lambda rows: rows.clear(), ["expect_table_row_count_to_be_between "]),
    "an id occurs twice": (lambda rows: rows[3].update(document_id=1), [f"{UNIQUE} document_id"]),
    "a row of another cutoff": (
        lambda rows: rows[3].update(event_timestamp=datetime(2012, 12, 30, tzinfo=UTC)),
        [f"{BETWEEN} event_timestamp"],
    ),
    "a row of another knowledge date": (
        lambda rows: rows[3].update(created_timestamp=datetime(2013, 2, 1, tzinfo=UTC)),
        [f"{BETWEEN} created_timestamp"],
    ),
    "a row known before its cutoff": (
        lambda rows: rows[3].update(created_timestamp=datetime(2012, 12, 30, tzinfo=UTC)),
        [f"{BETWEEN} created_timestamp", f"{ORDER} created_timestamp, event_timestamp"],
    ),
    "one year above two": (lambda rows: rows[3].update(cite_count_1y=5), [f"{ORDER} cite_count_2y, cite_count_1y"]),
    "two years above five": (lambda rows: rows[3].update(cite_count_2y=7), [f"{ORDER} cite_count_5y, cite_count_2y"]),
    "five years above all": (
        lambda rows: rows[3].update(cite_count_5y=31, size_5y=31),
        [f"{ORDER} cite_count, cite_count_5y"],
    ),
    "size of one year above two": (lambda rows: rows[3].update(size_1y=21), [f"{ORDER} size_2y, size_1y"]),
    "size of two years above five": (lambda rows: rows[3].update(size_2y=31), [f"{ORDER} size_5y, size_2y"]),
    "area smaller than its document": (
        lambda rows: rows[3].update(size_5y=5, size_2y=4, size_1y=3),
        [f"{ORDER} size_5y, cite_count_5y"],
    ),
    "a negative count": (lambda rows: rows[3].update(references_inside=-1), [f"{NULL} out_of_range"]),
    "a negative age": (lambda rows: rows[3].update(age_years=-0.1), [f"{NULL} out_of_range"]),
    "a share above 1": (lambda rows: rows[3].update(citing_share_1y=1.5), [f"{NULL} out_of_range"]),
    "a ratio that is not a number": (lambda rows: rows[3].update(rate_1y=float("nan")), [f"{NULL} out_of_range"]),
    "an infinite ratio": (lambda rows: rows[3].update(acceleration=float("-inf")), [f"{NULL} out_of_range"]),
    "a rate without citations": (
        lambda rows: rows[0].update(rate=0.0, rate_pct=0.1),
        [f"{NULL} undefined_ratio"],
    ),
    "a percentile without a value": (lambda rows: rows[0].update(rate_pct=0.1), [f"{NULL} undefined_percentile"]),
    "a value without a percentile": (lambda rows: rows[3].update(size_1y_pct=None), [f"{NULL} undefined_percentile"]),
    "a percentile of 0": (lambda rows: rows[3].update(age_years_pct=0.0), [f"{NULL} percentile_out_of_range"]),
    "a percentile above 1": (lambda rows: rows[3].update(rate_pct=1.001), [f"{NULL} percentile_out_of_range"]),
    "a lost value": (
        lambda rows: rows[3].update(age_years=None, age_years_pct=None),
        [f"{NULL} unexpected_null"],
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_breaking_one_thing_fires_its_checks_alone(name, features, judged):
    breaks, expected = BROKEN[name]
    breaks(features)
    outcome = judged("document_features", features)
    assert sorted(f"{f['check']} {f['column']}" for f in outcome.failures) == sorted(expected)
    assert {f["severity"] for f in outcome.failures} == {"critical"}
    assert not outcome.success


def _fired(outcome, column):
    return [f["examples"] for f in outcome.failures if f["column"] == column]


def test_every_column_that_is_never_null_is_watched(features):
    """One row per column, each null in its own."""
    lax = pa.schema([pa.field(field.name, field.type) for field in tables.FEATURES])
    rows = [features[3] | {name: None, f"{name}_pct": None} for name in ALWAYS_THERE]
    found = frame(pa.Table.from_pylist(rows, schema=lax), {})["unexpected_null"]
    assert list(found) == [f"{name} is null" for name in ALWAYS_THERE]


def test_every_percentile_is_watched(features):
    broken = [features[3] | {f"{name}_pct": 1.5} for name in tables.RANKED]
    found = frame(pa.Table.from_pylist(broken, schema=tables.FEATURES), {})["percentile_out_of_range"]
    assert list(found) == [f"{name}_pct is 1.5" for name in tables.RANKED]


@pytest.mark.parametrize("name", DIVIDED_BY_CITE_COUNT)
def test_ratios_over_cite_count_are_null_exactly_without_citations(name, features, judged):
    features[3].update({name: None, f"{name}_pct": None})
    outcome = judged("document_features", features)
    assert _fired(outcome, "undefined_ratio") == [[{"document_id": 4, "undefined_ratio": f"{name} is null"}]]


def test_a_failure_names_document_column_and_value(features, judged):
    features[2].update(rate_pct=1.25)
    (failure,) = judged("document_features", features).failures
    assert failure["expected"] == "Percentiles are within (0, 1]."
    assert failure["observed"] == "1 of 4 rows (25 %) differ"
    assert failure["examples"] == [{"document_id": 3, "percentile_out_of_range": "rate_pct is 1.25"}]


def test_every_check_is_proven_to_fire():
    def name(check):
        kwargs = check.configuration.kwargs
        columns = [kwargs[key] for key in ("column", "column_A", "column_B") if key in kwargs]
        return f"{check.configuration.type} {', '.join(columns)}"

    proven = {fired for _, expected in BROKEN.values() for fired in expected} | {f"{NULL} schema_difference"}
    assert {name(check) for check in expectations("2012-12-31@2013-01-31", {})} == proven
