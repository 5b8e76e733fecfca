"""How good the model is on real corpora, year by year, beside the baselines, and where it has to be refused.

    python -m benchmarks.model_quality                     # arxiv_cs 2008 to 2017 and hepth 1997 to 1999
    python -m benchmarks.model_quality --corpus hepth --data ../shared/data

For every year it stands where the loop would have stood when that year's labels matured: releases until then, the
plan that `hotarea train` would make, rows by the same join, the model by the same recipe, the evidence by the same code
as for the gate, as for a first champion. Prints the tables and writes `benchmarks/results/model_quality.json`. A corpus
is ingested once, into the folder of the benchmarks; that takes minutes.
"""

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.corpus import FOLDER
from benchmarks.machine import machine
from hotarea.domain import records
from hotarea.domain.baselines import LOGISTIC_REGRESSION
from hotarea.domain.errors import TooLittleDataError
from hotarea.domain.evaluation import MODEL
from hotarea.domain.evidence import Evidence, Slice
from hotarea.domain.gate import not_beaten
from hotarea.domain.gate_policy import Policy
from hotarea.domain.settings import Settings
from hotarea.domain.training_plan import TrainingPlan, planned
from hotarea.domain.tuning import Settled
from hotarea.domain.windows import scorable_from
from hotarea.stages import evidence, features, gate, hindsight, ingest, train, training_rows
from hotarea.stages.contenders import InService
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout, write_aside
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder, write

DATA = Path(__file__).parents[2] / "shared" / "data"
RESULTS = Path(__file__).parent / "results" / "model_quality.json"
YEARS = {"arxiv_cs": range(2008, 2018), "hepth": range(1997, 2000)}
SHOWN = (MODEL, "rate_1y", "rate", "cite_count_5y", LOGISTIC_REGRESSION)


@dataclass(frozen=True)
class Published:
    """A home with all of a corpus, and what its ledger says."""

    settings: Settings
    releases: Sequence[records.Release]
    features: Sequence[records.FeatureSet]
    labels: Sequence[records.LabelSet]

    @classmethod
    def of(cls, settings: Settings) -> "Published":
        """Read the ledger of a home."""
        with Ledger(settings.ledger) as ledger:
            return cls(settings, *(ledger.all(k) for k in (records.Release, records.FeatureSet, records.LabelSet)))

    def planned(self, year: int) -> TrainingPlan:
        """Return what would have been trained once the labels of a year's end had matured."""
        today = scorable_from(date(year, 12, 31), self.settings.horizon_years)
        return planned(
            self.settings,
            [r for r in self.releases if r.release_date <= today],
            [s for s in self.features if s.known <= today],
            [s for s in self.labels if s.known <= today],
        )


def main() -> None:
    """Evaluate the corpora that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", choices=YEARS, action="append", help="one or more; all if left out")
    parser.add_argument("--data", type=Path, default=DATA, help="where the corpora are (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where homes are kept (default: %(default)s)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file of the figures")
    asked = parser.parse_args()
    names = asked.corpus or list(YEARS)
    found = {name: measured(home(name, asked.data, asked.folder), YEARS[name]) for name in names}
    told = {"corpora": found, "machine": machine(("xgboost-cpu", "scikit-learn", "numpy"))}
    write_aside(asked.results, json.dumps(told, indent=1).encode() + b"\n")
    for name, years in found.items():
        print(f"\n{name}\n{table(years)}")


def home(name: str, data: Path, folder: Path) -> Settings:
    """Return the settings of a home that holds features and labels of all cutoffs of a corpus."""
    settings = Settings.load(home=folder / f"quality-3-{name}", project=Path(__file__).parents[1], raw=data / name)
    ingest.run(settings, "benchmark")
    features.run(settings, "benchmark")
    return settings


def measured(settings: Settings, years: Iterable[int]) -> list[dict[str, Any]]:
    """Return of each year's evaluation what the gate would be shown, as far as it says how good the model is."""
    published, policy, found = Published.of(settings), gate.policy(settings), []
    for year in years:
        try:
            plan = published.planned(year)
            found.append({"year": year, **_told(plan, *_judged(settings, plan), policy)})
        except TooLittleDataError as error:
            found.append({"year": year, "too_little_data": str(error)})
    return found


def table(years: Sequence[dict[str, Any]]) -> str:
    """Return average precision of the contenders by year as a table in Markdown."""
    head = ("evaluated", "learned from", "rounds", "rows", "hot", *SHOWN, "ahead of the best baseline by", "verdict")
    lines = [f"| {' | '.join(head)} |", f"| --- | --- |{' ---: |' * (len(head) - 3)} --- |"]
    for told in years:
        if "too_little_data" in told:
            lines.append(f"| {told['year']} |{' – |' * (len(head) - 2)} too little data |")
            continue
        precision = (f"{told['metrics'][who]['average_precision']:.3f}" for who in SHOWN)
        ahead = "{estimate:+.3f} ({lower:+.3f} to {upper:+.3f})".format(**told["ahead"])
        row = (
            f"{told['year']}",
            told["training"],
            f"{told['rounds']}",
            f"{told['rows']:,}",
            f"{told['hot']:,}",
            *precision,
            ahead,
        )
        lines.append(f"| {' | '.join(row)} | {told['verdict']} |")
    return "\n".join(lines)


def _judged(settings: Settings, plan: TrainingPlan) -> tuple[Evidence, Settled]:
    """Join, fit and evaluate a plan beside the home's own trainings, and leave nothing."""
    folder = TrainingFolder(Layout(settings.home).aside("quality"))
    try:
        write(folder.plan, plan)
        rows = training_rows.collect(settings, plan)
        sets, services = training_rows.made_of(settings, plan), training_rows.services(settings, plan)
        folder.write_rows(Layout(settings.home), rows, sets, services)
        hindsight.check(settings, folder, "benchmark")
        train.fitted(folder)
        return evidence.gather(settings, folder, 0, InService(None, None)), folder.read_recipe()
    finally:
        files.discard(folder.path)


def _told(plan: TrainingPlan, found: Evidence, settled: Settled, policy: Policy) -> dict[str, Any]:
    best = max(found.baselines, key=lambda who: found.metrics[who]["average_precision"])
    ahead = found.differences[best]["average_precision"]
    behind = not_beaten(found, policy)
    return {
        "training": _years(plan),
        "rounds": settled.recipe.rounds,
        "settled": settled.reason,
        "rows": found.rows,
        "hot": found.hot,
        "metrics": found.metrics,
        "best_baseline": best,
        "ahead": {"estimate": ahead.estimate, "lower": ahead.lower, "upper": ahead.upper},
        "importance": found.importance,
        "slices": {name: _slice(part) for name, part in found.slices.items()},
        "not_beaten": behind,
        "verdict": f"refused: {', '.join(behind)}" if behind else "beats every baseline",
    }


def _slice(part: Slice) -> dict[str, Any]:
    precision = {who: part.metrics[who]["average_precision"] for who in SHOWN if who in part.metrics}
    return {"rows": part.rows, "hot": part.hot, "average_precision": precision}


def _years(plan: TrainingPlan) -> str:
    first, last = (plan.window.training[place].day.year for place in (0, -1))
    return str(first) if first == last else f"{first} to {last}"


if __name__ == "__main__":
    main()
