"""Movement: measures how far the newest cutoff is from what the champion learned from, and from the years before."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hotarea.domain import label_definition, records, training
from hotarea.domain.columns import Floats
from hotarea.domain.drift import Histogram, distance
from hotarea.domain.drift_check import DriftPolicy, Measured, limits
from hotarea.domain.drift_reference import Bins, Reference
from hotarea.domain.errors import NotReadyError
from hotarea.domain.model_features import FEATURE_SERVICE
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff, first_known, years_before
from hotarea.stages import drift_references
from hotarea.stores import definitions, policies, registry
from hotarea.stores.drift_report import Distributions
from hotarea.stores.ledger import Ledger, read

USUAL_YEARS = 3
"""New documents are compared with those of so many years before, as works of a release are with its forerunners."""


@dataclass(frozen=True)
class Watched:
    """What is compared: the newest cutoff, and what the champion learned from."""

    newest: Cutoff
    champion: records.Champion | None
    reference: Reference

    @property
    def model_version(self) -> int:
        """The champion's version; 0 while there is none."""
        return self.champion.model_version if self.champion else 0


@dataclass(frozen=True)
class Seen:
    """What was measured, and the distributions that it was measured on."""

    measured: Measured
    distributions: Distributions


def watched(settings: Settings) -> Watched | None:
    """Return what there is to compare; None without features, or a cutoff before the only one."""
    with Ledger(settings.ledger) as ledger:
        sets = ledger.all(records.FeatureSet)
        champion = ledger.newest(records.Champion)
    if not sets:
        return None
    definitions.apply(settings)
    reference = (
        drift_references.of_champion(settings, champion) if champion else drift_references.of_cutoffs(settings, sets)
    )
    newest = max(Cutoff(s.cutoff, s.known) for s in sets)
    return None if reference is None else Watched(newest, champion, reference)


def seen(settings: Settings, watched: Watched, here: Settings) -> Seen:
    """Measure the newest cutoff in the home `here` against the reference, and against the years before in ours.

    Raises `NotReadyError` if no document of the cutoff was cited: nothing that moved is no sign that nothing moves.
    """
    reference, cutoff = watched.reference, watched.newest
    names = tuple(reference.features)
    service = watched.champion.feature_service if watched.champion else FEATURE_SERVICE
    found = drift_references.columns(here, cutoff, service, names) if names else {}
    features = {name: (bins, bins.again(found[name])) for name, bins in reference.features.items() if len(found[name])}
    if names and not features:
        raise NotReadyError(
            f"no document of cutoff {cutoff} was cited, so that its features cannot be compared with those of "
            f"{reference.name}; expected some. Run `hotarea validate`, which says what its releases lack."
        )
    scores = _scores(settings, watched, found) if watched.champion else None
    both = _new_documents(settings, here, cutoff)
    drift_policy = rules(settings)
    measured = Measured(
        features={name: before.psi(now) for name, (before, now) in features.items()},
        importance=reference.importance,
        limits=limits(names, reference.borne, drift_policy),
        predictions=scores[0].psi(scores[1]) if scores else None,
        new_documents={name: distance(before, now).distance for name, (before, now) in both.items()},
        label_share=_label_share(settings),
    )
    return Seen(measured, Distributions(features, scores, both))


def rules(settings: Settings) -> DriftPolicy:
    """Return the policy of drift."""
    return policies.read(settings, "drift", DriftPolicy)


def _scores(settings: Settings, watched: Watched, found: dict[str, Floats]) -> tuple[Bins, Bins] | None:
    """Return the champion's scores at its evaluation and of the newest cutoff; None if there is nothing to score."""
    before, values = watched.reference.scores, np.column_stack(list(found.values()))
    if watched.champion is None or before is None or not len(values):
        return None
    with TemporaryDirectory() as folder:
        file = registry.fetch(settings, watched.champion.model_version, Path(folder) / "model.ubj")
        return before, before.again(training.score(training.load(file), values))


def _new_documents(settings: Settings, here: Settings, cutoff: Cutoff) -> dict[str, tuple[Histogram, Histogram]]:
    """Return what is watched of the new documents of the years before, and of those of the newest cutoff.

    Where there are too few of them on either side, nothing is compared.
    """
    with Ledger(settings.ledger) as ledger:
        first = first_known(ledger.all(records.FeatureSet))
    usual = _usual(cutoff.day, first)
    if not usual:
        return {}
    now = drift_references.new_documents(here, cutoff)
    parts = [drift_references.new_documents(settings, Cutoff(day, first[day].known)) for day in usual]
    both = {name: (np.concatenate([part[name] for part in parts]), now[name]) for name in now}
    fewest = rules(settings).fewest
    return {
        name: (Histogram.of(before), Histogram.of(newest))
        for name, (before, newest) in both.items()
        if min(len(before), len(newest)) >= fewest
    }


def _usual(day: date, known: Collection[date]) -> list[date]:
    """Return the cutoffs that show the new documents of each of the years before, however often releases come."""
    until = (years_before(day, years) for years in range(1, USUAL_YEARS + 1))
    newest = (max((other for other in known if other <= end), default=None) for end in until)
    return sorted({found for found in newest if found})


def _label_share(settings: Settings) -> float | None:
    """Return the share of hot areas at the newest matured cutoff, less what the label's quantile gives.

    None without labels, or with too few.
    """
    known = read(settings.ledger, records.LabelSet, **label_definition.asked(settings))
    newest = max(known, key=lambda s: (s.cutoff, s.known), default=None)
    if newest is None or newest.eligible < rules(settings).fewest:
        return None
    return newest.hot / newest.eligible - (1 - settings.hot_quantile)
