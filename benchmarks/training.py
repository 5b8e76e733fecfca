"""Measures training and evaluation at a million rows: the fit, the paired bootstrap, and the metrics.

    python -m benchmarks.training                     # 1 million rows
    python -m benchmarks.training --rows 100000 --resamples 100
    python -m benchmarks.training --device cuda       # fits on a GPU as well, and compares the quality

Rows are drawn from a seed: sixteen features of the model's names, a tenth hot, by a rule that no single feature knows.
Each figure is a process of its own, measured from its start to its end, drawing of the rows included; `seconds` is the
step alone. Prints a table and writes `benchmarks/results/training.json`. On a machine with a GPU of NVIDIA it needs no
more than this checkout, with `PYTHONPATH=src:.`, and

    pip install numpy psutil pyarrow scikit-learn scipy threadpoolctl xgboost
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.machine import machine
from benchmarks.measure import Cost
from hotarea.domain import bootstrap, metric_intervals, training, tuning
from hotarea.domain.columns import Bools, Floats
from hotarea.domain.evaluation import CHAMPION, MODEL, Scores, metrics
from hotarea.domain.model_features import MODEL_FEATURES
from hotarea.domain.slices import masks, sliced

ROWS = 1_000_000
SEED = 7
RESULTS = Path(__file__).parent / "results" / "training.json"
CUTOFFS = 5
BASELINES = 5
"""Rivals of the longer bootstrap: a champion and four baselines."""

TOPICS = 30
"""So many that the largest are slices of their own, and the others one."""


@dataclass(frozen=True)
class Asked:
    """What is measured."""

    rows: int
    resamples: int
    device: str


def main() -> None:
    """Measure, or be one of the steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="fit there as well as on the CPU")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file of the figures")
    parser.add_argument("--as", dest="step", choices=_STEPS, help=argparse.SUPPRESS)
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    asked = Asked(given.rows, given.resamples, given.device)
    if given.step:
        given.told.write_text(json.dumps(_STEPS[given.step](asked)))
        return
    found = measured(asked)
    given.results.write_text(json.dumps(found, indent=1) + "\n")
    print(table(found))


def measured(asked: Asked) -> dict[str, Any]:
    """Return what each step took, and what it found."""
    steps = [name for name in _STEPS if name != "fit on cuda" or asked.device == "cuda"]
    xgboost = packages_distributions()["xgboost"][0]  # another wheel has the GPU
    return {
        **asdict(asked),
        "steps": {name: _run(name, asked) for name in steps},
        "machine": machine((xgboost, "numpy", "scikit-learn")),
    }


