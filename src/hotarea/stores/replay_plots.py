"""The plots of a replay: who served when and how good that was, and how models age."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING

from hotarea.domain.replay import ALWAYS, BECAME, GATED, NEVER, PRECISION, PolicyOutcome, Replay, Step
from hotarea.domain.replay_policies import in_service

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {GATED: "#0b6fa4", ALWAYS: "#d97b00", NEVER: "#7a7a7a"}
NAMES = {GATED: "the gate decides", ALWAYS: "always promote", NEVER: "never retrain"}
_MARKS = {"promote": ("^", "#1b7f3b"), "hold": ("s", "#c48a00"), "reject": ("X", "#b3261e")}

_WIDTHS = {GATED: 3.2, ALWAYS: 1.8, NEVER: 1.8}  # where two policies serve the same version, both lines are seen
_DRAWN = (ALWAYS, NEVER, GATED)
_YEAR = 365.0
_TICKS = 16


def timeline(replay: Replay) -> "Figure":
    """Draw average precision by cutoff for each policy, and below it which version each had in service."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 6.2), layout="constrained")
    above, below = figure.subplots(2, sharex=True, height_ratios=(3, 2))
    _quality(above, replay)
    _strip(below, replay.steps)
    releases = [step.release for step in replay.steps]
    shown = releases[:: -(-len(releases) // _TICKS)]
    below.set_xticks(list(map(_at, shown)), [_label(day) for day in shown])
    return figure


def staleness(replay: Replay) -> "Figure":
    """Draw which share of a new model's average precision each model keeps as it ages."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator, PercentFormatter

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axes = figure.subplots()
    for row in replay.ageing:
        if len(row.relative) > 1:
            axes.plot(list(row.relative), list(row.relative.values()), color="#9db8c9", lw=1, marker=".", ms=4)
    ages = list(replay.staleness)
    axes.plot(ages, list(replay.staleness.values()), color=COLOURS[GATED], lw=3, marker="o", label="mean of all models")
    axes.axhline(1, color="#555", lw=1, ls=":")
    axes.set(xlabel="years since training", ylabel="of a new model's\naverage precision")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    for age, share in replay.staleness.items():
        axes.annotate(f"{share:.1%}", (age, share), (0, 9), textcoords="offset points", ha="center", weight="bold")
    axes.margins(x=0.04, y=0.16)
    axes.legend(frameon=False, loc="lower left")
    _plain(axes)
    return figure


def _at(day: date) -> float:
    """Return where a day lies on the axis, in days."""
    return float(day.toordinal())


def _label(release: date) -> str:
    """Return the year of a release at its end, and the date of another one."""
    return str(release.year) if (release.month, release.day) == (12, 31) else release.isoformat()


def _quality(axes: "Axes", replay: Replay) -> None:
    for policy in _DRAWN:
        axes.plot(
            *_lines(_points(replay.outcome(policy))),
            color=COLOURS[policy],
            lw=_WIDTHS[policy],
            ls="--" if policy == ALWAYS else "-",
            marker="o",
            ms=_WIDTHS[policy] + 3,
            label=NAMES[policy],
            zorder=4 if policy == ALWAYS else 3,
        )
    dots = [(score.cutoff, score.metrics[PRECISION]) for score in replay.scores if score.version is None]
    label = f"{replay.baseline} alone, no model"
    axes.plot(*_lines(dots), color="#444", lw=1.2, ls=":", label=label)
    _unmatured(axes, replay)
    axes.set_ylabel("average precision of whoever served,\nonce the labels had matured")
    axes.legend(frameon=False, loc="best")
    axes.margins(y=0.1)
    _plain(axes)


def _points(outcome: PolicyOutcome) -> list[tuple[date, float]]:
    return [(s.cutoff, s.metrics[PRECISION]) for s in outcome.served if PRECISION in s.metrics]


def _lines(dots: Sequence[tuple[date, float]]) -> tuple[list[float], list[float]]:
    """Return the places and the heights of dots, from left to right."""
    ordered = sorted(dots)
    return [_at(day) for day, _ in ordered], [value for _, value in ordered]


def _unmatured(axes: "Axes", replay: Replay) -> None:
    """Shade the cutoffs whose labels lie after the replay's end."""
    scored = [score.cutoff for score in replay.scores]
    end = replay.steps[-1].cutoff
    if scored and max(scored) < end:
        begin = _at(max(scored)) + _YEAR / 2
        axes.axvspan(begin, _at(end) + _YEAR, color="#f2f2f2", zorder=0)
        axes.annotate(
            "not matured yet",
            (begin, 1),
            (6, -14),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color="#777",
        )


def _strip(axes: "Axes", steps: Sequence[Step]) -> None:
    """Draw a bar for each version in service, and above them what became of each candidate."""
    for row, policy in enumerate((NEVER, ALWAYS, GATED)):
        for number, (begin, end, version) in enumerate(_reigns(steps, in_service(steps, policy))):
            bar = axes.barh(
                row, end - begin, left=begin, height=0.7, color=COLOURS[policy], alpha=0.85 if number % 2 else 0.55
            )
            axes.bar_label(bar, [f"v{version}"], label_type="center", color="white", weight="bold", size=9)
    for verdict, (marker, colour) in _MARKS.items():
        days = [_at(s.release) for s in steps if s.candidate and s.candidate.verdict == verdict]
        axes.scatter(days, [3] * len(days), marker=marker, color=colour, s=55, label=BECAME[verdict], zorder=3)
    young = [_at(s.release) for s in steps if not s.candidate]
    axes.scatter(young, [3] * len(young), marker="_", color="#999", s=50, label="nothing trained")
    for word, colour, days in (
        ("drift: an alarm", "#7b3fb0", [_at(s.release) for s in steps if s.alarms]),
        ("drift: over a limit", "none", [_at(s.release) for s in steps if s.drifted and not s.alarms]),
    ):
        axes.scatter(days, [4] * len(days), marker="D", facecolor=colour, edgecolor="#7b3fb0", s=45, label=word)
    axes.set_yticks(range(5), [NAMES[NEVER], NAMES[ALWAYS], NAMES[GATED], "candidate", "drift"])
    axes.set_ylim(-0.6, 4.6)
    axes.legend(frameon=False, ncols=6, loc="upper center", bbox_to_anchor=(0.5, -0.12))
    _plain(axes)


def _reigns(steps: Sequence[Step], line: Sequence[int | None]) -> Iterator[tuple[float, float, int]]:
    """Yield (begin, end, version) of each time that a version was in service without a break."""
    days = [_at(step.release) for step in steps]
    ends = [*days[1:], days[-1] + _YEAR * 0.8]
    begun: tuple[float, int] | None = None
    for place, version in enumerate(line):
        if version is not None and (begun is None or begun[1] != version):
            begun = (days[place], version)
        if begun and (place + 1 == len(line) or line[place + 1] != begun[1]):
            yield begun[0], ends[place], begun[1]


def _plain(axes: "Axes") -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", lw=0.7)
    axes.set_axisbelow(True)
