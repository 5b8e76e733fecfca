"""The citation network's rules, each on a network in which it stands alone; and that hot areas can be learned."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from scipy.stats import rankdata

from hotarea.domain import baselines, evaluation, training
from hotarea.domain.sample import Shape
from hotarea.domain.sample_network import Dynamics, Growth, Network, Shift, grow
from hotarea.domain.sample_topics import Front, Rhythm, activity, fronts

YEARS = range(2000, 2010)
STEADY = [Front(topic, "foundations", -1000.0, smoulder=1.0) for topic in (0, 0, 1, 2)]
NO_SHIFT = Shift(1900, ())
WITHIN_FRONT = Dynamics(own_front=1.0, own_topic=0.0, elsewhere=0.0)


def network(
    dynamics: Dynamics, drawn: Sequence[Front] = STEADY, shift: Shift = NO_SHIFT, works: int = 3_000
) -> Network:
    return grow(np.random.default_rng(1), Growth(works, YEARS, list(drawn), shift, dynamics))


def months(found: Network) -> np.ndarray:
    return found.published.astype("datetime64[D]").astype("datetime64[M]").astype(int)


def years(found: Network) -> np.ndarray:
    return found.published.astype("datetime64[D]").astype("datetime64[Y]").astype(int) + 1970


# ---- the network


def test_the_same_seed_gives_the_same_network() -> None:
    one, two = network(Dynamics()), network(Dynamics())
    assert all(np.array_equal(getattr(one, name), getattr(two, name)) for name in vars(one))


def test_works_are_in_order_of_date_and_cite_earlier_months_only() -> None:
    found = network(Dynamics())
    assert len(found.published) == pytest.approx(3_000, rel=0.05)
    assert (np.diff(found.published) >= 0).all()
    assert set(years(found)) == set(YEARS)
    assert (months(found)[found.cited] < months(found)[found.citing]).all()


def test_pairs_are_distinct_and_in_order() -> None:
    found = network(Dynamics())
    keys = found.citing * len(found.published) + found.cited
    assert (np.diff(keys) > 0).all()


def test_more_works_appear_from_year_to_year() -> None:
    counts = np.bincount(years(network(replace(Dynamics(), growth=0.1), works=20_000)) - YEARS.start)
    growth = np.log(counts[1:] / counts[:-1]).mean()
    assert growth == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("shares", "same_front", "same_topic"),
    [((1.0, 0.0, 0.0), 1.0, 1.0), ((0.0, 1.0, 0.0), 0.75, 1.0), ((0.0, 0.0, 1.0), 0.25, 1 / 3)],
)
def test_references_stay_in_front_or_topic_as_told(
    shares: tuple[float, float, float], same_front: float, same_topic: float
) -> None:
    # fronts 0 and 1 are one topic with half of all works, fronts 2 and 3 are topics of their own: inside a topic, half
    # of the works find their own front with chance 1/2; elsewhere means one of three topics with equal chance
    found = network(Dynamics(*shares))
    late = years(found)[found.citing] >= 2002
    front = found.front
    topic = np.array([f.topic for f in STEADY])[front]
    citing, cited = found.citing[late], found.cited[late]
    assert (front[citing] == front[cited]).mean() == pytest.approx(same_front, abs=0.05)
    assert (topic[citing] == topic[cited]).mean() == pytest.approx(same_topic, abs=0.05)
    assert found.dangling.sum() == 0


def test_what_is_neither_inside_nor_elsewhere_dangles() -> None:
    found = network(Dynamics(own_front=0.5, own_topic=0.1, elsewhere=0.1))
    assert found.dangling.mean() == pytest.approx(0.3 * Dynamics().references, rel=0.05)


def test_attachment_makes_the_cited_more_cited() -> None:
    def top_share(attachment: float) -> float:
        flat = Dynamics(1.0, 0.0, 0.0, attachment=attachment, fitness_spread=0.0, ageing_spread=50.0)
        found = network(flat)
        counts = np.sort(np.bincount(found.cited, minlength=len(found.published)))
        return float(counts[-len(counts) // 20 :].sum() / counts.sum())

    assert top_share(1.0) > 1.5 * top_share(0.0)


def test_works_are_cited_most_at_the_peak_of_ageing() -> None:
    found = network(replace(WITHIN_FRONT, attachment=0.0, ageing_peak=2.0, ageing_spread=0.3), works=10_000)
    late = years(found)[found.citing] >= 2006
    ages = (months(found)[found.citing] - months(found)[found.cited])[late] / 12
    assert np.median(ages) == pytest.approx(2.0, abs=0.25)
    assert np.quantile(ages, 0.98) < 4.5


def test_a_shift_lengthens_lists_and_moves_topics_in_its_year_only() -> None:
    found = network(Dynamics(), shift=Shift(2006, (1,), longer=2.0, busier=4.0), works=10_000)
    lengths = np.bincount(found.citing, minlength=len(found.published)) + found.dangling
    mean = {year: lengths[years(found) == year].mean() for year in YEARS}
    of_topic = {year: (found.front[years(found) == year] == 2).mean() for year in YEARS}
    assert mean[2006] == pytest.approx(2 * mean[2005], rel=0.1)
    assert mean[2007] == pytest.approx(mean[2005], rel=0.1)
    assert of_topic[2006] == pytest.approx(4 / 7, abs=0.06)
    assert of_topic[2007] == pytest.approx(1 / 4, abs=0.06)


# ---- fronts


def test_a_front_smoulders_rises_to_its_height_and_falls() -> None:
    front = Front(0, "t", born=1.0, peak=5.0, rise=1.0, fall=0.5, height=2.0, smoulder=0.1)
    times = np.array([0.5, 1.0, 4.0, 5.0, 5.5, 9.0])
    bell = 2.0 * np.exp([-0.5 * 16, -0.5, 0.0, -0.5, -0.5 * 64])
    smoulder = np.array([0.1, 0.1, 0.1, 0.1, 0.0])
    assert activity([front], times)[0] == pytest.approx([0.0, *(bell + smoulder)])


def test_each_topic_has_foundations_that_never_end_and_fronts_one_after_another() -> None:
    drawn = fronts(np.random.default_rng(3), 12, 30.0, Rhythm())
    assert [f.topic for f in drawn] == sorted(f.topic for f in drawn)
    for topic in range(12):
        foundations, *bursts = [f for f in drawn if f.topic == topic]
        assert (activity([foundations], np.array([0.0, 30.0])) == foundations.smoulder).all()
        assert all(a.born < b.born < 30 for a, b in pairwise(bursts))
        assert all(f.born < f.peak and f.height > 0 for f in bursts)
        assert len({f.theme for f in bursts}) == len(bursts)


def test_fads_are_short() -> None:
    drawn = [f for f in fronts(np.random.default_rng(3), 40, 30.0, Rhythm()) if f.height > 0]
    fads, lasting = [f for f in drawn if f.is_fad], [f for f in drawn if not f.is_fad]
    assert max(f.rise + f.fall for f in fads) < min(f.rise + f.fall for f in lasting)
    assert len(fads) / len(drawn) == pytest.approx(Rhythm().fad_share, abs=0.1)


# ---- what the gate needs: more to learn than any baseline tells


def _end(year: int) -> int:
    return int(np.datetime64(f"{year}-12-31").astype(int))


def _at(found: Network, cutoff: int, horizon: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return features (percentiles), label and one-year rate of the eligible documents, by sparse matrices."""
    dated, size = found.published[found.citing], len(found.published)
    before = dated <= _end(cutoff)
    citing = csr_matrix((np.ones(before.sum()), (found.cited[before], found.citing[before])), shape=(size, size))

    def received(after: int, until: int) -> np.ndarray:
        span = (dated > _end(after)) & (dated <= _end(until))
        return np.bincount(found.cited[span], minlength=size).astype(float)

    count = np.bincount(found.cited[before], minlength=size)
    rows = np.flatnonzero(count)
    own = {y: received(cutoff - y, cutoff) for y in (1, 2, 5)}
    area = {y: own[y] + citing @ own[y] for y in own}
    age = (_end(cutoff) - found.published) / 365.25
    members = np.maximum(count, 1)
    columns = [
        *area.values(),
        *(area[y] / (count + 1) for y in area),
        age,
        citing @ age / members,
        own[1] / members,
        (area[1] - own[1]) / members,
        (2 * area[1] - area[2]) / (count + 1),
        (citing.multiply(own[1]).max(axis=1).toarray()).ravel(),
    ]
    future = received(cutoff, cutoff + horizon)
    rate = ((future + citing @ future) / (count + 1))[rows]
    features = np.column_stack([(rankdata(column[rows]) - 0.5) / len(rows) for column in columns])
    return features, rate > np.quantile(rate, 0.9), (area[1] / (count + 1))[rows]


