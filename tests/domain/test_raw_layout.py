"""The eras of raw records, and what each of them allows."""

from pathlib import Path

import pytest

from hotarea.domain.raw_layout import LAYOUTS, era


def test_numbers_for_topics_are_of_before_2026_only():
    assert "number" in LAYOUTS["before_2026"]["primary_topic_id"].kinds
    assert "number" in LAYOUTS["json_lines"]["primary_topic_id"].kinds
    assert "number" not in LAYOUTS["current"]["primary_topic_id"].kinds


def test_works_of_all_eras_have_the_same_fields():
    """The ingest counts them without knowing the era."""
    assert [*LAYOUTS["current"]] == [*LAYOUTS["before_2026"]] == [*LAYOUTS["json_lines"]]


@pytest.mark.parametrize(
    ("form", "manifest", "expected"),
    [
        ("works", "manifest.json", "current"),
        ("works", "manifest", "before_2026"),
        ("works", None, "json_lines"),
        ("edge_list", None, "edge_list"),
    ],
)
def test_the_era_follows_from_the_manifest(form, manifest, expected):
    assert era(form, Path("works") / manifest if manifest else None) == expected
