"""Shows what Airflow does, task by task, until the loop has come to rest."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.status import Status

from hotarea.console.airflow_api import AirflowApi, DagRun, TaskRun
from hotarea.domain.errors import JobError

_WAITS = ("awaiting_input", "deferred")
"""The states of a task that waits for a person; its run goes on when somebody has answered. Nothing else defers."""

_MARKS = {
    **dict.fromkeys(_WAITS, "[yellow]?[/]"),
    "success": "[green]✓[/]",
    "failed": "[red]✗[/]",
    "upstream_failed": "[red]·[/]",
    "skipped": "[dim]–[/]",
}
_REST_S = 6.0
"""An asset starts its consumers within a second; after this long without an active run, none will follow."""


class Progress:
    """Prints each task once when it ends, and while it runs in a status line (on a terminal)."""

    def __init__(self, api: AirflowApi, console: Console, since: datetime) -> None:
        self._api = api
        self._console = console
        self._since = since
        self._shown: set[tuple[str, str, str, int, bool]] = set()
        self._closed: set[tuple[str, str]] = set()
        self._waiting: set[tuple[str, str]] = set()
        self.failed: list[TaskRun] = []

    def watch(self, check: Callable[[], None], poll_s: float = 1.0) -> None:
        """Follow all runs since the start until none is active but those that wait for a person.

        So does what is queued behind such a run. `check` may raise to give up.
        """
        quiet_since = time.monotonic()
        with self._status() as status:
            while time.monotonic() - quiet_since < _REST_S:
                check()
                runs = [r for r in self._api.dag_runs() if r.is_active or r.queued_at >= self._since]
                running = [task for run in reversed(runs) for task in self._follow(run)]
                if any(run.is_active and not self._waits(run) for run in runs):
                    quiet_since = time.monotonic()
                status.update(", ".join(f"{t.dag_id}.{t.task_id}" for t in running) or "waiting for the next stage")
                time.sleep(poll_s)

    def raise_for_failure(self) -> None:
        """Raise `JobError` with the first failed task's own error, if any task failed for good."""
        if self.failed:
            task = self.failed[0]
            error = self._api.error_of(task) or "no error was logged"
            raise JobError(f"{task.dag_id}.{task.task_id} failed: {error}")

    def _follow(self, run: DagRun) -> list[TaskRun]:
        if (run.dag_id, run.run_id) in self._closed:
            return []
        tasks = self._api.task_runs(run)
        for task in tasks:
            if task.is_finished or task.state in _WAITS:
                self._show(task)
        self._waiting.discard((run.dag_id, run.run_id))
        if any(task.state in _WAITS for task in tasks):
            self._waiting.add((run.dag_id, run.run_id))
        if not run.is_active:
            self._closed.add((run.dag_id, run.run_id))
            self.failed += [t for t in tasks if t.state == "failed" and run.state == "failed"]
        return [t for t in tasks if t.state == "running"]

    def _waits(self, run: DagRun) -> bool:
        """Whether a run goes on only when a person has answered: DAGs that ask do one run at a time."""
        behind = run.state == "queued" and any(dag_id == run.dag_id for dag_id, _ in self._waiting)
        return behind or (run.dag_id, run.run_id) in self._waiting

    def _show(self, task: TaskRun) -> None:
        key = (task.dag_id, task.run_id, task.task_id, task.try_number, task.state in _WAITS)
        if key in self._shown:
            return
        self._shown.add(key)
        took = f"{task.duration:6.1f} s" if task.duration is not None and task.state != "skipped" else " " * 8
        mark = _MARKS.get(task.state, "·")
        self._console.print(f"{mark} {task.dag_id:<16} {task.task_id:<24} {took} {_note(task)}", highlight=False)

    @contextmanager
    def _status(self) -> Iterator[Status]:
        status = self._console.status("waiting for the first stage")
        if not self._console.is_terminal:  # a log gets the finished tasks only
            yield status
            return
        with status:
            yield status


def _note(task: TaskRun) -> str:
    waits = "[yellow]waits for a person, under Required Actions, or `hotarea approve`[/]"
    return {
        **dict.fromkeys(_WAITS, waits),
        "skipped": "[dim]skipped[/]",
        "failed": "[red]failed[/]",
        "upstream_failed": "[red]not run[/]",
    }.get(task.state, "")
