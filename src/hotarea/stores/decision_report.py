"""The page that shows what the gate decided on a candidate, and on what."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hotarea.domain import coverage
from hotarea.domain.evaluation import CHAMPION, LAST_CHAMPION, MODEL
from hotarea.domain.evidence import Evidence
from hotarea.domain.gate_check import written
from hotarea.domain.records import Approval, Decision
from hotarea.stores import figure
from hotarea.stores.layout import write_aside
from hotarea.stores.page import rendered

_ORDER = ("failed", "held", "passed")


def write(page: Path, decision: Decision, evidence: Evidence, answer: Approval | None) -> Path:
    """Write the page of a decision, with a person's answer if there is one; return its path."""
    checks = sorted(decision.checks, key=lambda check: _ORDER.index(check["verdict"]))  # stable: else as decided
    text = rendered(
        "decision_report.html",
        d=decision,
        e=evidence,
        answer=answer,
        checks=checks,
        counts=Counter(check["verdict"] for check in checks),
        contenders=[(who, _name(who, evidence)) for who in _contenders(evidence)],
        gained={
            who: gain["average_precision"] for who, gain in evidence.differences.items() if "average_precision" in gain
        },
        coverage=coverage.told(evidence),
        gains=figure.gains(evidence.differences),
        figure=_figure,
    )
    return write_aside(page, text)


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
    return written(value) or "–"
