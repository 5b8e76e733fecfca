"""Measures our jobs beside DuckDB, and at the smallest size beside Beam with one record per element.

    python -m benchmarks                # 200,000, 1 million and 4 million works
    python -m benchmarks --works 200000

At each size the contenders' results are compared, all rows and bit for bit, before anything is timed. Then pairs of
runs follow each other in alternating order; ratios are taken pair by pair, and every figure is a median. Writes
`benchmarks/results/features.json` after each size, keeping the other sizes' figures, and prints a table.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import plot
from benchmarks.corpus import FOLDER, corpus, cutoffs, manifest
from benchmarks.equality import check_equal
from benchmarks.machine import machine
from benchmarks.measure import Cost
from benchmarks.ours import RESULT
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout, write_aside

SIZES = (200_000, 1_000_000, 4_000_000)
RESULTS = Path(__file__).parent / "results" / "features.json"
PLOT = Path(__file__).parents[1] / "docs" / "performance.svg"

OURS, DUCKDB, PER_ELEMENT = "hotarea", "duckdb", "per_element_beam"
_PACKAGES = ("apache-beam", "duckdb", "numpy", "pyarrow", "msgspec", "scipy")

_MODULES = {
    OURS: "benchmarks.ours",
    DUCKDB: "benchmarks.duckdb_features",
    PER_ELEMENT: "benchmarks.per_element",
}


def main() -> None:
    """Measure the sizes that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", type=int, action="append", help="size of the corpus; once for each")
    parser.add_argument("--cutoffs", type=int, default=8, help="yearly cutoffs, the last ones")
    parser.add_argument(
        "--runs", type=int, default=3, help="pairs of runs at each size after the compared one; with 0 that one counts"
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where corpora are kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file of the figures")
    parser.add_argument("--plot", type=Path, default=PLOT, help="the SVG file of the plot")
    asked = parser.parse_args()
    for works in asked.works or SIZES:
        raw = corpus(works, asked.folder)
        with tempfile.TemporaryDirectory(dir=asked.folder, prefix=".run-") as scratch:
            found = _size(raw, works, cutoffs(asked.cutoffs), asked.runs, Path(scratch))
        _keep(asked.results, found)
        plot.draw(json.loads(asked.results.read_bytes()), asked.plot)
    print(table(json.loads(asked.results.read_bytes())))


def table(sizes: Sequence[dict[str, Any]]) -> str:
    """Return the figures of all sizes as a table in Markdown."""
    lines = [
        "| works | contender | wall s | CPU s | peak MiB | ours to it, wall | CPU |",
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for size in sizes:
        for name, cost in size["contenders"].items():
            ratio = size["ratios"].get(name, {"wall": 1.0, "cpu": 1.0})
            lines.append(
                f"| {size['works']:,} | {name} | {cost['wall_s']:.1f} | {cost['cpu_s']:.1f} | {cost['peak_mib']:,.0f} "
                f"| {ratio['wall']:.2f} | {ratio['cpu']:.2f} |"
            )
    return "\n".join(lines)


def _size(raw: Path, works: int, at: Sequence[Cutoff], runs: int, scratch: Path) -> dict[str, Any]:
    """Compare and measure all contenders on one corpus."""
    rivals = (DUCKDB, PER_ELEMENT) if works == min(SIZES) else (DUCKDB,)
    costs: dict[str, list[Cost]] = {name: [_run(name, raw, at, scratch)] for name in (OURS, *rivals)}
    rows = sum(_compared(cutoff, scratch, rivals) for cutoff in at)
    if runs:
        costs[OURS], costs[DUCKDB] = [], []  # the first ones may have read the files from the disk
    for run in range(runs):
        for name in (OURS, DUCKDB) if run % 2 == 0 else (DUCKDB, OURS):
            costs[name].append(_run(name, raw, at, scratch))
    return {
        "works": works,
        "cutoffs": len(at),
        "rows": rows,
        "raw_bytes": manifest(raw)["content_length"],
        "references": manifest(raw)["references"],
        "contenders": {name: _median(found) for name, found in costs.items()},
        "ratio_wall": _ratio(costs, DUCKDB, "wall_s"),
        "ratio_cpu": _ratio(costs, DUCKDB, "cpu_s"),
        "ratios": {n: {"wall": _ratio(costs, n, "wall_s"), "cpu": _ratio(costs, n, "cpu_s")} for n in rivals},
        "jobs": json.loads((scratch / OURS / RESULT).read_bytes())["jobs"],
        "runs": runs,
        "machine": machine(_PACKAGES),
    }


def _run(name: str, raw: Path, at: Sequence[Cutoff], scratch: Path) -> Cost:
    """Run a contender in a new folder, which stays until its next run."""
    output = scratch / name
    shutil.rmtree(output, ignore_errors=True)
    chosen = [f"--cutoff={cutoff}" for cutoff in at]
    return Cost.of([sys.executable, "-m", _MODULES[name], str(raw), str(output), *chosen], scratch / f"{name}.log")


def _compared(cutoff: Cutoff, scratch: Path, rivals: Sequence[str]) -> int:
    """Compare a cutoff's features of all rivals with ours; return how many rows there are."""
    built = Path(json.loads((scratch / OURS / RESULT).read_bytes())["built"])
    ours = sorted(Layout(built).feature_set(cutoff).glob("part-*.parquet"))
    (rows,) = {check_equal(ours, [scratch / rival / f"cutoff={cutoff.day}.parquet"]) for rival in rivals}
    return rows


def _median(costs: Sequence[Cost]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: median(getattr(cost, name) for cost in costs) for name in ("wall_s", "cpu_s", "peak_mib")
    }
    return found | {"walls_s": [cost.wall_s for cost in costs], "cpus_s": [cost.cpu_s for cost in costs]}


def _ratio(costs: dict[str, list[Cost]], rival: str, what: str) -> float:
    """Return the median, over pairs of runs, of ours to the rival's; a single run is paired with each of ours."""
    theirs = costs[rival] if len(costs[rival]) > 1 else costs[rival] * len(costs[OURS])
    return round(median(getattr(a, what) / getattr(b, what) for a, b in zip(costs[OURS], theirs, strict=True)), 3)


def _keep(results: Path, found: dict[str, Any]) -> None:
    others = json.loads(results.read_bytes()) if results.is_file() else []
    sizes = [size for size in others if size["works"] != found["works"]] + [found]
    write_aside(results, json.dumps(sorted(sizes, key=lambda size: size["works"]), indent=1).encode() + b"\n")


if __name__ == "__main__":
    main()
