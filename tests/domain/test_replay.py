"""What policies would have served, by a made-up history: versions 1 and 2 are refused, 3 is promoted, 4 is held."""

from dataclasses import replace
from datetime import date

import pytest

from hotarea.domain import ageing, replay, replay_policies
from hotarea.domain.replay import ALWAYS, BASELINE, GATED, NEVER, Candidate, Replay, Score, Step


def end(year: int) -> date:
    return date(year, 12, 31)


def candidate(version: int, year: int, verdict: str, *refused_for: str) -> Candidate:
    return Candidate(
        training_id=f"t{version}",
        version=version,
        rows=100,
        dataset_sha256=f"sha-{version}",
        training_cutoffs=(str(end(year - 4)),),
        evaluation_cutoff=str(end(year - 2)),
        verdict=verdict,
        refused_for=refused_for,
        reasons=refused_for,
        metrics={BASELINE: {"average_precision": 0.5}},
    )


def step(year: int, found: Candidate | None, champion: int | None, *, promoted: bool = False) -> Step:
    return Step(
        release=end(year),
        cutoff=end(year),
        outcome="in words",
        candidate=found,
        champion=champion,
        promoted=promoted,
        drifted=("features",) if year == 2014 else (),
        alarms=("features",) if year == 2014 else (),
        drift_reasons=("features moved: <0.9>",) if year == 2014 else (),
        changed=(),
        seconds=1.0,
    )


STEPS = (
    step(2010, None, None),
    step(2011, candidate(1, 2011, "reject", "beats rate_1y", "drift: a", "drift: b"), None),
    step(2012, candidate(2, 2012, "reject", "beats rate_1y"), None),
    step(2013, candidate(3, 2013, "promote"), 3, promoted=True),
    step(2014, candidate(4, 2014, "hold", "drift: a"), 3),
    step(2015, candidate(5, 2015, "promote"), 5, promoted=True),
    step(2016, None, 5),
)


def score(version: int | None, year: int, precision: float) -> Score:
    return Score(version, end(year), 100, 10, {"average_precision": precision, "log_loss": 1 - precision})


SCORES = (
    *(score(None, year, 0.5) for year in (2010, 2011, 2012, 2013, 2014)),
    *(score(1, year, 0.4) for year in (2011, 2012, 2013, 2014)),
    *(score(2, year, 0.45) for year in (2012, 2013, 2014)),
    *(score(3, year, 0.6) for year in (2013, 2014)),
    score(4, 2014, 0.8),
)


@pytest.mark.parametrize(
    ("policy", "versions"),
    [
        (GATED, [None, None, None, 3, 3, 5, 5]),
        (NEVER, [None, None, None, 3, 3, 3, 3]),
        (ALWAYS, [None, 1, 2, 3, 4, 5, 5]),
    ],
)
def test_each_policy_has_its_own_champion(policy, versions):
    assert replay_policies.in_service(STEPS, policy) == versions


def test_policies_are_compared_from_the_first_candidate_to_the_last_matured_label():
    assert replay_policies.compared(replay_policies.outcomes(STEPS, SCORES)) == [
        end(year) for year in (2011, 2012, 2013, 2014)
    ]


def test_the_baseline_stands_in_where_no_model_serves():
    found = {o.policy: o for o in replay_policies.outcomes(STEPS, SCORES)}
    assert found[GATED].means["average_precision"] == pytest.approx((0.5 + 0.5 + 0.6 + 0.6) / 4)
    assert found[NEVER].means == found[GATED].means
    assert found[ALWAYS].means["average_precision"] == pytest.approx((0.4 + 0.45 + 0.6 + 0.8) / 4)
    assert found[ALWAYS].means["log_loss"] == pytest.approx(1 - (0.4 + 0.45 + 0.6 + 0.8) / 4)


def test_regret_is_what_the_best_that_there_was_had_more():
    found = {o.policy: o for o in replay_policies.outcomes(STEPS, SCORES)}
    regrets = {s.cutoff.year: s.regret for s in found[ALWAYS].served}
    assert regrets == pytest.approx(
        {2010: 0.0, 2011: 0.1, 2012: 0.05, 2013: 0.0, 2014: 0.0, 2015: None, 2016: None}, abs=1e-12
    )
    assert found[GATED].regret == pytest.approx(0.2 / 4)