def table(found: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    head = ("step", "rows", "seconds", "process, s", "CPU s", "peak MiB", "found")
    lines = [f"| {' | '.join(head)} |", "| --- | ---: | ---: | ---: | ---: | ---: | --- |"]
    for name, took in found["steps"].items():
        figures = f"{took['seconds']:.1f} | {took['wall_s']:.1f} | {took['cpu_s']:.1f} | {took['peak_mib']:,.0f}"
        lines.append(f"| {name} | {found['rows']:,} | {figures} | {took['told']} |")
    return "\n".join(lines)


def drawn(rows: int, seed: int = SEED) -> tuple[Floats, Bools]:
    """Return features and labels: hot is what has a high one-year rate and is young, and a little chance."""
    chance = np.random.default_rng(seed)
    values = chance.random((rows, len(MODEL_FEATURES)))
    rate, age = (values[:, MODEL_FEATURES.index(name)] for name in ("rate_1y_pct", "citing_age_mean_pct"))
    heat = 6 * rate - 3 * age * (rate > 0.5) + chance.normal(0, 1, rows)
    return values, heat > np.quantile(heat, 0.9)


def _run(name: str, asked: Asked) -> dict[str, Any]:
    given = ["--rows", asked.rows, "--resamples", asked.resamples, "--device", asked.device]
    with tempfile.NamedTemporaryFile(suffix=".json") as told, tempfile.NamedTemporaryFile(suffix=".log") as log:
        arguments = ["--as", name, "--told", told.name, *map(str, given)]
        cost = Cost.of([sys.executable, "-m", "benchmarks.training", *arguments], Path(log.name))
        return {**asdict(cost), **json.loads(Path(told.name).read_text())}


def _fit(asked: Asked) -> dict[str, Any]:
    return _fitted_on("cpu", asked)


def _fit_early_stopped(asked: Asked) -> dict[str, Any]:
    """Fit as the loop does on five cutoffs: rounds chosen on the newest, then all rows."""
    values, hot = drawn(asked.rows)
    rows = tuning.Rows(values, hot, np.arange(asked.rows) * CUTOFFS // asked.rows, MODEL_FEATURES)

    def fitted() -> Any:
        settled = tuning.settled(rows, training.RECIPE, tuning.Tuning(stop_early_from=CUTOFFS), SEED)
        training.fit(values, hot, MODEL_FEATURES, settled.recipe, SEED)
        return settled

    seconds, settled = _timed(fitted)
    return {"seconds": seconds, "told": f"{settled.recipe.rounds} {settled.reason}"}


def _fit_on_gpu(asked: Asked) -> dict[str, Any]:
    training.check_device("cuda")
    return _fitted_on("cuda", asked)


def _fitted_on(device: str, asked: Asked) -> dict[str, Any]:
    values, hot = drawn(asked.rows)
    recipe = replace(training.RECIPE, device=device)
    seconds, model = _timed(lambda: training.fit(values, hot, MODEL_FEATURES, recipe, SEED))
    unseen, truth = drawn(max(asked.rows // 5, 1000), SEED + 1)
    quality = metrics(truth, training.score(model, unseen))
    shown = f"average precision {quality['average_precision']:.4f}, log loss {quality['log_loss']:.4f} on unseen rows"
    return {"seconds": seconds, "told": f"{recipe.rounds} rounds; {shown}", "metrics": quality}


def _against_one(asked: Asked) -> dict[str, Any]:
    return _resampled(1, asked)


def _against_all(asked: Asked) -> dict[str, Any]:
    return _resampled(BASELINES, asked)


def _resampled(count: int, asked: Asked) -> dict[str, Any]:
    hot, model, rivals = _race(asked.rows, count)
    draw = bootstrap.Resampling(SEED, asked.resamples)
    bootstrap.resampled(1, np.random.SeedSequence(0))  # imports what draws the table, as any second call finds it
    seconds, found = _timed(lambda: bootstrap.compared(hot, model, rivals, draw))
    first = found.differences["rival 0"]["average_precision"]
    shown = f"{first.estimate:.4f} ({first.lower:.4f} to {first.upper:.4f})"
    return {"seconds": seconds, "told": f"{asked.resamples:,} resamples, {count} rivals; {shown}"}


def _compared(asked: Asked) -> dict[str, Any]:
    """Compare all contenders on all rows and on every slice, as the evidence for the gate does."""
    hot, model, rivals = _race(asked.rows, BASELINES)
    champion, *others = rivals.values()
    contenders = {MODEL: model, CHAMPION: champion} | {f"rival {n}": rival for n, rival in enumerate(others)}
    draw = bootstrap.Resampling(SEED, asked.resamples)
    parts = masks(*_described(asked.rows))
    bootstrap.resampled(1, np.random.SeedSequence(0))
    whole, _ = _timed(lambda: bootstrap.compared(hot, model, rivals, draw))
    gained, _ = _timed(lambda: bootstrap.gains(hot, model, champion, parts, draw))
    seconds, found = _timed(lambda: sliced(hot, contenders, parts, draw))
    measured = sum(part.difference is not None for part in found.values())
    shown = f"{whole:.1f} s on all rows, {gained:.1f} s on {measured} slices, {seconds - gained:.1f} s their metrics"
    return {"seconds": round(whole + seconds, 2), "told": f"{asked.resamples:,} resamples, {BASELINES} rivals; {shown}"}


def _of_every_metric(asked: Asked) -> dict[str, Any]:
    """Give each metric of one contender its interval, but those that contenders are compared by."""
    hot, model, _ = _race(asked.rows, 0)
    draw = bootstrap.Resampling(SEED, asked.resamples)
    bootstrap.resampled(1, np.random.SeedSequence(0))
    seconds, found = _timed(lambda: metric_intervals.intervals(hot, model.probability, draw))
    return {"seconds": seconds, "told": f"{asked.resamples:,} resamples, {len(found)} metrics of one contender"}


def _described(rows: int) -> tuple[Floats, Floats, pa.ChunkedArray]:
    """Return ages, citations and topics of documents: few topics have many of them."""
    chance = np.random.default_rng(SEED)
    topics = pa.array([f"topic {n}" for n in range(TOPICS)]).take(pa.array(chance.zipf(1.3, rows) % TOPICS))
    return chance.uniform(0, 20, rows), chance.geometric(0.1, rows).astype(float), pa.chunked_array([topics])


def _metrics(asked: Asked) -> dict[str, Any]:
    hot, model, _ = _race(asked.rows, 0)
    seconds, found = _timed(lambda: metrics(hot, model.probability))
    return {"seconds": seconds, "told": f"all {len(found)} metrics of one contender"}


def _race(rows: int, count: int) -> tuple[Bools, Scores, dict[str, Scores]]:
    """Return labels, and scores of a model and of rivals that err more; every second one ranks by a few values."""
    chance = np.random.default_rng(SEED)
    hot = chance.random(rows) < 0.1

    def scores(noise: float, *, tied: bool) -> Scores:
        probability = 1 / (1 + np.exp(2 - 2 * hot - chance.normal(0, noise, rows)))
        return Scores.of(probability, np.round(50 * probability) if tied else None)

    return hot, scores(1.0, tied=False), {f"rival {n}": scores(1.2, tied=n % 2 == 1) for n in range(count)}


def _timed(step: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = step()
    return round(time.perf_counter() - start, 2), found


_STEPS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "fit": _fit,
    "fit, rounds chosen": _fit_early_stopped,
    "fit on cuda": _fit_on_gpu,
    "bootstrap, one rival": _against_one,
    "bootstrap, all contenders": _against_all,
    "bootstrap, slices too": _compared,
    "bootstrap, other metrics": _of_every_metric,
    "metrics": _metrics,
}

if __name__ == "__main__":
    main()
