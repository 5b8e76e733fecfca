"""Runs `monitor_model` in this process, and then what Airflow's scheduler starts by the assets that it has updated.

    python run_requested.py DAGS [{VARIABLE: VALUE, …}, …] RESULT

Each look has the variables that it runs under, such as its home. Writes what `run_dag.run` finds of it, and of each run
that it has `started`, with the requests that this was `given`.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models import dagrun
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from airflow.utils.sqlalchemy import prohibit_commit
from airflow.utils.state import DagRunState
from run_dag import run
from sqlalchemy import select

IS_RUNNING = DagRun.state == DagRunState.RUNNING


def main(folder: Path, wanted: list[dict[str, str]]) -> list[dict[str, Any]]:
    """Look once under each set of variables, and carry out what that starts."""
    awake("train_model")
    found = []
    for variables in wanted:
        os.environ |= variables
        found.append(run(folder, "monitor_model", {}) | {"started": started(folder)})
    return found


def awake(dag_id: str) -> None:
    """Tell Airflow of the DAGs, and unpause one of them: an asset starts no run of one that is paused."""
    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    for bundle in manager.get_all_dag_bundles():
        bundle.initialize()
        bag = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
        sync_bag_to_db(bag, bundle.name, bundle.version)
    with create_session() as session:
        session.get(DagModel, dag_id).is_paused = False


def started(folder: Path) -> list[dict[str, Any]]:
    """Let the scheduler make and start the runs that are due, and carry them out."""
    scheduler, until = SchedulerJobRunner(Job()), time.monotonic() + 60
    while has_left_one_queued(scheduler):  # a run is due with the next full second
        if time.monotonic() > until:
            raise TimeoutError("the scheduler leaves a run queued; expected it to start within a minute")
        time.sleep(0.2)
    with create_session() as session:
        given = {
            made.dag_id: [event.extra.get("request_id") for event in made.consumed_asset_events]
            for made in session.scalars(select(DagRun).where(IS_RUNNING))
        }
    return [run(folder, dag_id, {}) | {"dag_id": dag_id, "given": requests} for dag_id, requests in given.items()]


def has_left_one_queued(scheduler: SchedulerJobRunner) -> bool:
    """Do what the scheduler does in each of its rounds before it schedules tasks."""
    with create_session() as session, prohibit_commit(session) as guard:
        scheduler._create_dagruns_for_dags(guard, session)
        scheduler._start_queued_dagruns(session)
        guard.commit()
        return session.scalar(select(DagRun).where(DagRun.state == DagRunState.QUEUED)) is not None


def carry_out_what_the_scheduler_has_started() -> None:
    """`dag.test` makes a run of its own, unless there is one that the scheduler has started."""
    make = dagrun.get_or_create_dagrun

    def found(*, dag: Any, session: Any, **asked: Any) -> DagRun:
        there = session.scalar(select(DagRun).where(IS_RUNNING, DagRun.dag_id == dag.dag_id))
        if there is None:
            return make(dag=dag, session=session, **asked)
        there.dag = dag
        return there

    dagrun.get_or_create_dagrun = found


if __name__ == "__main__":
    carry_out_what_the_scheduler_has_started()
    Path(sys.argv[3]).write_text(json.dumps(main(Path(sys.argv[1]), json.loads(sys.argv[2])), default=str))
