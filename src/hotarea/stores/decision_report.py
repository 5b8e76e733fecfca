"""The page that shows what the gate decided on a candidate, and on what."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from hotarea.domain.evaluation import CHAMPION, LAST_CHAMPION, MODEL
from hotarea.domain.evidence import Evidence, Interval
from hotarea.domain.records import Approval, Decision
from hotarea.stores.layout import write_aside

_ORDER = ("failed", "held", "passed")
_WIDTH = 300  # of the picture of an interval, in its own units


@dataclass(frozen=True)
class Bar:
    """An interval as places on a line that is `_WIDTH` long, and where no difference lies on it."""

    name: str
    interval: Interval
    start: float
    end: float
    dot: float
    zero: float


def write(page: Path, decision: Decision, evidence: Evidence, answer: Approval | None) -> Path:
    """Write the page of a decision, with a person's answer if there is one; return its path."""
    checks = sorted(decision.checks, key=lambda check: _ORDER.index(check["verdict"]))  # stable: else as decided
    text = _template().render(
        d=decision,
        e=evidence,
        answer=answer,
        checks=checks,
        counts=Counter(check["verdict"] for check in checks),
        contenders=[(who, _name(who, evidence)) for who in _contenders(evidence)],
        bars=[*_bars(evidence)],
        width=_WIDTH,
    )
    return write_aside(page, text.encode())


@cache
def _template() -> Template:
    loader = PackageLoader("hotarea.stores", ".")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined)
    environment.filters["figure"] = _figure
    return environment.get_template("decision_report.html")


def _contenders(evidence: Evidence) -> Iterator[str]:
    ordered = (MODEL, CHAMPION, LAST_CHAMPION, *evidence.baselines)
    return (who for who in ordered if who in evidence.metrics)


def _name(who: str, evidence: Evidence) -> str:
    """Return what a contender is called on the page: of models, with their version."""
    versions = {
        MODEL: evidence.model_version,
        CHAMPION: evidence.champion_version,
        LAST_CHAMPION: evidence.last_champion_version,
    }
    version = versions.get(who)
    return who if version is None else f"{who.replace('_', ' ')}, version {version}"


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:,.4g}"


def _bars(evidence: Evidence) -> Iterator[Bar]:
    """Yield what the model gains on each rival in average precision, all on one scale that holds zero."""
    found = {
        who: gain["average_precision"] for who, gain in evidence.differences.items() if "average_precision" in gain
    }
    low = min((gain.lower for gain in found.values()), default=0.0)
    high = max((gain.upper for gain in found.values()), default=0.0)
    low, high = min(low, 0.0), max(high, 0.0)
    span = (high - low) or 1.0
    for who, gain in found.items():
        start, end, dot, zero = ((v - low) / span * _WIDTH for v in (gain.lower, gain.upper, gain.estimate, 0.0))
        yield Bar(who, gain, start, end, dot, zero)
