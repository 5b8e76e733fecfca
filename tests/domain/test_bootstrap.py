"""The paired bootstrap: exact on each resample, the same on any number of threads, and as wide as theory says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, log_loss

from hotarea.domain.bootstrap import Comparison, Order, Resampling, compared, gains, resampled
from hotarea.domain.evaluation import MODEL as MODEL_NAME
from hotarea.domain.evaluation import Scores, losses, metrics

RNG = np.random.default_rng(11)


def race(rows: int, noise: float, hot: np.ndarray, *, ties: bool = False) -> Scores:
    probability = 1 / (1 + np.exp(-(2 * hot - 2 + RNG.normal(0, noise, rows))))
    return Scores.of(probability, np.round(20 * probability) if ties else None)


HOT = RNG.random(3000) < 0.1
MODEL, RIVAL, TIED = race(3000, 0.8, HOT), race(3000, 1.2, HOT), race(3000, 1.0, HOT, ties=True)


@given(st.integers(2, 60), st.integers(1, 8), st.randoms(use_true_random=False))
def test_average_precision_of_weights_is_that_of_repeated_rows(rows, distinct, chance):
    """Against scikit-learn on the rows themselves, with ties from none to nearly all."""
    hot = np.array([chance.random() < 0.3 for _ in range(rows)])
    ranking = np.array([float(chance.randrange(distinct)) for _ in range(rows)])
    weights = np.array([chance.choice([0, 0, 1, 1, 2, 5]) for _ in range(rows)], np.uint8)
    repeated = np.repeat(np.arange(rows), weights)

    if not hot.any():
        return
    found = Order.of(hot, ranking).average_precision(weights)

    if hot[repeated].any():
        assert found == pytest.approx(average_precision_score(hot[repeated], ranking[repeated]), abs=1e-12)
    else:
        assert np.isnan(found)


def test_intervals_are_those_of_the_resamples_measured_one_by_one():
    """The rows of each resample are written out and given to scikit-learn; both contenders get the same rows."""
    found = compared(HOT, MODEL, {"rival": RIVAL}, Resampling(5, 24))

    order = np.argsort(-MODEL.ranking, kind="stable")
    drawn = [w for seed in np.random.SeedSequence(5).spawn(3) for w in resampled(len(HOT), seed)]
    by_hand = []
    for weights in drawn:
        rows = np.repeat(order, weights)
        ours, theirs = (
            np.array([average_precision_score(HOT[rows], p), log_loss(HOT[rows], p)])
            for p in (MODEL.probability[rows], RIVAL.probability[rows])
        )
        by_hand.append((ours, theirs, ours - theirs))
    lower, upper = np.quantile(by_hand, [0.025, 0.975], axis=0)
    told = (found.contenders[MODEL_NAME], found.contenders["rival"], found.differences["rival"])
    for place, intervals in enumerate(told):
        for number, metric in enumerate(("average_precision", "log_loss")):
            expected = (lower[place, number], upper[place, number])
            assert (intervals[metric].lower, intervals[metric].upper) == pytest.approx(expected, abs=1e-12)


def test_the_estimate_is_the_difference_of_the_metrics():
    found = compared(HOT, MODEL, {"tied": TIED}, Resampling(5, 8)).differences["tied"]

    ours, theirs = (metrics(HOT, s.probability, s.ranking) for s in (MODEL, TIED))
    assert found["average_precision"].estimate == pytest.approx(
        ours["average_precision"] - theirs["average_precision"], abs=1e-12
    )
    assert found["log_loss"].estimate == pytest.approx(ours["log_loss"] - theirs["log_loss"], abs=1e-12)


def test_the_seed_decides_and_the_number_of_threads_does_not():
    found = [compared(HOT, MODEL, {"a": RIVAL, "b": TIED}, Resampling(5, 100, threads)) for threads in (1, 2, 5)]

    assert found[0] == found[1] == found[2]
    assert found[0] != compared(HOT, MODEL, {"a": RIVAL, "b": TIED}, Resampling(6, 100))


def test_intervals_are_as_wide_as_the_central_limit_theorem_says():
    found = compared(HOT, MODEL, {"rival": RIVAL}, Resampling(5)).differences["rival"]["log_loss"]

    each = losses(HOT, MODEL.probability) - losses(HOT, RIVAL.probability)
    expected = 2 * 1.96 * each.std() / np.sqrt(len(each))
    assert found.upper - found.lower == pytest.approx(expected, rel=0.1)
    assert (found.lower + found.upper) / 2 == pytest.approx(found.estimate, abs=0.1 * expected)


def test_pairing_makes_the_interval_of_near_equals_narrow():
    """Beside a rival that differs in a hair, each one's own uncertainty, which is far greater, does not count."""
    near = Scores.of(np.clip(MODEL.probability + RNG.normal(0, 0.001, len(HOT)), 0, 1))

    found = compared(HOT, MODEL, {"near": near, "far": RIVAL}, Resampling(5, 200)).differences

    near_width, far_width = (i["average_precision"].upper - i["average_precision"].lower for i in found.values())
    assert near_width < far_width / 5


