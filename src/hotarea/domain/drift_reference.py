"""What a champion learned from, as distributions: what the world is held against for as long as it is in service."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from hotarea.domain.columns import Floats
from hotarea.domain.drift import SCORE_QUANTILES, edges_of, firm_bins, index, quantile_edges, shares


@dataclass(frozen=True)
class Bins:
    """The shares of a feature's values between ascending edges, as `drift.shares` gives them, that of nulls last.

    References of before scores had bins of their own keep theirs, none of which is firm.
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]
    firm: int = 0  # of so many of the last bins, neither shares its values with another

    @classmethod
    def of(cls, name: str, values: Floats) -> "Bins":
        """Return the bins of a feature's values, which are at least one."""
        edges = edges_of(name, values)
        return cls(tuple(edges.tolist()), tuple(shares(values, edges).tolist()))

    @classmethod
    def scored(cls, scores: Floats) -> "Bins":
        """Return the bins of a model's scores, which are at least one."""
        edges = quantile_edges(scores, SCORE_QUANTILES)
        firm = firm_bins(scores, edges)
        return cls(tuple(edges.tolist()), tuple(shares(scores, edges, firm).tolist()), firm)

    def again(self, values: Floats) -> "Bins":
        """Return other values, at least one, in the same bins."""
        return replace(self, shares=tuple(shares(values, np.array(self.edges), self.firm).tolist()))

    def psi(self, other: "Bins") -> float:
        """Return the population stability index from these shares to others of the same bins."""
        return index(np.array(self.shares), np.array(other.shares))


@dataclass(frozen=True)
class Model:
    """What a reference needs to know of the model that learned from its rows."""

    importance: Mapping[str, float]  # each feature's share of the gain
    evaluation: Mapping[str, Floats]  # the features of the evaluation rows
    scores: Floats  # the model's, of the evaluation rows


@dataclass(frozen=True)
class Reference:
    """The distributions of what a model learned from; kept with its training, so that they outlive the rows."""

    name: str  # the training's id; the cutoffs, where no champion is in service
    known: date  # the day by which all of it was known
    features: dict[str, Bins]  # of the documents that were learned from
    importance: dict[str, float]  # each feature's share of the model's gain
    borne: dict[str, float]  # PSI of each feature at the evaluation, whose metrics the gate accepted
    scores: Bins | None  # the model's, at its evaluation

    @classmethod
    def of(
        cls,
        name: str,
        known: date,
        rows: Mapping[str, Floats],
        model: "Model | None" = None,
    ) -> "Reference":
        """Return the reference that rows make, at least one; without a model all features matter alike."""
        alike = dict.fromkeys(rows, 1 / max(len(rows), 1))
        features = {feature: Bins.of(feature, values) for feature, values in rows.items()}
        if model is None:
            return cls(name, known, features, alike, {}, None)
        borne = {name: bins.psi(bins.again(model.evaluation[name])) for name, bins in features.items()}
        return cls(name, known, features, dict(model.importance), borne, Bins.scored(model.scores))
