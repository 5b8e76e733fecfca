"""A listener that imports the tasks' libraries in the scheduler, before it forks its workers.

Each task of LocalExecutor is forked from a worker, and each worker from the scheduler: what is imported there costs
the tasks nothing, where each would take seconds for it. Nothing is started here, as no thread survives a fork.
"""

import logging
import sys
import time
from importlib import import_module

from airflow.configuration import conf
from airflow.listeners import hookimpl

MODULES = (
    "pandas",
    "pyarrow.dataset",
    "duckdb",
    "great_expectations",
    "feast",
    "xgboost",
    "sklearn.linear_model",
    "mlflow",
)
BUDGET_S = 12.0
"""After half a minute without a heartbeat, others take the scheduler for dead; and an import may take ten seconds."""

log = logging.getLogger(__name__)


@hookimpl
def on_starting(component: object) -> None:
    """Import the libraries if this process is the scheduler, and its workers will be forks of it."""
    if is_parent_of_tasks(sys.argv, type(component).__name__, conf.get("core", "executor")):
        began = time.monotonic()
        left = import_within(BUDGET_S, MODULES)
        log.info("imported the tasks' libraries in %.1f s; left to the tasks: %s", time.monotonic() - began, left)


def is_parent_of_tasks(arguments: list[str], component: str, executor: str) -> bool:
    """Whether a component, started with these arguments, forks the processes that run tasks."""
    return arguments[1:2] == ["scheduler"] and component == "Job" and "LocalExecutor" in executor


def import_within(budget_s: float, modules: tuple[str, ...]) -> list[str]:
    """Import the modules in turn, and none after the budget; return those that were left out.

    One that is absent fails its task, not the scheduler.
    """
    # It writes hundreds of lines where it is imported under Airflow's logging.
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    until = time.monotonic() + budget_s
    left = []
    for name in modules:
        if time.monotonic() >= until:
            left.append(name)
            continue
        try:
            import_module(name)
        except ImportError as error:
            log.warning("cannot import %s: %s", name, error)
    return left