@pytest.mark.parametrize("seed", [20, 21])
def test_a_model_beats_the_rate_and_a_linear_model_on_the_sample(seed: int) -> None:
    shape = Shape(works=7_000, seed=seed)
    drawn = fronts(np.random.default_rng([seed, 1]), shape.topics, len(shape.years), Rhythm())
    found = grow(
        np.random.default_rng([seed, 2]),
        Growth(shape.works, shape.years, drawn, Shift(shape.shifted_release, (0, 4, 8)), Dynamics()),
    )
    seen = [_at(found, year) for year in range(2014, 2019)]
    features, hot = np.vstack([s[0] for s in seen]), np.concatenate([s[1] for s in seen])
    later, became_hot, rate_1y = _at(found, 2021)
    names = [f"f{i}" for i in range(features.shape[1])]
    model = training.score(training.fit(features, hot, names, training.RECIPE, seed), later)
    linear = baselines.logistic_regression(features, hot, later)
    precision = {
        name: evaluation.metrics(became_hot, np.clip(score / score.max(), 0, 1))["average_precision"]
        for name, score in {"model": model, "linear": linear, "rate_1y": rate_1y}.items()
    }
    assert precision["model"] > precision["linear"] + 0.02
    assert precision["model"] > precision["rate_1y"] + 0.10
    assert 0.55 < precision["model"] < 0.95
