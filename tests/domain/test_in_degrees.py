"""A random network is told from a real one, whatever its size and age."""

import numpy as np
import pytest

from hotarea.domain.in_degrees import Cohort, random, ratio


def cohort(citations: np.ndarray) -> Cohort:
    """Return the cohort of documents that are cited so often."""
    return Cohort(len(citations), int(citations.sum()), int((citations * (citations - 1)).sum()))


@pytest.mark.parametrize("mean", [0.2, 2.0, 20.0])
@pytest.mark.parametrize("seed", range(5))
def test_citations_at_random_have_a_ratio_of_one_at_any_density(mean: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    cohorts = [cohort(chance.poisson(mean * share, 20_000)) for share in (1, 3, 0.5)]
    assert ratio(cohorts) == pytest.approx(1.0, abs=0.1)
    (found,) = random(cohorts)
    assert (found.check, found.severity) == ("random_citations", "critical")
    assert "citations are random" in found.observed


@pytest.mark.parametrize("seed", range(5))
def test_a_tail_makes_it_large(seed: int) -> None:
    chance = np.random.default_rng(seed)
    cohorts = [cohort(chance.poisson(chance.pareto(1.5, 5_000))) for _ in range(3)]
    found = ratio(cohorts)
    assert found is not None
    assert found > 3
    assert list(random(cohorts)) == []


def test_cohorts_that_are_cited_unlike_each_other_are_not_a_tail() -> None:
    """Old documents are cited more often than new ones, each of them at random."""
    chance = np.random.default_rng(1)
    cohorts = [cohort(chance.poisson(mean, 5_000)) for mean in (10.0, 1.0, 0.1)]
    assert ratio(cohorts) == pytest.approx(1.0, abs=0.1)


def test_few_citations_say_nothing() -> None:
    assert ratio([]) is None
    assert ratio([Cohort(100, 999, 999 * 998 // 100)]) is None
    assert ratio([Cohort(10_000_000, 5_000, 0)]) is None  # so sparse that hardly two would meet by chance
    assert ratio([Cohort(0, 0, 0)]) is None
    assert list(random([Cohort(100, 999, 0)])) == []
