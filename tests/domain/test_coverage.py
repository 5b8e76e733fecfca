"""How much of what a model reads was compared online, in a sentence."""

from dataclasses import replace

from hotarea.domain.coverage import told
from tests.evidence import FIRST


def test_features_that_are_served_are_named_with_their_share_of_the_gain():
    assert told(FIRST) == (
        "Of the model's 2 features, 1 with 20.0% of the gain (age_years) is served online and therefore compared; "
        "the others are read offline only."
    )


def test_several_features_share_the_gain():
    three = replace(FIRST, features=("a", "b", "c"), importance={"a": 0.5, "b": 0.3, "c": 0.2})

    assert "2 with 80.0% of the gain (a, b) are served" in told(replace(three, online_features=("a", "b")))


def test_where_none_is_served_that_is_said_and_where_it_is_unknown_nothing():
    assert told(replace(FIRST, online_features=())).startswith("None of the model's 2 features is served online")
    assert not told(replace(FIRST, online_features=None))
