"""Tells people that a task has failed for good, and that it succeeds again."""

from typing import Any

from airflow.sdk import BaseNotifier, Context

from hotarea.domain.alert import Alert, FailedCheck, Recovery


class FailureAlert(BaseNotifier):
    """An `on_failure_callback` that tells the channels of HOTAREA_ALERT_URLS.

    What an error says that it has been told already, as a failed validation does, is not told again.
    """

    def notify(self, context: Context) -> None:
        """Tell of the failed task that the context describes."""
        from hotarea.domain.settings import Settings
        from hotarea.stages import alert

        task: Any = context["ti"]
        error = context.get("exception")
        if getattr(error, "problem", ""):
            self.log.info("people were told of it already, as %s", error.problem)
            return
        alert.tell(Settings.load(), failure(task.dag_id, task.task_id, task.run_id, error, task.log_url))


class Recovered(BaseNotifier):
    """An `on_success_callback` that tells that a task which had failed has succeeded."""

    def notify(self, context: Context) -> None:
        """Close the problem of the task that the context describes, if there is one."""
        from hotarea.domain.settings import Settings
        from hotarea.stages import alert

        task: Any = context["ti"]
        alert.settle(Settings.load(), recovery(task.dag_id, task.task_id, task.run_id, task.log_url))


def failure(dag_id: str, task_id: str, run_id: str, error: BaseException | str | None, log_url: str) -> Alert:
    """Return what to tell of a task that ended with an error; Airflow gives a text if the task's process vanished."""
    if isinstance(error, BaseException):
        kind, observed = type(error).__name__, str(error) or "an error without a message"
    else:
        kind, observed = "vanished", error or "no error: the task's process ended without a word"
    return Alert(
        problem=f"task/{dag_id}.{task_id}",
        title=f"hotarea: {dag_id}.{task_id} failed",
        what=f"{dag_id}.{task_id} failed and is not tried again; what was in service stays in service. "
        "Mend the cause, then clear the task in Airflow: its run goes on from there.",
        where=f"DAG {dag_id}, task {task_id}",
        findings=(FailedCheck(check=kind, expected="the task ends without an error", observed=observed),),
        report=log_url,
        run_id=run_id,
        command="hotarea status",
    )


def recovery(dag_id: str, task_id: str, run_id: str, log_url: str) -> Recovery:
    """Return what to tell of a task that succeeds again."""
    return Recovery(
        problem=f"task/{dag_id}.{task_id}",
        what=f"{dag_id}.{task_id} succeeded.",
        where=f"DAG {dag_id}, task {task_id}",
        report=log_url,
        run_id=run_id,
    )
