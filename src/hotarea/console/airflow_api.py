"""The few calls of Airflow's REST API that the terminal needs."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from hotarea.domain.errors import JobError

_FINISHED = {"success", "failed", "skipped", "upstream_failed", "removed"}


def _passes(error: BaseException) -> bool:
    return isinstance(error, httpx.TransportError) or (
        isinstance(error, httpx.HTTPStatusError) and error.response.is_server_error
    )


_patient = retry(
    retry=retry_if_exception(_passes),
    wait=wait_fixed(1),
    stop=stop_after_delay(60),
    reraise=True,
)
"""For calls that may be repeated: a busy or restarting api-server does not end the run that it reports on."""


@dataclass(frozen=True)
class TaskRun:
    """One task of one DAG run, as Airflow sees it."""

    dag_id: str
    run_id: str
    task_id: str
    state: str
    try_number: int
    duration: float | None

    @property
    def is_finished(self) -> bool:
        """Whether this try has come to an end."""
        return self.state in _FINISHED


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG, as Airflow sees it."""

    dag_id: str
    run_id: str
    state: str
    queued_at: datetime

    @property
    def is_active(self) -> bool:
        """Whether the run has not come to an end yet."""
        return self.state in {"queued", "running"}


class AirflowApi:
    """A client of one Airflow on loopback, logged in as its administrator."""

    def __init__(self, base_url: str, user: str, password: str) -> None:
        self._login = {"username": user, "password": password}
        self._client = httpx.Client(base_url=base_url, timeout=30, trust_env=False)

    def wait_until_up(self, check: Callable[[], None], timeout_s: float = 180) -> None:
        """Wait for a healthy scheduler and dag-processor, then log in; `check` may raise to give up early.

        Raises `JobError` after `timeout_s`.
        """
        deadline = time.monotonic() + timeout_s
        while not self._is_healthy():
            check()
            if time.monotonic() > deadline:
                raise JobError(
                    f"Airflow is not healthy after {timeout_s:.0f} s; see the logs in the home's state/up/logs"
                )
            time.sleep(0.5)
        token = self._client.post("/auth/token", json=self._login).raise_for_status().json()["access_token"]
        self._client.headers["Authorization"] = f"Bearer {token}"

    def wait_for_dags(self, dag_ids: set[str], check: Callable[[], None], timeout_s: float = 120) -> None:
        """Wait until all DAGs are parsed; raise `JobError` with the import errors if they do not come."""
        deadline = time.monotonic() + timeout_s
        while missing := dag_ids - {d["dag_id"] for d in self._get("dags", limit=100)["dags"]}:
            check()
            errors = [f"{e['filename']}: {e['stack_trace'].splitlines()[-1]}" for e in self._import_errors()]
            if errors or time.monotonic() > deadline:
                raise JobError(
                    f"Airflow does not show {', '.join(sorted(missing))}: {'; '.join(errors) or 'timed out'}"
                )
            time.sleep(0.5)

    @_patient
    def unpause(self, dag_id: str) -> None:
        """Let a DAG run on its schedule, on its assets and by hand."""
        self._client.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": False}).raise_for_status()

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a DAG by hand, with values for its Params, and return the run's id."""
        body = {"logical_date": None, "conf": conf or {}}
        answer = self._client.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def dag_runs(self) -> list[DagRun]:
        """Return the newest runs of all DAGs, the newest first."""
        return [
            DagRun(r["dag_id"], r["dag_run_id"], r["state"], datetime.fromisoformat(r["queued_at"] or r["run_after"]))
            for r in self._get("dags/~/dagRuns", limit=50, order_by="-run_after")["dag_runs"]
        ]

    def task_runs(self, run: DagRun) -> list[TaskRun]:
        """Return the tasks of a run, in the order in which they started."""
        rows = self._get(f"dags/{run.dag_id}/dagRuns/{run.run_id}/taskInstances", limit=100)["task_instances"]
        rows.sort(key=lambda r: r["start_date"] or "9")
        return [
            TaskRun(run.dag_id, run.run_id, r["task_id"], r["state"] or "none", r["try_number"], r["duration"])
            for r in rows
        ]

    def error_of(self, task: TaskRun) -> str:
        """Return the last error that a failed task logged, or an empty text."""
        path = f"dags/{task.dag_id}/dagRuns/{task.run_id}/taskInstances/{task.task_id}/logs/{task.try_number}"
        content = self._get(path, map_index=-1).get("content", [])
        details = [d for line in content if isinstance(line, dict) for d in line.get("error_detail") or []]
        return str(details[-1]["exc_value"]) if details else ""

    def close(self) -> None:
        """Give the connection back."""
        self._client.close()

    @_patient
    def _get(self, path: str, **parameters: Any) -> dict[str, Any]:
        answer = self._client.get(
            f"/api/v2/{path}", params=parameters, headers={"accept": "application/json"}
        ).raise_for_status()
        read: dict[str, Any] = answer.json()
        return read

    def _import_errors(self) -> list[dict[str, Any]]:
        errors: list[dict[str, Any]] = self._get("importErrors", limit=10)["import_errors"]
        return errors

    def _is_healthy(self) -> bool:
        try:
            health = self._client.get("/api/v2/monitor/health").raise_for_status().json()
        except httpx.HTTPError:
            return False
        return all(health[part]["status"] == "healthy" for part in ("scheduler", "dag_processor", "metadatabase"))
