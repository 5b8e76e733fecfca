import logging
import sys
from importlib.util import find_spec
from pathlib import Path

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
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert warm_up.import_within(60, ("colorsys",)) == []
    assert "colorsys" in sys.modules


def test_what_the_budget_does_not_cover_is_left_to_the_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "slow_to_import.py").write_text("import time; time.sleep(1.2)")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    assert warm_up.import_within(1.0, ("slow_to_import", "colorsys")) == ["colorsys"]
    assert "colorsys" not in sys.modules


def test_an_absent_module_is_said_and_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert warm_up.import_within(60, ("no_such_module", "colorsys")) == []
    assert "cannot import no_such_module: No module named 'no_such_module'" in caplog.text


def test_great_expectations_is_hushed() -> None:
    warm_up.import_within(60, ())
    assert logging.getLogger("great_expectations").getEffectiveLevel() == logging.WARNING


@pytest.mark.parametrize("name", warm_up.MODULES)
def test_the_modules_exist(name: str) -> None:
    assert find_spec(name.split(".", maxsplit=1)[0]) is not None


def test_other_components_import_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["airflow", "triggerer"])
    monkeypatch.setattr(warm_up, "import_within", lambda *_: pytest.fail("imported"))
    assert warm_up.on_starting(component=object()) is None