def test_a_contender_against_itself_differs_by_nothing():
    found = compared(HOT, MODEL, {"itself": MODEL}, Resampling(5, 40)).differences["itself"]

    assert {(i.estimate, i.lower, i.upper) for i in found.values()} == {(0.0, 0.0, 0.0)}


def test_rows_are_drawn_poisson_distributed_with_mean_one():
    counts = np.bincount(resampled(200_000, np.random.SeedSequence(1), 1)[0]) / 200_000

    assert counts[:4] == pytest.approx([np.exp(-1), np.exp(-1), np.exp(-1) / 2, np.exp(-1) / 6], abs=0.005)
    assert counts @ np.arange(len(counts)) == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("hot", [np.ones(5, bool), np.zeros(5, bool)], ids=["only hot", "none hot"])
def test_rows_of_one_kind_say_nothing(hot):
    rival = Scores.of(np.full(5, 0.4))
    assert compared(hot, Scores.of(np.full(5, 0.5)), {"rival": rival}, Resampling(1)) == Comparison({}, {})


def test_a_rival_whose_scores_are_not_numbers_is_left_out():
    broken = Scores.of(np.where(np.arange(len(HOT)) == 7, np.nan, RIVAL.probability))

    assert set(compared(HOT, MODEL, {"broken": broken, "rival": RIVAL}, Resampling(1, 8)).differences) == {"rival"}
    assert compared(HOT, broken, {"rival": RIVAL}, Resampling(1, 8)) == Comparison({}, {})


def test_few_hot_rows_leave_resamples_out_and_still_give_numbers():
    hot = np.arange(40) == 3

    found = compared(hot, Scores.of(hot + 0.0), {"rival": Scores.of(np.linspace(0, 1, 40))}, Resampling(1, 50))

    interval = found.differences["rival"]["average_precision"]
    assert 0 < interval.lower <= interval.estimate <= interval.upper < 1


# ---- parts of the rows


def test_the_gain_on_a_part_is_that_of_its_rows_alone_on_every_resample():
    """Parts that overlap, one without ties and one with, against each resample written out."""
    parts = {"odd": np.arange(len(HOT)) % 2 == 1, "first": np.arange(len(HOT)) < 900, "all": np.ones(len(HOT), bool)}

    found = gains(HOT, MODEL, TIED, parts, Resampling(5, 16))

    order = np.argsort(-MODEL.ranking, kind="stable")
    drawn = [w for seed in np.random.SeedSequence(5).spawn(2) for w in resampled(len(HOT), seed)]
    for name, part in parts.items():
        ours, theirs = (average_precision_score(HOT[part], s.ranking[part]) for s in (MODEL, TIED))
        assert found[name].estimate == pytest.approx(ours - theirs, abs=1e-12)
        by_hand = []
        for weights in drawn:
            rows = np.repeat(order, weights * part[order])
            ours, theirs = (average_precision_score(HOT[rows], s.ranking[rows]) for s in (MODEL, TIED))
            by_hand.append(ours - theirs)
        lower, upper = np.quantile(by_hand, [0.025, 0.975])
        assert (found[name].lower, found[name].upper) == pytest.approx((lower, upper), abs=1e-12)


def test_all_rows_as_one_part_gain_what_they_differ_by():
    whole = {"all": np.ones(len(HOT), bool)}

    found = gains(HOT, MODEL, RIVAL, whole, Resampling(5, 40))["all"]

    assert found == compared(HOT, MODEL, {"rival": RIVAL}, Resampling(5, 40)).differences["rival"]["average_precision"]


def test_other_parts_and_threads_change_nothing_of_one():
    first = {"first": np.arange(len(HOT)) < 900}
    more = {"odd": np.arange(len(HOT)) % 2 == 1} | first

    alone = gains(HOT, MODEL, RIVAL, first, Resampling(5, 40, 1))["first"]

    assert gains(HOT, MODEL, RIVAL, more, Resampling(5, 40, 3))["first"] == alone


def test_a_part_of_one_kind_says_nothing_nor_do_scores_that_are_no_numbers():
    cold = {"cold": ~HOT, "hot": HOT, "none": np.zeros(len(HOT), bool)}
    broken = Scores.of(np.where(np.arange(len(HOT)) == 7, np.nan, RIVAL.probability))

    assert gains(HOT, MODEL, RIVAL, cold, Resampling(5, 8)) == {}
    assert gains(HOT, MODEL, broken, {"all": np.ones(len(HOT), bool)}, Resampling(5, 8)) == {}