def test_another_version_in_service_is_a_change():
    assert {o.policy: o.changes for o in replay_policies.outcomes(STEPS, SCORES)} == {GATED: 2, NEVER: 1, ALWAYS: 5}


def test_a_model_ages_against_one_that_is_new_on_the_same_documents():
    table = {row.version: row for row in ageing.ageing(STEPS, SCORES)}
    assert sorted(table) == [1, 2, 3, 4]  # nothing of version 5 has matured
    assert table[1].relative == pytest.approx({0: 1.0, 1: 0.4 / 0.45, 2: 0.4 / 0.6, 3: 0.5})
    assert table[1].precision == {0: 0.4, 1: 0.4, 2: 0.4, 3: 0.4}
    assert [row.was_champion for row in table.values()] == [False, False, True, False]
    assert ageing.staleness(table.values())[3] == 0.5
    assert ageing.staleness(table.values())[1] == pytest.approx((0.4 / 0.45 + 0.45 / 0.6 + 0.6 / 0.8) / 3)


def test_a_hold_counts_as_not_promoted_and_drift_as_one_check():
    assert replay.verdicts(STEPS) == {"reject": 2, "promote": 2, "hold": 1}
    assert replay.refused_for(STEPS) == {"beats rate_1y": 2, "drift": 2}


def test_the_baseline_is_scored_by_what_the_candidates_evaluations_told():
    found = replay.baseline_scores(STEPS, [score(1, 2011, 0.4), score(1, 2012, 0.4), score(2, 2012, 0.45)])
    assert [(s.version, s.cutoff, s.metrics) for s in found] == [
        (None, end(2011), {"average_precision": 0.5}),
        (None, end(2012), {"average_precision": 0.5}),
    ]


def test_of_several_releases_that_tell_of_one_cutoff_the_last_counts():
    corrected = replace(STEPS[4], release=date(2015, 3, 1), champion=4, promoted=True)
    [gated, *_] = replay_policies.outcomes([*STEPS[:5], corrected], SCORES)
    assert [(s.cutoff.year, s.version) for s in gated.served][-1] == (2014, 4)
    assert len(gated.served) == 5


def test_without_any_matured_label_nothing_is_compared():
    found = replay_policies.outcomes(STEPS, [])
    assert replay_policies.compared(found) == []
    assert all(o.means == {} and o.regret is None for o in found)
    assert ageing.ageing(STEPS, []) == ()


def made() -> Replay:
    """The replay of the made-up history."""
    table = ageing.ageing(STEPS, SCORES)
    return Replay(
        source="made up <b>",
        synthetic=True,
        first=2010,
        last=2016,
        horizon_years=2,
        steps=STEPS,
        verdicts=replay.verdicts(STEPS),
        refused_for=replay.refused_for(STEPS),
        baseline=BASELINE,
        outcomes=replay_policies.outcomes(STEPS, SCORES),
        ageing=table,
        staleness=ageing.staleness(table),
        scores=SCORES,
        seconds=12.0,
        stages={"the loop": 12.0},
    )


def test_the_headline_says_what_each_policy_gave():
    said = " ".join(replay.headline(made()))
    assert "promoted 2 of 5 candidates, held 1 and refused 2." in said
    assert "What the others failed: beats rate_1y (2), drift (2)." in said
    assert (
        "average precision of 0.550; never retraining would have given 0.550 (+0.000), always promoting 0.562" in said
    )
    assert "kept 80% after 1 year, 61% after 2 years." in said  # only one model is known to be older


# ---- deliveries in the middle of a year: each covers the year's end before it, at which models are evaluated


def delivered(year: int, month: int, found: Candidate | None, champion: int | None) -> Step:
    day = date(year, month, 25)
    return replace(step(year, found, champion), release=day, cutoff=day)


