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

MODULES = ("pandas", "pyarrow.dataset", "duckdb", "xgboost", "sklearn.linear_model", "mlflow", "feast")
_QUIET = ("great_expectations",)  # writes hundreds of lines where it is imported under Airflow's logging

log = logging.getLogger(__name__)


@hookimpl
def on_starting(component: object) -> None:
    """Import the libraries if this process is the scheduler, and its workers will be forks of it."""
    if is_parent_of_tasks(sys.argv, type(component).__name__, conf.get("core", "executor")):
        seconds = import_all((*MODULES, *_QUIET))
        log.info("imported the tasks' libraries in %.1f s", seconds)


def is_parent_of_tasks(arguments: list[str], component: str, executor: str) -> bool:
    """Whether a component, started with these arguments, forks the processes that run tasks."""
    return arguments[1:2] == ["scheduler"] and component == "Job" and "LocalExecutor" in executor


def import_all(modules: tuple[str, ...]) -> float:
    """Import the modules and return the seconds that it took; one that is absent fails its task, not the scheduler."""
    began = time.monotonic()
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in modules:
        try:
            import_module(name)
        except ImportError as error:
            log.warning("cannot import %s: %s", name, error)
    return time.monotonic() - began
