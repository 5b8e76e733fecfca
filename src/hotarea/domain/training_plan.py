"""What one candidate is trained on: decided once, recorded, then read by every later step."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import msgspec

from hotarea.domain import label_definition
from hotarea.domain.errors import SettingsError, TooLittleDataError
from hotarea.domain.model_features import BASELINE_FEATURES, FEATURE_SERVICE, MODEL_FEATURES
from hotarea.domain.records import FeatureSet, LabelSet, Release
from hotarea.domain.settings import Settings
from hotarea.domain.training import RECIPE, Recipe
from hotarea.domain.tuning import Tuning
from hotarea.domain.windows import Cutoff, Maturity, TrainingWindow, first_known, is_year_end, training_window


@dataclass(frozen=True)
class TrainingPlan:
    """What one candidate learns from; equal plans give equal models."""

    training_id: str
    window: TrainingWindow
    labels: tuple[Cutoff, ...]  # of the training cutoffs and the evaluation cutoff, as known first
    releases: tuple[str, ...]
    feature_service: str
    features: tuple[str, ...]
    baselines: tuple[str, ...]
    hot_quantile: float
    seed: int
    recipe: Recipe
    tuning: Tuning = field(default_factory=Tuning)  # what of the recipe is left to the rows
    excluded: tuple[str, ...] = ()  # those of the releases whose cutoffs were left out: they are known to be bad

    @property
    def cutoffs(self) -> tuple[Cutoff, ...]:
        """The cutoffs that rows are taken from: training and evaluation."""
        return (*self.window.training, self.window.evaluation)


def planned(
    settings: Settings, releases: Sequence[Release], features: Sequence[FeatureSet], labels: Sequence[LabelSet]
) -> TrainingPlan:
    """Plan a training on what is published; raise TooLittleDataError if the history is too short.

    `training_id` is the newest cutoff, with its known date if that is a correction's, and a hash of what makes the
    model: rows, features, settings and recipe. Only year ends are learned from and evaluated on, each as it was known
    first: how often releases come, and what later ones correct, changes no row. A matured cutoff whose labels are not
    published yet is left out, and so is one at which no document was eligible. So is what became known with a release
    that the settings exclude, unless a correction tells it anew: the plan names them, and so does the error if what is
    left is too little. Raises SettingsError if they exclude one that never came, or if all labels were made by another
    definition of hot.
    """
    if not releases:
        raise TooLittleDataError("nothing to train on: no release was ingested. Ingest one first.")
    excluded = _excluded(settings, releases)
    try:
        return _planned(settings, releases, features, labels, excluded)
    except TooLittleDataError as error:
        if not excluded:
            raise
        named = ", ".join(map(str, sorted(excluded)))
        raise TooLittleDataError(
            f"{error} HOTAREA_EXCLUDED_RELEASES leaves out the cutoffs whose features or labels came with {named}."
        ) from error


def _planned(
    settings: Settings,
    releases: Sequence[Release],
    features: Sequence[FeatureSet],
    labels: Sequence[LabelSet],
    excluded: frozenset[date],
) -> TrainingPlan:
    usable = [s for s in _as_asked(settings, labels) if s.known not in excluded and s.eligible]
    labelled = _cutoffs(usable)
    built = _cutoffs([s for s in features if s.known not in excluded])
    maturity = Maturity.of(max(r.covered for r in releases), settings.horizon_years)
    window = _window(settings, built, labelled, maturity)
    window = replace(window, newest=max(Cutoff(s.cutoff, s.known) for s in features))
    _check_both_kinds("learned from", [labelled[c.day] for c in window.training], usable)
    _check_both_kinds("evaluated on", [labelled[window.evaluation.day]], usable)
    plan = TrainingPlan(
        training_id="",
        window=window,
        labels=tuple(labelled[c.day] for c in (*window.training, window.evaluation)),
        releases=tuple(sorted(r.release_id for r in releases)),
        feature_service=FEATURE_SERVICE,
        features=MODEL_FEATURES,
        baselines=BASELINE_FEATURES,
        hot_quantile=settings.hot_quantile,
        seed=settings.seed,
        recipe=replace(RECIPE, device=settings.device),
        tuning=Tuning(settings.search_trials, settings.early_stopping_cutoffs),
        excluded=tuple(sorted(map(str, excluded))),
    )
    first = _cutoffs(features)[window.newest.day]
    corrected = "" if window.newest == first else f"@{window.newest.known}"
    return replace(plan, training_id=f"{window.newest.day}{corrected}-{_digest(plan)}")


def _as_asked(settings: Settings, labels: Sequence[LabelSet]) -> list[LabelSet]:
    """Return the labels by the definition of hot that the settings have; raise SettingsError if all have another."""
    wanted = label_definition.asked(settings).items()
    found = [s for s in labels if all(getattr(s, name) == value for name, value in wanted)]
    if not found:
        label_definition.check(settings, labels)
    return found


def _window(
    settings: Settings, built: dict[date, Cutoff], labelled: dict[date, Cutoff], maturity: Maturity
) -> TrainingWindow:
    """Split the year ends that can be used: with labels, or not matured yet."""
    usable = [
        cutoff for day, cutoff in built.items() if is_year_end(day) and (day in labelled or not maturity.reaches(day))
    ]
    return training_window(usable, maturity, settings.training_cutoffs, settings.training_cutoffs_min)


def _check_both_kinds(what: str, cutoffs: Sequence[Cutoff], labels: Sequence[LabelSet]) -> None:
    """Raise TooLittleDataError if no area is hot at cutoffs, or every one: the first years of a corpus."""
    sets = {Cutoff(s.cutoff, s.known): s for s in labels}
    hot, eligible = (sum(getattr(sets[c], name) for c in cutoffs) for name in ("hot", "eligible"))
    if not 0 < hot < eligible:
        days = ", ".join(str(cutoff.day) for cutoff in cutoffs)
        raise TooLittleDataError(
            f"too few labels: {hot} of {eligible} eligible areas are hot at {days}, which would be {what}; expected "
            "both kinds. Wait for years with more citations."
        )


def _excluded(settings: Settings, releases: Sequence[Release]) -> frozenset[date]:
    """Return the dates of releases that came and are not to be learned from; one still to come is no mistake."""
    known = frozenset(r.release_date for r in releases)
    unknown = [day for day in settings.excluded_releases if day not in known and day <= max(known)]
    if unknown:
        raise SettingsError(
            f"HOTAREA_EXCLUDED_RELEASES names {', '.join(map(str, unknown))}, which no release was dated; expected "
            f"some of {', '.join(map(str, sorted(known)))}. Correct it, or leave it out."
        )
    return known.intersection(settings.excluded_releases)


def gives_the_same_model(training_id: str, other: str) -> bool:
    """Whether two trainings learn and evaluate the same, and differ at most in the newest cutoff."""
    return training_id.rpartition("-")[2] == other.rpartition("-")[2]


def _digest(plan: TrainingPlan) -> str:
    """Hash what makes the model and its metrics.

    Neither the newest cutoff nor the newest release is among it, nor what was excluded: the window says what that left.
    """
    window = replace(plan.window, newest=plan.window.evaluation)
    made_of = msgspec.to_builtins(replace(plan, training_id="", releases=(), window=window))
    del made_of["excluded"]
    return hashlib.sha256(msgspec.json.encode(made_of)).hexdigest()[:10]


def _cutoffs(sets: Sequence[FeatureSet | LabelSet]) -> dict[date, Cutoff]:
    """Return the cutoffs of sets by their day, each as it was known first."""
    return {day: Cutoff(day, found.known) for day, found in first_known(sets).items()}
