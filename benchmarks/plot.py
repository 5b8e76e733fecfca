"""The benchmark's figures as a picture: time and memory by the size of the corpus."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

_COLOURS = {"hotarea": "#0b6e4f", "duckdb": "#c17817", "per_element_beam": "#7d7d7d"}
_PANELS = (("wall_s", "wall time, s"), ("cpu_s", "CPU time, s"), ("peak_mib", "peak memory, MiB"))


def draw(sizes: Sequence[dict[str, Any]], file: Path) -> None:
    """Write an SVG with a panel for each of wall time, CPU time and peak memory, both axes logarithmic."""
    mpl.rcParams["svg.hashsalt"] = "hotarea"  # the same figures give the same file
    figure = Figure(figsize=(11, 3.6), layout="constrained")
    for axes, (column, title) in zip(figure.subplots(1, 3), _PANELS, strict=True):
        for name, colour in _COLOURS.items():
            points = [(s["works"] / 1e6, s["contenders"][name][column]) for s in sizes if name in s["contenders"]]
            if points:
                axes.loglog(*zip(*points, strict=True), marker="o", color=colour, label=name)
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("million works")
        axes.grid(visible=True, which="major", alpha=0.3)
    figure.axes[0].legend(frameon=False, fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})
