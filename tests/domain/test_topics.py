"""Topics that were lost on the way are told from sources that have few or none."""

import pytest

from hotarea.domain import topics

USUAL = {f"T{number}": 50 for number in range(10)} | {topics.NONE: 10}


@pytest.mark.parametrize(
    ("now", "usual", "checks"),
    [
        (USUAL, USUAL, []),
        (USUAL, {}, []),
        ({topics.NONE: 500}, {topics.NONE: 500}, []),  # a source without topics
        ({topics.NONE: 500}, {}, []),
        ({topics.NONE: 250, "T1": 250}, {topics.NONE: 500}, []),  # it begins to have some
        ({topics.NONE: 100, "T1": 300}, {}, []),
        ({topics.NONE: 101, "T1": 299}, {}, ["topics_lost"]),  # more than a quarter
        (USUAL | {topics.NONE: 100}, USUAL, []),
        (USUAL | {topics.NONE: 200}, USUAL, ["topics_lost"]),  # 20 points more
        ({t: n for t, n in USUAL.items() if t not in {"T1", "T2"}}, USUAL, []),
        ({t: n for t, n in USUAL.items() if t not in {"T1", "T2", "T3"}}, USUAL, ["topics_vanished"]),
        ({"T1": 300, topics.NONE: 300}, USUAL, ["topics_lost", "topics_vanished"]),
        ({"T1": 99}, USUAL, []),  # too few
        ({"T1": 100}, {f"T{n}": 1 for n in range(500)}, []),  # so many topics that none is to be expected
    ],
)
def test_new_works(now: dict[str, int], usual: dict[str, int], checks: list[str]) -> None:
    found = [*topics.lost(now, usual)]
    assert [f.check for f in found] == checks
    severity, said = ("critical", "the topic mapping lost ids") if usual else ("warning", "may have lost ids")
    assert all((f.severity, said in f.observed) == (severity, True) for f in found)


def test_the_most_frequent_of_the_lost_topics_are_examples() -> None:
    usual = {"A": 100, "B": 300, "C": 200, "D": 100, "E": 50}
    (found,) = [f for f in topics.lost({"A": 500, topics.NONE: 0}, usual) if f.check == "topics_vanished"]
    assert [example["topic_id"] for example in found.examples] == ["B", "C", "D"]


@pytest.mark.parametrize(("emptied", "works", "found"), [(25, 100, 0), (26, 100, 1), (99, 99, 0)])
def test_works_that_come_again(emptied: int, works: int, found: int) -> None:
    assert len([*topics.emptied(emptied, works)]) == found
