"""Runs `train_model` in this process while a candidate is held, and answers as a person or the scheduler would.

    python run_held.py DAGS [[ANSWER, HOME, PROJECT], …] RESULT

Each answer is Approve or Reject, given through Airflow's API by a user who is logged in, or none: then the scheduler's
own sweep finds that the time is up. Writes what `run_dag.run` finds of each run, and what the person was shown.
"""

import asyncio
import json
import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
from airflow.api_fastapi.app import create_app, create_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models import TaskInstance
from airflow.utils.session import create_session
from airflow.utils.state import TaskInstanceState
from run_dag import run

REASON = "seen by the test"


def main(folder: Path, wanted: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Run the DAG once for each answer, each in a home of its own."""
    found = []
    for answer, home, project in wanted:
        os.environ |= {"HOTAREA_HOME": home, "HOTAREA_PROJECT": project}
        shown: dict[str, Any] = {}
        person = threading.Thread(target=respond, args=(answer, shown), daemon=True)
        person.start()
        found.append(run(folder, "train_model", {}) | {"shown": shown})
        person.join(timeout=1)
    return found


def respond(answer: str, shown: dict[str, Any]) -> None:
    """Wait until a task asks, and answer it."""
    waiting = wait_for_a_question()
    time.sleep(1)  # until the run has taken notice that its task waits
    if answer == "none":
        while state_of(waiting) == TaskInstanceState.AWAITING_INPUT:
            SchedulerJobRunner(job=Job()).check_awaiting_input_timeouts()
            time.sleep(0.2)
        return
    address = f"/api/v2/dags/train_model/dagRuns/{waiting.run_id}/taskInstances/ask/-1/hitlDetails"
    shown |= asyncio.run(call("GET", address)).json()
    answered = asyncio.run(call("PATCH", address, json={"chosen_options": [answer], "params_input": {"why": REASON}}))
    assert answered.status_code == 200, answered.text


async def call(method: str, address: str, **content: Any) -> httpx.Response:
    """Ask Airflow's API as a logged-in user."""
    manager = create_auth_manager()
    manager.init()
    token = manager.generate_jwt(SimpleAuthManagerUser(username="ada", role="ADMIN"))
    transport = httpx.ASGITransport(app=APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.request(method, address, headers={"authorization": f"Bearer {token}"}, **content)


def wait_for_a_question() -> TaskInstance:
    """Return the task that waits for an answer, as soon as there is one."""
    while True:
        with suppress(RuntimeError), create_session() as session:  # as long as the run has not opened the database
            found = session.query(TaskInstance).filter_by(state=TaskInstanceState.AWAITING_INPUT).first()
            if found:
                session.expunge(found)
                return found
        time.sleep(0.2)


def state_of(task: TaskInstance) -> str:
    with create_session() as session:
        return session.query(TaskInstance).filter_by(id=task.id).one().state


if __name__ == "__main__":
    APP = create_app(apps="core")
    Path(sys.argv[3]).write_text(json.dumps(main(Path(sys.argv[1]), json.loads(sys.argv[2])), default=str))
