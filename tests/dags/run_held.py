"""Runs `train_model` in this process while a candidate is held, and answers as a person would, or lets time pass.

    python run_held.py DAGS [[ANSWER, HOME, PROJECT], …] RESULT

Each answer is Approve, given through Airflow's API by a user who is logged in; Reject, which goes into the ledger as
`hotarea reject` leaves it, and Airflow is told nothing; or none: then the time is up. Writes what `run_dag.run` finds
of each run, what the person was shown, whether the question was open after a while, and whether it was closed.
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
from airflow.jobs.triggerer_job_runner import HITLDetailResponseResult
from airflow.models import TaskInstance
from airflow.models.hitl import HITLDetail
from airflow.sdk.execution_time.comms import GetHITLDetailResponse, UpdateHITLDetail
from airflow.sdk.execution_time.supervisor import InProcessTestSupervisor
from airflow.utils.session import create_session
from run_dag import run

from hotarea.domain.settings import Settings
from hotarea.stages import approval

REASON = "seen by the test"


def main(folder: Path, wanted: list[tuple[str, str, str]]) -> list[dict[str, Any]]:
    """Run the DAG once for each answer, each in a home of its own."""
    found = []
    for answer, home, project in wanted:
        os.environ |= {"HOTAREA_HOME": home, "HOTAREA_PROJECT": project}
        shown: dict[str, Any] = {}
        person = threading.Thread(target=respond, args=(answer, shown), daemon=True)
        person.start()
        found.append(run(folder, "train_model", {}) | {"shown": shown, "open": waiting() is not None})
        person.join(timeout=1)
    return found


def respond(answer: str, shown: dict[str, Any]) -> None:
    """Wait until a task asks, and answer it."""
    while (asked := waiting()) is None:
        time.sleep(0.2)
    time.sleep(1)  # until the run has taken notice that its task waits, and looked for an answer
    shown["still_open"] = waiting() is not None
    if answer == "Approve":
        address = f"/api/v2/dags/train_model/dagRuns/{asked.run_id}/taskInstances/ask/-1/hitlDetails"
        shown |= asyncio.run(call("GET", address)).json()
        content = {"chosen_options": [answer], "params_input": {"why": REASON}}
        answered = asyncio.run(call("PATCH", address, json=content))
        assert answered.status_code == 200, answered.text
    elif answer == "Reject":
        approval.answer(Settings.load(), None, approved=False, by="ada", reason=REASON, run_id="cli")


async def call(method: str, address: str, **content: Any) -> httpx.Response:
    """Ask Airflow's API as a logged-in user."""
    manager = create_auth_manager()
    manager.init()
    token = manager.generate_jwt(SimpleAuthManagerUser(username="ada", role="ADMIN"))
    transport = httpx.ASGITransport(app=APP)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.request(method, address, headers={"authorization": f"Bearer {token}"}, **content)


def waiting() -> TaskInstance | None:
    """Return the task whose question nobody has answered yet."""
    with suppress(RuntimeError), create_session() as session:  # as long as the run has not opened the database
        unanswered = session.query(HITLDetail).filter(HITLDetail.responded_at.is_(None)).first()
        if unanswered:
            found = unanswered.task_instance
            session.expunge(found)
            return found
    return None


def answer_as_the_triggerer_does() -> None:
    """`dag.test` runs triggers under the supervisor of tasks, which lacks these answers of the triggerer's."""
    of_tasks = InProcessTestSupervisor._handle_request

    def handle(self: InProcessTestSupervisor, msg: Any, log: Any, req_id: int) -> None:
        if isinstance(msg, GetHITLDetailResponse):
            found = self.client.hitl.get_detail_response(ti_id=msg.ti_id)
        elif isinstance(msg, UpdateHITLDetail):
            found = self.client.hitl.update_response(
                ti_id=msg.ti_id, chosen_options=msg.chosen_options, params_input=msg.params_input
            )
        else:
            of_tasks(self, msg, log, req_id)
            return
        self.send_msg(HITLDetailResponseResult.from_api_response(found), request_id=req_id)

    InProcessTestSupervisor._handle_request = handle


if __name__ == "__main__":
    from hotarea_airflow import answers

    answers.EVERY_S = 0.5
    APP = create_app(apps="core")
    answer_as_the_triggerer_does()
    Path(sys.argv[3]).write_text(json.dumps(main(Path(sys.argv[1]), json.loads(sys.argv[2])), default=str))
