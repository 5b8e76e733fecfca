"""Rounds and recipes are chosen in the order of time, by a seed, and never with a look at what comes after."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np
import pytest

from hotarea.domain.training import RECIPE, Recipe, fit, score
from hotarea.domain.tuning import PATIENCE, Rows, Settled, Tuning, settled

QUICK = Recipe(rounds=5, eta=0.2, min_child_weight=1.0, reg_lambda=1.0, nthread=1)
"""Soon learns by heart."""
NAMES = ("a_pct", "b_pct", "c_pct")


def history(*years: int, rows: int = 600, turned: int = 0) -> Rows:
    """Rows of yearly cutoffs whose label follows an interaction; in the year `turned` it is the opposite."""
    rng = np.random.default_rng(3)
    values, day = rng.random((rows * len(years), 3)), np.repeat(years, rows)
    likely = np.where((values[:, 0] > 0.7) & (values[:, 1] < 0.5), 0.8, 0.05)
    return Rows(values, rng.random(len(day)) < np.where(day == turned, 0.85 - likely, likely), day, NAMES)


def searching(trials: int) -> Tuning:
    return Tuning(trials=trials, search_from_rows=0)


def loss(model: object, rows: Rows) -> float:
    p = score(model, rows.values)
    return float(-np.log(np.where(rows.hot, p, 1 - p)).mean())


@pytest.mark.parametrize(
    ("years", "tuning"),
    [
        ((1, 2, 3), Tuning()),
        ((1, 2, 3), Tuning(stop_early_from=4)),
        ((1,), Tuning(trials=3, stop_early_from=1, search_from_rows=0)),
        ((1, 2, 3), Tuning(trials=3, search_from_rows=1801)),
    ],
    ids=["switched off", "too few cutoffs to stop early", "a single cutoff", "too few rows to search"],
)
def test_where_nothing_can_be_chosen_the_recipe_is_as_given(years, tuning):
    found = settled(history(*years), QUICK, tuning, seed=1)

    assert (found.recipe, found.tried) == (QUICK, ())
    assert f"{600 * len(years):,} rows of {len(years)} training cutoffs" in found.reason


def test_rounds_end_where_the_newest_cutoff_gains_no_more():
    found = settled(history(1, 2, 3), QUICK, Tuning(stop_early_from=3), seed=1)

    at_its_rounds, later = (
        loss(_earlier(history(1, 2, 3), n), _newest(history(1, 2, 3))) for n in (found.recipe.rounds, 200)
    )
    assert QUICK.rounds < found.recipe.rounds < 200 - PATIENCE
    assert found.tried[0].log_loss == pytest.approx(at_its_rounds, abs=1e-6)
    assert at_its_rounds < later - 0.02


def test_rounds_are_judged_on_the_newest_cutoff_and_no_other():
    """Where the newest contradicts the earlier ones, nothing that is learned from them helps: one round is best."""
    assert settled(history(1, 2, 3, turned=3), QUICK, Tuning(stop_early_from=3), seed=1).recipe.rounds == 1
    assert settled(history(1, 2, 3, 4, turned=1), QUICK, Tuning(stop_early_from=3), seed=1).recipe.rounds > 1


def test_a_search_tries_as_many_recipes_as_it_may_and_keeps_the_best():
    found = settled(history(1, 2), QUICK, searching(4), seed=1)

    losses = [t.log_loss for t in found.tried]
    assert len(losses) == 5  # the one that was given is tried as well
    assert found.tried[0].recipe == QUICK
    assert found.recipe == found.tried[int(np.argmin(losses))].recipe
    assert len({t.recipe for t in found.tried}) == 5
    assert {t.recipe.rounds for t in found.tried} == {QUICK.rounds}
    assert "the best of 5 recipes" in found.reason


def test_a_search_leaves_a_recipe_that_nothing_beats():
    good = settled(history(1, 2), QUICK, searching(6), seed=1).recipe

    again = settled(history(1, 2), good, searching(1), seed=5)

    assert again.recipe == min(again.tried, key=lambda t: t.log_loss).recipe


def test_the_same_seed_searches_the_same_and_another_seed_something_else():
    found = [settled(history(1, 2), QUICK, searching(3), seed) for seed in (1, 1, 2)]

    assert found[0] == found[1]
    assert [t.recipe for t in found[0].tried[1:]] != [t.recipe for t in found[2].tried[1:]]


def test_what_was_tried_survives_its_file():
    found = settled(history(1, 2), QUICK, searching(1), seed=1)

    assert msgspec.json.decode(msgspec.json.encode(found), type=Settled) == found


_PROGRAM = """
import sys
from pathlib import Path
from hotarea.domain.training import RECIPE, fit, save
from hotarea.domain.tuning import Tuning, settled
from tests.domain.test_tuning import QUICK, history
rows = history(1, 2, 3)
found = settled(rows, QUICK, Tuning(trials=2, stop_early_from=2, search_from_rows=0), seed=9)
save(fit(rows.values, rows.hot, rows.features, found.recipe, seed=9), Path(sys.argv[1]))
"""


def test_two_processes_settle_and_fit_the_same_model_to_the_byte(tmp_path: Path):
    files = [tmp_path / f"{n}.ubj" for n in "ab"]
    for file in files:
        subprocess.run([sys.executable, "-c", _PROGRAM, str(file)], check=True, cwd=Path(__file__).parents[2])

    assert files[0].read_bytes() == files[1].read_bytes()
    assert RECIPE.nthread == 2  # sums depend on it: a setting of the machine would make another model elsewhere


def _earlier(rows: Rows, rounds: int) -> object:
    of = rows.day < rows.day.max()
    return fit(rows.values[of], rows.hot[of], NAMES, replace(QUICK, rounds=rounds), seed=1)


def _newest(rows: Rows) -> Rows:
    of = rows.day == rows.day.max()
    return Rows(rows.values[of], rows.hot[of], rows.day[of], NAMES)
