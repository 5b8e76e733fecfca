"""Where validation reports are reached: Airflow's UI serves them below `hotarea/reports/`, to who is logged in."""

from collections.abc import Collection
from pathlib import Path
from urllib.parse import quote

from hotarea.domain.records import Validation
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger

SERVED_BELOW = "/hotarea/reports"


def address(settings: Settings, report: str | Path) -> str:
    """Return the address of a report; empty if it is not among the reports of this home."""
    folder = Layout(settings.home).reports
    if not Path(report).is_relative_to(folder):
        return ""
    return f"{settings.airflow}{SERVED_BELOW}/{quote(Path(report).relative_to(folder).as_posix())}"


def of_run(settings: Settings, run_id: str, datasets: Collection[str]) -> str:
    """Return the address of what a run says of datasets: the first that failed, the only one, or else the index."""
    with Ledger(settings.ledger) as ledger:
        found = [v for v in ledger.all(Validation, run_id=run_id) if v.dataset in datasets]
    done = sorted(found, key=lambda v: v.validated_at)
    if not done:
        return ""
    failed = [v for v in done if not v.success]
    if failed or len(done) == 1:
        return address(settings, (failed or done)[0].report)
    return address(settings, Layout(settings.home).reports / "index.html")
