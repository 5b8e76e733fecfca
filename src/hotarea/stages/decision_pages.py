"""The pages of the gate's decisions: written when it decides and again when a person answers, and where they are."""

from pathlib import Path

from hotarea.domain.records import Approval, Decision
from hotarea.domain.settings import Settings
from hotarea.stages import report_links, reports
from hotarea.stores import decision_report
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder


def write(settings: Settings, decision: Decision, answer: Approval | None = None) -> Path:
    """Write the page of a decision, with the answer to it if there is one; return its path."""
    evidence = TrainingFolder.of(Layout(settings.home), decision.training_id).read_evidence()
    return decision_report.write(Path(decision.report), decision, evidence, answer)


def index(settings: Settings) -> None:
    """List the pages among the reports."""
    reports.index(settings)


def of(settings: Settings, decision: Decision) -> str:
    """Return the address of a decision's page; empty for decisions of before there were pages."""
    return report_links.address(settings, decision.report) if decision.report else ""


def of_training(settings: Settings, training_id: str) -> str:
    """Return the address of the page of the last decision on a training, whatever run made it; empty without one."""
    with Ledger(settings.ledger) as ledger:
        found = ledger.newest(Decision, training_id=training_id)
    return of(settings, found) if found else ""
