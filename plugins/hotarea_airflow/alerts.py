"""Tells people that a task has failed for good."""

from typing import Any

from airflow.sdk import BaseNotifier, Context

from hotarea.domain.alert import Alert


class FailureAlert(BaseNotifier):
    """An `on_failure_callback` that sends an alert to the channels of HOTAREA_ALERT_URLS.

    A failed validation tells dataset, check, expected and observed in an alert of its own; this one adds where.
    """

    def notify(self, context: Context) -> None:
        """Send the alert of the failed task that the context describes."""
        from hotarea.domain.settings import Settings
        from hotarea.stages.alert import send

        task: Any = context["ti"]
        error = context.get("exception")
        send(Settings.load(), failure(task.dag_id, task.task_id, task.run_id, error, task.log_url))


def failure(dag_id: str, task_id: str, run_id: str, error: BaseException | str | None, log_url: str) -> Alert:
    """Return what to tell of a task that ended with an error; Airflow gives a text if the task's process vanished."""
    if isinstance(error, BaseException):
        observed = f"{type(error).__name__}: {error}"
    else:
        observed = error or "no error: the task's process ended without a word"
    return Alert(
        title=f"hotarea: {dag_id}.{task_id} failed",
        what=f"{dag_id}.{task_id} failed and is not tried again; what was in service stays in service. "
        "Mend the cause, then clear the task in Airflow: its run goes on from there.",
        where=f"DAG {dag_id}, task {task_id}",
        observed=observed,
        report=log_url,
        run_id=run_id,
    )