DELIVERED = (
    delivered(2012, 1, None, None),
    delivered(2013, 1, candidate(1, 2013, "promote"), 1),
    delivered(2013, 6, None, 1),
    delivered(2014, 1, candidate(2, 2014, "reject"), 1),
    delivered(2014, 6, candidate(3, 2014, "promote"), 3),
    delivered(2015, 1, candidate(4, 2015, "hold"), 3),
)
TOLD = (
    *(score(None, year, 0.5) for year in (2012, 2013, 2014)),
    *(score(1, year, value) for year, value in ((2012, 0.6), (2013, 0.63), (2014, 0.56))),
    *(score(2, year, value) for year, value in ((2013, 0.7), (2014, 0.6))),
    score(3, 2014, 0.75),
    score(4, 2014, 0.8),
)


def test_who_served_when_a_cutoff_became_known_is_scored_on_it_whatever_day_releases_come():
    found = {o.policy: o for o in replay_policies.outcomes(DELIVERED, TOLD)}
    matured = {
        policy: [(s.cutoff, s.release, s.version, s.metrics["average_precision"]) for s in o.served if s.metrics]
        for policy, o in found.items()
    }
    first, second, third = ((end(y), date(y + 1, 1, 25)) for y in (2012, 2013, 2014))
    assert matured[GATED] == [(*first, 1, 0.6), (*second, 1, 0.63), (*third, 3, 0.75)]
    assert matured[NEVER] == [(*first, 1, 0.6), (*second, 1, 0.63), (*third, 1, 0.56)]
    assert matured[ALWAYS] == [(*first, 1, 0.6), (*second, 2, 0.7), (*third, 4, 0.8)]
    assert replay_policies.compared(found.values()) == [end(year) for year in (2012, 2013, 2014)]
    assert found[GATED].means["average_precision"] == pytest.approx((0.6 + 0.63 + 0.75) / 3)
    assert found[GATED].regret == pytest.approx((0.07 + 0.05) / 3)
    assert {policy: o.changes for policy, o in found.items()} == {GATED: 2, NEVER: 1, ALWAYS: 4}


def test_age_is_told_in_years_and_against_the_newest_candidate_of_that_time():
    table = {row.version: row for row in ageing.ageing(DELIVERED, TOLD)}
    assert table[1].relative == pytest.approx({0: 1.0, 1: 0.9, 2: 0.7})
    assert table[1].trained == date(2013, 1, 25)
    assert table[2].relative == pytest.approx({0: 1.0, 1: 0.75})
    assert table[3].relative == pytest.approx({1: 0.75 / 0.8})  # half a year
    assert ageing.staleness(table.values())[2] == pytest.approx(0.7)


def test_releases_late_in_the_year_give_no_two_cutoffs_the_same_age():
    late = [delivered(year, 8, candidate(year - 2012, year, "promote"), year - 2012) for year in (2013, 2014, 2015)]
    scored = [score(version, year, 0.5) for version in (1, 2, 3) for year in range(2011 + version, 2015)]

    assert [list(row.precision) for row in ageing.ageing(late, scored)] == [[0, 1, 2], [0, 1], [0]]


def test_where_no_candidate_was_new_nothing_is_told_of_ageing_and_the_baseline_is_none():
    [row] = ageing.ageing([*DELIVERED[:3], delivered(2014, 1, None, 1)], [TOLD[1], *TOLD[3:5]])
    assert (row.relative, row.precision) == ({0: 1.0}, {0: 0.6, 1: 0.63})


def test_a_release_that_makes_two_cutoffs_known_counts_for_both():
    late = [DELIVERED[1], delivered(2015, 1, candidate(2, 2015, "promote"), 2)]
    served = [s for s in replay_policies.outcomes(late, TOLD)[0].served if s.metrics]
    assert [(s.cutoff.year, s.version) for s in served] == [(2012, 1), (2013, 2), (2014, 2)]


def test_a_cutoff_that_no_release_covers_is_named():
    with pytest.raises(ValueError, match="cutoff 2017-12-31 is after the newest of the replay, 2016-12-31"):
        replay.told_at(STEPS, end(2017))
