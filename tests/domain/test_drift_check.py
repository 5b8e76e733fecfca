"""When a moved distribution is an alarm: limits, importance, and patience."""

from dataclasses import replace

import msgspec
import pytest

from hotarea.domain.drift_check import Alarm, DriftPolicy, Live, Measured, Patience, Period, judge, limits
from hotarea.domain.errors import SettingsError
from hotarea.domain.model_features import MODEL_FEATURES
from tests.conftest import PROJECT

STRONG_ONE, WEAK_ONE = "rate_1y_pct", "age_years"
POLICY = DriftPolicy(
    share=0.10,
    at_once=2.0,
    growth=2.5,
    fewest=100,
    predictions=0.1,
    label_share=0.01,
    features=dict.fromkeys(MODEL_FEATURES, 0.2),
    new_documents={"references_inside": 0.4},
    alarm=Alarm(Patience(2, 3), Patience(2, 3), Patience(1, 1), Patience(1, 1)),
    live=Live(0.08, 50),
)
CALM = Measured(
    features={STRONG_ONE: 0.1, WEAK_ONE: 0.1},
    importance={STRONG_ONE: 0.95, WEAK_ONE: 0.05},
    limits={STRONG_ONE: 0.2, WEAK_ONE: 0.2},
    predictions=0.05,
    new_documents={"references_inside": 0.2},
    label_share=-0.002,
)
STRONG = replace(CALM, features={STRONG_ONE: 0.3, WEAK_ONE: 0.1})
OVER, WITHIN = Period(["features"]), Period([])


@pytest.mark.parametrize(
    ("measured", "earlier", "over", "alarms"),
    [
        (CALM, [], (), ()),
        (CALM, [OVER, OVER], (), ()),
        (STRONG, [], ("features",), ()),
        (STRONG, [OVER], ("features",), ("features",)),
        (STRONG, [OVER, WITHIN], ("features",), ("features",)),
        (STRONG, [OVER, WITHIN, WITHIN], ("features",), ()),
        (STRONG, [Period(["predictions"])], ("features",), ()),
        (replace(CALM, features={STRONG_ONE: 0.1, WEAK_ONE: 9.0}), [OVER, OVER], (), ()),  # carries 5 % of the gain
        (replace(CALM, features={STRONG_ONE: 0.41, WEAK_ONE: 0.1}), [], ("features",), ("features",)),  # at once
        (replace(CALM, predictions=0.15), [], ("predictions",), ()),
        (replace(CALM, predictions=0.21), [], ("predictions",), ("predictions",)),
        (replace(CALM, predictions=None, label_share=None, new_documents={}), [], (), ()),
        (replace(CALM, new_documents={"references_inside": 0.41}), [], ("new_documents",), ("new_documents",)),
        (replace(CALM, label_share=-0.02), [], ("labels",), ("labels",)),
        (replace(CALM, label_share=0.02), [], ("labels",), ("labels",)),
    ],
)
def test_what_is_over_and_what_is_an_alarm(
    measured: Measured, earlier: list[Period], over: tuple[str, ...], alarms: tuple[str, ...]
) -> None:
    found = judge(measured, POLICY, earlier)

    assert (found.over, found.alarms, len(found.reasons)) == (over, alarms, len(over))


def test_the_reason_names_what_moved_how_far_and_how_much_it_matters() -> None:
    (reason,) = judge(STRONG, POLICY, []).reasons

    assert "carry 95% of the model's gain" in reason
    assert "rate_1y_pct (0.30, at most 0.20)" in reason


def test_a_feature_may_move_on_from_where_it_was_at_the_evaluation() -> None:
    assert limits([STRONG_ONE, WEAK_ONE], {STRONG_ONE: 0.3, WEAK_ONE: 0.01}, POLICY) == {
        STRONG_ONE: 0.75,
        WEAK_ONE: 0.2,
    }


def test_a_feature_without_a_limit_is_an_error_that_says_where_to_add_it() -> None:
    with pytest.raises(SettingsError, match=r"policy/drift.toml gives no limit for new_feature; .* below \[features\]"):
        limits([STRONG_ONE, "new_feature"], {}, POLICY)


def test_the_policy_in_git_has_a_limit_for_each_feature_and_none_for_others() -> None:
    policy = msgspec.toml.decode((PROJECT / "policy" / "drift.toml").read_bytes(), type=DriftPolicy)

    assert policy.features.keys() == set(MODEL_FEATURES)


def test_patience_of_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="over 4 of 3 periods"):
        Patience(4, 3)
