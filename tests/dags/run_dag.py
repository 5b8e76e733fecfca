"""Runs DAGs in this process as `airflow dags test` does, and writes each run's task states and results as JSON."""

import json
import sys
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import BundleDagBag
from airflow.models.xcom import XComModel
from airflow.utils.session import create_session


def run(folder: Path, dag_id: str, conf: dict[str, Any]) -> dict[str, Any]:
    """Run one DAG to its end and return the states and the results of its tasks."""
    dag = BundleDagBag(dag_folder=folder / f"{dag_id}.py", bundle_path=folder, bundle_name="dags-folder").dags[dag_id]
    done = dag.test(run_conf=conf)
    with create_session() as session:
        found = session.scalars(XComModel.get_many(run_id=done.run_id, dag_ids=[dag_id], key="return_value")).all()
        results = {row.task_id: XComModel.deserialize_value(row) for row in found}
        of_run = {"run_id": done.run_id, "dag_ids": [dag_id]}
        kept = [
            row
            for link in ("ReportLink", "DecisionLink")
            for row in session.scalars(XComModel.get_many(**of_run, key=f"_link_{link}")).all()
        ]
        links = {row.task_id: XComModel.deserialize_value(row) for row in kept}
    return {
        "run_id": done.run_id,
        "state": str(done.state),
        "tasks": {ti.task_id: str(ti.state) for ti in done.get_task_instances()},
        "tries": {ti.task_id: ti.try_number for ti in done.get_task_instances()},
        "results": results,
        "links": links,
    }


if __name__ == "__main__":
    wanted = json.loads(sys.argv[2])
    Path(sys.argv[3]).write_text(json.dumps([run(Path(sys.argv[1]), dag_id, conf) for dag_id, conf in wanted]))
