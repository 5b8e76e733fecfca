import numpy as np
import pyarrow as pa

from hotarea.domain.bootstrap import Resampling
from hotarea.domain.evaluation import CHAMPION, METRICS, MODEL, Scores, metrics
from hotarea.domain.slices import LEAST_HOT, LEAST_ROWS, TOPICS, masks, sliced

RNG = np.random.default_rng(4)


def named(age: list[float], count: list[float], topics: list[str | None]) -> dict[str, list[int]]:
    found = masks(np.array(age, float), np.array(count, float), pa.chunked_array([pa.array(topics, pa.string())]))
    return {name: np.flatnonzero(mask).tolist() for name, mask in found.items()}


def test_every_row_is_in_one_slice_of_age_one_of_citations_and_one_of_topic():
    found = named([0, 1.99, 2, 5, 9.9, 30], [1, 2, 4, 5, 19, 20], ["a", "b", "a", None, "a", "b"])

    assert found == {
        "age: under 2 years": [0, 1],
        "age: 2 to 5 years": [2],
        "age: 5 to 10 years": [3, 4],
        "age: 10 and more years": [5],
        "citations: 1": [0],
        "citations: 2 to 4": [1, 2],
        "citations: 5 to 19": [3, 4],
        "citations: 20 and more": [5],
        "topic: a": [0, 2, 4],
        "topic: b": [1, 5],
        "topic: (no topic)": [3],
    }


def test_a_corpus_without_topics_has_no_slices_of_them():
    assert not [name for name in named([1, 1], [1, 1], [None, None]) if name.startswith("topic")]


def test_the_largest_topics_stand_for_themselves_and_the_rest_together():
    topics = [f"t{number}" for number in range(TOPICS + 3) for _ in range(100 - number)]
    found = named([1.0] * len(topics), [1.0] * len(topics), topics)

    of_topics = {name: len(rows) for name, rows in found.items() if name.startswith("topic")}
    assert len(of_topics) == TOPICS + 1
    assert of_topics["topic: t0"] == 100
    assert of_topics["topic: all others"] == sum(100 - n for n in range(TOPICS, TOPICS + 3))


def test_a_slice_has_every_contender_on_its_rows_and_the_difference_to_the_champion():
    hot = RNG.random(2000) < 0.2
    contenders = {who: Scores.of(np.clip(0.3 * hot + RNG.random(2000) * 0.7, 0, 1)) for who in (MODEL, CHAMPION, "r")}
    mask = np.arange(2000) < 900

    found = sliced(hot, contenders, {"first": mask}, Resampling(3, 100))["first"]

    assert (found.rows, found.hot) == (900, hot[:900].sum())
    assert found.metrics["r"] == metrics(hot[:900], contenders["r"].probability[:900])
    assert set(found.metrics[MODEL]) == set(METRICS)
    ours, theirs = (found.metrics[who]["average_precision"] for who in (MODEL, CHAMPION))
    assert found.difference is not None
    assert abs(found.difference.estimate - (ours - theirs)) < 1e-12
    assert found.difference.lower < found.difference.estimate < found.difference.upper


def test_without_a_champion_there_is_no_difference():
    hot = RNG.random(1000) < 0.2

    found = sliced(hot, {MODEL: Scores.of(RNG.random(1000))}, {"all": np.ones(1000, bool)}, Resampling(3, 100))["all"]

    assert set(found.metrics) == {MODEL}
    assert found.difference is None


def test_a_slice_that_is_too_small_is_counted_and_not_judged():
    hot = np.arange(1000) < LEAST_HOT
    contenders = {MODEL: Scores.of(RNG.random(1000)), CHAMPION: Scores.of(RNG.random(1000))}
    few, cold = np.arange(1000) < LEAST_ROWS - 1, np.arange(1000) > 0

    found = sliced(
        hot, contenders, {"few": few, "cold": cold, "enough": few | (np.arange(1000) == 500)}, Resampling(3, 100)
    )

    assert [(s.rows, s.hot, bool(s.metrics), s.difference is None) for s in found.values()] == [
        (LEAST_ROWS - 1, LEAST_HOT, False, True),
        (999, LEAST_HOT - 1, False, True),
        (LEAST_ROWS, LEAST_HOT, True, False),
    ]
