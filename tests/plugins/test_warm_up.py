import logging
import sys

import pytest
from hotarea_airflow import warm_up


@pytest.mark.parametrize(
    ("arguments", "component", "executor", "expected"),
    [
        (["airflow", "scheduler", "--skip-serve-logs"], "Job", "LocalExecutor", True),
        (["airflow", "scheduler"], "Job", "LocalExecutor,CeleryExecutor", True),
        (["airflow", "scheduler"], "TaskRunnerMarker", "LocalExecutor", False),  # a task, forked from the scheduler
        (["airflow", "scheduler"], "Job", "CeleryExecutor", False),  # its tasks run elsewhere
        (["airflow", "triggerer"], "Job", "LocalExecutor", False),
        (["airflow", "dag-processor"], "Job", "LocalExecutor", False),
        (["airflow"], "Job", "LocalExecutor", False),
    ],
)
def test_only_the_parent_of_local_tasks_warms_up(
    arguments: list[str], component: str, executor: str, expected: bool
) -> None:
    assert warm_up.is_parent_of_tasks(arguments, component, executor) is expected


def test_the_modules_are_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "this", raising=False)
    assert warm_up.import_all(("antigravity_that_is_absent", "colorsys")) < 5
    assert "colorsys" in sys.modules


def test_an_absent_module_is_said_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    warm_up.import_all(("no_such_module",))
    assert "cannot import no_such_module: No module named 'no_such_module'" in caplog.text


def test_great_expectations_is_hushed() -> None:
    warm_up.import_all(())
    assert logging.getLogger("great_expectations").getEffectiveLevel() == logging.WARNING


def test_other_components_import_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["airflow", "triggerer"])
    monkeypatch.setattr(warm_up, "import_all", lambda _: pytest.fail("imported"))
    assert warm_up.on_starting(component=object()) is None
