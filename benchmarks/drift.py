"""Measures how far good data moves: what stands behind the limits of `policy/drift.toml`.

    python -m benchmarks.drift                        # the sample, and the real corpora where they are
    python -m benchmarks.drift --corpus sample

Each corpus is ingested, and features and labels of all its year ends are published. For every year in which a model
could have been trained, one is, as the loop does it; then all later cutoffs up to three years on are held against its
reference. Told is, per feature, the most that it moved beyond `growth` times where it was at the evaluation; the most
that scores moved; and for each year how far its new documents were from those of the three years before.
"""

import argparse
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from hotarea.domain import training
from hotarea.domain.drift import Histogram, distance
from hotarea.domain.drift_check import DriftPolicy
from hotarea.domain.drift_reference import Model, Reference
from hotarea.domain.errors import NotReadyError
from hotarea.domain.model_features import FEATURE_SERVICE, MODEL_FEATURES
from hotarea.domain.records import FeatureSet, LabelSet, Release
from hotarea.domain.settings import Settings
from hotarea.domain.training_plan import TrainingPlan, planned
from hotarea.domain.windows import Cutoff
from hotarea.stages import drift_references, features, ingest, jobs, movement, sample, staged_releases, training_rows
from hotarea.stores import definitions, policies
from hotarea.stores.ledger import Ledger, read

PROJECT = Path(__file__).parents[1]
DATA = PROJECT.parent / "shared" / "data"
YEARS_IN_SERVICE = 3
IN_PART = {"arxiv_cs": 2020}
"""The year of a corpus that was delivered in part: it is no good data."""


def main() -> None:
    """Measure the corpora that are asked for and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", action="append", choices=("sample", "arxiv_cs", "hepth"))
    for corpus in parser.parse_args().corpus or ("sample", "hepth", "arxiv_cs"):
        with tempfile.TemporaryDirectory(prefix="drift-") as home:
            settings = Settings.load(home=Path(home), project=PROJECT)
            built(settings, sample.run(settings).folder if corpus == "sample" else DATA / corpus)
            tell(corpus, settings)


def built(settings: Settings, raw: Path) -> None:
    """Ingest a corpus and publish features and labels of all its year ends."""
    plan = ingest.plan(settings, "benchmark", raw)
    assert plan  # noqa: S101
    jobs.run(ingest.job(settings, plan))
    staged_releases.publish(settings, plan, "benchmark")
    plan = features.plan(settings, "benchmark")
    assert plan  # noqa: S101
    jobs.run(features.feature_job(settings, plan))
    jobs.run(features.label_job(settings, plan))
    features.publish(settings, plan, "benchmark")
    definitions.apply(settings)


def tell(corpus: str, settings: Settings) -> None:
    """Print what a corpus moved."""
    growth = policies.read(settings, "drift", DriftPolicy).growth
    published = {Cutoff(s.cutoff, s.known) for s in read(settings.ledger, FeatureSet)}
    cutoffs = sorted(c for c in published if c.day.year != IN_PART.get(corpus))
    most, scores = dict.fromkeys(MODEL_FEATURES, 0.0), 0.0
    for year, reference, model in champions(settings, cutoffs):
        for cutoff in (c for c in cutoffs if year <= c.day.year <= year + YEARS_IN_SERVICE):
            found = drift_references.columns(settings, cutoff, FEATURE_SERVICE, MODEL_FEATURES)
            moved = drift_references.distances(reference, found)
            for name, psi in moved.items():
                most[name] = max(most[name], psi if psi > growth * reference.borne[name] else 0.0)
            values = np.column_stack(list(found.values()))
            scores = max(scores, drift_references.of_scores(reference, model, values) or 0.0)
    print(f"\n{corpus}: the most that good data moved beyond {growth} times the evaluation's")
    for name, psi in most.items():
        print(f"  {name:24} {psi:.2f}")
    print(f"  {'scores':24} {scores:.2f}")
    print("  new documents: " + ", ".join(f"{year} {found:.2f}" for year, found in new_documents(settings, cutoffs)))


def champions(settings: Settings, cutoffs: list[Cutoff]) -> Iterator[tuple[int, Reference, object]]:
    """Yield a year, and what a model that was trained in it would be held against, with that model."""
    with Ledger(settings.ledger) as ledger:
        for now in cutoffs:
            sets = [s for s in ledger.all(FeatureSet) if s.known <= now.known]
            labels = [s for s in ledger.all(LabelSet) if s.known <= now.known]
            releases = [r for r in ledger.all(Release) if r.release_date <= now.known]
            try:
                plan = planned(settings, releases, sets, labels)
            except NotReadyError:
                continue
            yield now.day.year, *trained(settings, plan)


def trained(settings: Settings, plan: TrainingPlan) -> tuple[Reference, object]:
    """Return the reference of a model that is trained by a plan, and the model."""
    rows = training_rows.collect(settings, plan)
    learned, unseen = (training.matrix(part, plan.features) for part in (rows.training, rows.evaluation))
    model = training.fit(learned, training.labels(rows.training), plan.features, plan.recipe, plan.seed)
    by_name = [dict(zip(plan.features, part.T, strict=True)) for part in (learned, unseen)]
    of_model = Model(training.importance(model), by_name[1], training.score(model, unseen))
    return Reference.of(plan.training_id, date.today(), by_name[0], of_model), model  # noqa: DTZ011 - is not read


def new_documents(settings: Settings, cutoffs: list[Cutoff]) -> Iterator[tuple[int, float]]:
    """Yield for each year the distance of its new documents' references from those of the years before."""
    found = {c: drift_references.new_documents(settings, c)["references_inside"] for c in cutoffs}
    for at, cutoff in enumerate(cutoffs):
        before = [found[c] for c in cutoffs[max(0, at - movement.USUAL_YEARS) : at]]
        if before and min(len(np.concatenate(before)), len(found[cutoff])) >= 100:
            sides = Histogram.of(np.concatenate(before)), Histogram.of(found[cutoff])
            yield cutoff.day.year, distance(*sides).distance


if __name__ == "__main__":
    main()
