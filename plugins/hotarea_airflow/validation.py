"""Tasks that validate: each has a link to its report, whether it succeeds or fails."""

from collections.abc import Callable, Sequence
from typing import Any

from airflow.providers.standard.decorators.python import _PythonDecoratedOperator
from airflow.sdk import BaseOperatorLink
from airflow.sdk.bases.decorator import TaskDecorator, task_decorator_factory


class ReportLink(BaseOperatorLink):
    """The button on the task that opens the page of what it validated.

    Airflow asks for it in the task's process when the task ends, and keeps it with the task.
    """

    @property
    def name(self) -> str:
        """Return what the button says."""
        return "Validation report"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Return the address of the report; empty if the task validated nothing."""
        from hotarea.domain.settings import Settings
        from hotarea.stages import report_links

        return report_links.of_run(Settings.load(), ti_key.run_id, operator.datasets)


class _ValidationOperator(_PythonDecoratedOperator):
    """A Python task with the link."""

    custom_operator_name = "@validation"
    operator_extra_links = (ReportLink(),)

    def __init__(self, *, datasets: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.datasets = datasets


def validation(*datasets: str, **kwargs: Any) -> Callable[[Callable[..., Any]], TaskDecorator]:
    """Make a task of a function that validates these datasets, as `@task` does with the same keywords.

    They tell its reports from those of another DAG's run: runs of two DAGs may have the same id.
    """
    return task_decorator_factory(datasets=datasets, decorated_operator_class=_ValidationOperator, **kwargs)
