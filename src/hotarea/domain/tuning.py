"""What a recipe leaves open, settled before the model is fitted: the number of rounds and, if asked for, the trees.

Candidates learn from the training cutoffs before the newest and are judged by log loss on that one: in the order of
time, as the model will be used. The rows of the evaluation are never looked at. What is chosen is then fitted on all
training cutoffs.
"""

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from hotarea.domain.columns import Bools, Floats, Ints
from hotarea.domain.training import Recipe, data, parameters

if TYPE_CHECKING:
    import optuna

log = logging.getLogger(__name__)

MOST_ROUNDS = 400
"""Twice those of the recipe: on real corpora 70 to 370 were best, and the end must come in time at any size."""

PATIENCE = 50
"""So many rounds in a row may bring nothing before trees are no longer added."""


@dataclass(frozen=True)
class Tuning:
    """How much is left to the data: recipes that are tried, and from how many training cutoffs on rounds are chosen."""

    trials: int = 0
    stop_early_from: int = 0  # 0: never
    search_from_rows: int = 15_000  # fewer rows do not tell recipes apart: what they prefer is chance

    def on(self, rows: "Rows") -> "Tuning":
        """Return what of it the rows bear: nothing on one cutoff, no search on few rows."""
        cutoffs = len(rows.cutoffs)
        stops = 0 < self.stop_early_from <= cutoffs
        searches = cutoffs > 1 and len(rows.hot) >= self.search_from_rows
        return replace(self, trials=self.trials if searches else 0, stop_early_from=2 if stops and cutoffs > 1 else 0)


@dataclass(frozen=True)
class Try:
    """One recipe with the rounds at which it was best, and its log loss on the newest training cutoff then."""

    recipe: Recipe
    log_loss: float


@dataclass(frozen=True)
class Settled:
    """The recipe that the model is fitted by, why, and all that was tried."""

    recipe: Recipe
    reason: str
    tried: tuple[Try, ...] = ()


@dataclass(frozen=True)
class Rows:
    """Rows to learn from: values in shape (rows, features), the label, and the day of the cutoff of each."""

    values: Floats
    hot: Bools
    day: Ints
    features: Sequence[str]

    @property
    def cutoffs(self) -> Ints:
        """The days of the cutoffs, oldest first."""
        found: Ints = np.unique(self.day)
        return found


def settled(rows: Rows, recipe: Recipe, tuning: Tuning, seed: int) -> Settled:
    """Return the recipe to fit by: as given, stopped early, or the best of a search; the same for the same input.

    A search whose best is the recipe that was given keeps it.
    """
    able = tuning.on(rows)
    if not (able.trials or able.stop_early_from):
        return Settled(recipe, f"as given on {len(rows.hot):,} rows of {len(rows.cutoffs)} training cutoffs")
    race = _Race.of(rows, seed, stops=able.stop_early_from > 0)
    given = race.tried(recipe)
    tried = (given, *(_searched(race, given, able.trials, seed) if able.trials else ()))
    best = min(tried, key=lambda t: t.log_loss)  # of equals the first
    what = f"the best of {len(tried)} recipes" if able.trials else "the rounds"
    return Settled(best.recipe, f"{what} on the newest training cutoff, log loss {best.log_loss:.4f}", tried)


@dataclass(frozen=True)
class _Race:
    """The earlier cutoffs to learn from, and the newest to be judged on, as XGBoost wants them."""

    learned: Any
    newest: Any
    seed: int
    stops: bool

    @classmethod
    def of(cls, rows: Rows, seed: int, *, stops: bool) -> "_Race":
        newest = rows.day == rows.cutoffs[-1]
        earlier, later = (data(rows.values[mask], rows.hot[mask], rows.features) for mask in (~newest, newest))
        return cls(earlier, later, seed, stops)

    def tried(self, recipe: Recipe) -> Try:
        """Fit by a recipe on the earlier cutoffs and judge it on the newest."""
        import xgboost as xgb

        told: dict[str, dict[str, list[float]]] = {}
        xgb.train(
            parameters(recipe, self.seed) | {"eval_metric": "logloss"},
            self.learned,
            num_boost_round=MOST_ROUNDS if self.stops else recipe.rounds,
            evals=[(self.newest, "newest")],
            early_stopping_rounds=PATIENCE if self.stops else None,
            evals_result=told,
            verbose_eval=False,
        )
        losses = told["newest"]["logloss"]
        at = int(np.argmin(losses)) if self.stops else len(losses) - 1
        return Try(replace(recipe, rounds=at + 1), losses[at])


def _searched(race: _Race, given: Try, trials: int, seed: int) -> list[Try]:
    """Try so many recipes besides the one that was given, each where the earlier ones say that it pays (TPE)."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    known = {name: value for name, value in asdict(given.recipe).items() if name in _SPACE}
    study.add_trial(optuna.trial.create_trial(params=known, distributions=_space(), value=given.log_loss))
    found = []
    for _ in range(trials):
        trial = study.ask(_space())
        tried = race.tried(replace(given.recipe, **trial.params))
        study.tell(trial, tried.log_loss)
        log.info("tried %s: log loss %.4f with %d rounds", trial.params, tried.log_loss, tried.recipe.rounds)
        found.append(tried)
    return found


_SPACE: dict[str, tuple[float, float, bool]] = {  # least, most, whether on a logarithmic scale
    "max_depth": (2, 8, False),
    "eta": (0.02, 0.2, True),
    "min_child_weight": (1.0, 200.0, True),
    "subsample": (0.5, 1.0, False),
    "colsample_bytree": (0.3, 1.0, False),
    "reg_lambda": (0.5, 100.0, True),
}


def _space() -> "dict[str, optuna.distributions.BaseDistribution]":
    from optuna.distributions import FloatDistribution, IntDistribution

    whole = {"max_depth"}
    return {
        name: IntDistribution(int(least), int(most)) if name in whole else FloatDistribution(least, most, log=scale)
        for name, (least, most, scale) in _SPACE.items()
    }
