"""Parses the DAGs as Airflow's DAG processor does and writes what it found as JSON; the tests run it as a program."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import BundleDagBag
from airflow.plugins_manager import get_import_errors, get_plugin_info
from airflow.sdk import DAG, Asset, AssetOrTimeSchedule, Param
from airflow.serialization.serialized_objects import DagSerialization

HEAVY = {
    "apache_beam", "duckdb", "feast", "great_expectations", "mlflow", "numpy", "pandas", "pyarrow", "sklearn",
    "xgboost", "hotarea.stages", "hotarea.stores", "beam_jobs", "expectations",
}  # fmt: skip


def describe(folder: Path) -> dict[str, Any]:
    """Return DAGs, import errors, processor seconds per file and the heavy modules that parsing imported."""
    before, seconds = set(sys.modules), {}
    bags = {}
    for file in sorted(folder.glob("*.py")):
        began = time.process_time()
        bags[file.name] = BundleDagBag(dag_folder=file, bundle_path=folder, bundle_name="dags-folder")
        seconds[file.name] = time.process_time() - began
    dags = {dag.dag_id: dag for bag in bags.values() for dag in bag.dags.values()}
    return {
        "import_errors": {file: why for bag in bags.values() for file, why in bag.import_errors.items()},
        "seconds": {name: seconds[name] for name, bag in bags.items() if bag.dags},
        "heavy": sorted(HEAVY & (set(sys.modules) - before)),
        "plugins": {plugin["name"]: plugin["listeners"] for plugin in get_plugin_info()},
        "plugin_errors": get_import_errors(),
        "stray_modules": sorted({"beam", "alerts", "process", "warm_up", "reports", "lazy"} & set(sys.modules)),
        "web_imports": sorted({"hotarea_airflow.reports", "apprise"} & set(sys.modules)),
        "serialized": {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in dags.items()},
        "dags": {dag_id: _dag(dag) for dag_id, dag in dags.items()},
    }


def _dag(dag: DAG) -> dict[str, Any]:
    return {
        "schedule": str(dag.timetable.summary if hasattr(dag.timetable, "summary") else dag.timetable),
        "schedule_assets": _assets(dag.schedule),
        "clock": _clock(dag.schedule),
        "start_date": str(dag.start_date) if dag.start_date else None,
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "tags": sorted(dag.tags),
        "doc": dag.doc_md,
        "params": {name: _param(dag.params.get_param(name)) for name in dag.params},
        "edges": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
        "tasks": {task.task_id: _task(task) for task in dag.tasks},
    }


def _param(param: Param) -> dict[str, Any]:
    return {"value": param.value if param.has_value else None, "description": param.description, **param.schema}


def _assets(schedule: Any) -> list[str]:
    if isinstance(schedule, Asset):
        return [schedule.name]
    if isinstance(schedule, AssetOrTimeSchedule):
        return _assets(schedule.asset_condition)
    return sorted(asset.name for asset in getattr(schedule, "objects", ()))


def _clock(schedule: Any) -> str | None:
    """Return the cron expression by which a DAG runs; None if it does not run by the clock."""
    found = schedule.timetable if isinstance(schedule, AssetOrTimeSchedule) else schedule
    return getattr(found, "expression", None)


def _task(task: Any) -> dict[str, Any]:
    return {
        "kind": type(task).__name__,
        "owner": task.owner,
        "retries": task.retries,
        "policy": task.retry_policy.serialize() if task.retry_policy else None,
        "timeout_s": task.execution_timeout.total_seconds() if task.execution_timeout else None,
        "on_failure": [type(callback).__name__ for callback in task.on_failure_callback or ()],
        "on_success": [type(callback).__name__ for callback in task.on_success_callback or ()],
        "links": [link.name for link in task.operator_extra_links],
        "validates": list(getattr(task, "datasets", ())),
        "doc": task.doc_md,
        "trigger_rule": str(task.trigger_rule.value),
        "outlets": sorted(outlet.name for outlet in task.outlets),
    }


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(describe(Path(sys.argv[1]))))
