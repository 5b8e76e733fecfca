"""Tasks that validate: each has a link to its report, whether it succeeds or fails."""

from collections.abc import Callable
from typing import Any

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import BaseOperatorLink
from airflow.sdk.bases.decorator import TaskDecorator, task_decorator_factory


class ReportLink(BaseOperatorLink):
    """The button on the task that opens the page of what its run validated.

    Airflow asks for it in the task's process when the task ends, and keeps it with the task.
    """

    @property
    def name(self) -> str:
        """Return what the button says."""
        return "Validation report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002 - Airflow's signature
        """Return the address of the report; empty if the run validated nothing."""
        from hotarea.domain.settings import Settings
        from hotarea.stages import report_links

        return report_links.of_run(Settings.load(), ti_key.run_id)


class _ValidationOperator(_PythonDecoratedOperator):
    """A Python task with the link."""

    custom_operator_name = "@validation"
    operator_extra_links = (ReportLink(),)


def validation(function: Callable[..., Any]) -> TaskDecorator:
    """Make a task of a function that validates, as `@task` does."""
    return task_decorator_factory(python_callable=function, decorated_operator_class=_ValidationOperator)
