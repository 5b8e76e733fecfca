import json
import os
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
import structlog
from airflow.providers.apache.beam.operators.beam import BeamRunPythonPipelineOperator
from airflow.sdk.exceptions import AirflowOptionalProviderFeatureException, AirflowSkipException, AirflowTaskTimeout
from airflow.sdk.execution_time.timeout import timeout
from hotarea_airflow.beam import BeamJobOperator

from hotarea.domain import errors
from hotarea.domain.job import Job
from hotarea.domain.settings import Settings

Operator = Callable[..., BeamJobOperator]
Log = list[MutableMapping[str, Any]]

# what a job does around its work, without the seconds that importing Beam takes
PROGRAM = """
import json, pathlib, sys
at = sys.argv.index("--result")
result = pathlib.Path(sys.argv[at + 1])
arguments = sys.argv[1:at]
"""
IN_A_WORKER = """
import apache_beam as beam
from beam_jobs import program
from hotarea.domain.errors import RawDataError

def reject(line):
    raise RawDataError(f"part_0000.gz has 2 lines: expected 3; {line}")

def main(arguments):
    with beam.Pipeline(options=program.pipeline_options("FnApiRunner", [])) as pipeline:
        _ = pipeline | beam.Create(["fetch it again"]) | "reject all" >> beam.Map(reject)
    return {}

if __name__ == "__main__":
    program.run(main)
"""

SLOW_IN_TWO_PROCESSES = """
import time
from pathlib import Path
import apache_beam as beam
from beam_jobs import program, progress
from beam_jobs.steps import Step, counted

progress.EVERY_S = 0.4

def read(number):
    for _ in range(12):
        time.sleep(0.2)
        counted("records read", 25)
    counted("quarantined: broken_json", 1)
    yield None

def build(pipeline):
    _ = pipeline | beam.Create([(n,) for n in range(4)]) | beam.ParDo(Step("read", read, store=Path("exchange")))

def main(arguments):
    followed = progress.Followed("slow_works", Path(arguments[0]) / "progress", "records read", expected=1_200)
    return program.finished(followed, program.pipeline_options(program.LOCAL, []), build, 2, Path("exchange"))

if __name__ == "__main__":
    program.run(main)
"""


@pytest.fixture
def operator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Operator:
    """Makes an operator whose job is the given program."""
    monkeypatch.setenv("HOTAREA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(code: str, *, plan: str | None = "plan.json", **options: Any) -> BeamJobOperator:
        (tmp_path / "job_under_test.py").write_text(textwrap.dedent(code))
        stage = ModuleType("hotarea.stages.under_test")
        stage.job = lambda settings, plan: Job("job_under_test", (str(settings.home), str(plan)))  # type: ignore[attr-defined]
        stage.label_job = lambda _, plan: Job("job_under_test", ("labels", str(plan)))  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, stage.__name__, stage)
        return BeamJobOperator(task_id="job", stage="under_test", plan=plan, **options)

    return make


@pytest.fixture
def log() -> Iterator[Log]:
    """What the task writes into its log."""
    with structlog.testing.capture_logs() as entries:
        yield entries


def messages(log: Log) -> list[str]:
    return [
        entry["event"] % entry["positional_args"] if "positional_args" in entry else entry["event"] for entry in log
    ]


def run(operator: BeamJobOperator) -> dict[str, Any]:
    return type(operator).execute.__wrapped__(operator, {})  # type: ignore[attr-defined,no-any-return]


def test_it_is_the_providers_operator_and_needs_no_google_provider() -> None:
    operator = BeamJobOperator(task_id="job", stage="ingest", plan=None)
    assert isinstance(operator, BeamRunPythonPipelineOperator)
    assert operator.py_interpreter == sys.executable
    with pytest.raises(AirflowOptionalProviderFeatureException):
        BeamRunPythonPipelineOperator(task_id="job", py_file="x.py")


def test_it_runs_the_stages_job_and_returns_the_result(operator: Operator, tmp_path: Path) -> None:
    task = operator(PROGRAM + "result.write_text(json.dumps({'arguments': arguments}))")
    assert run(task) == {"arguments": [str(tmp_path / "home"), "plan.json"]}
    assert task.py_file == "job_under_test"


def test_a_stage_with_several_jobs_names_the_one(operator: Operator) -> None:
    task = operator(PROGRAM + "result.write_text(json.dumps({'arguments': arguments}))", job="label_job")
    assert run(task) == {"arguments": ["labels", "plan.json"]}


def test_without_a_plan_it_is_skipped(operator: Operator) -> None:
    with pytest.raises(AirflowSkipException, match="under_test: nothing to do"):
        run(operator("raise SystemExit(1)", plan=None))


def test_much_output_does_not_hang(operator: Operator, log: Log) -> None:
    both = "[print('x' * 99, file=f) for f in (sys.stdout, sys.stderr) for _ in range(1_000)]\n"
    assert run(operator(PROGRAM + both + "result.write_text('{}')")) == {}
    assert messages(log).count("x" * 99) == 2_000


def test_lines_keep_their_level(operator: Operator, log: Log) -> None:
    lines = """
        import logging
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
        print("plain")
        logging.getLogger("beam").info("reading")
        logging.getLogger("beam").warning("a bad line\\nof two")
        logging.getLogger("beam").error("no more")
        result.write_text("{}")
    """
    run(operator(PROGRAM + textwrap.dedent(lines)))
    assert [(entry["log_level"], message) for entry, message in zip(log, messages(log), strict=True)][1:] == [
        ("info", "plain"),
        ("info", "beam: reading"),
        ("warning", "beam: a bad line"),
        ("warning", "of two"),
        ("error", "beam: no more"),
    ]


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        pytest.param(
            {"type": "RawDataError", "message": "part_0000.gz is truncated"},
            errors.RawDataError,
            "part_0000.gz is truncated",
            id="an error of the project keeps its class, which decides on retries",
        ),
        pytest.param(
            {"type": "MemoryError", "message": "12 GiB"},
            errors.JobError,
            "job_under_test failed: MemoryError: 12 GiB",
            id="any other is named",
        ),
        pytest.param(
            {
                "type": "RuntimeError",
                "message": "Traceback (most recent call last):\n  File 'worker.py', line 3\n"
                "ValueError: cannot parse row: ('3', 0.86) [while running 'bad']\n",
            },
            errors.JobError,
            "job_under_test failed: ValueError: cannot parse row: ('3', 0.86) [while running 'bad']",
            id="the cause within a worker's traceback",
        ),
        pytest.param(
            {"type": "RuntimeError", "message": "Stage: two of three\nValueError: is only mentioned"},
            errors.JobError,
            "job_under_test failed: RuntimeError: Stage: two of three\nValueError: is only mentioned",
            id="a message that is no traceback stays whole",
        ),
    ],
)
def test_the_jobs_own_error_is_raised(
    operator: Operator, error: dict[str, str], kind: type[Exception], message: str
) -> None:
    task = operator(PROGRAM + f"result.write_text({json.dumps({'error': error})!r}); sys.exit(1)")
    with pytest.raises(errors.HotareaError) as raised:
        run(task)
    assert (type(raised.value), str(raised.value)) == (kind, message)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("{}['answer']", "ended with status 1 and left no result: KeyError: 'answer'"),
        ("import no_such_module", "left no result: ModuleNotFoundError: No module named 'no_such_module'"),
        ("import os; os.kill(os.getpid(), 9)", "ended by SIGKILL and left no result: it named no error"),
        ("raise SystemExit(0)", "ended with status 0 and left no result: it named no error"),
    ],
)
def test_a_job_without_result_names_what_it_said_last(operator: Operator, code: str, message: str) -> None:
    with pytest.raises(errors.JobError) as raised:
        run(operator(code))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"records": {"docu', "left a result that cannot be read: Unterminated string"),
        ("", "left a result that cannot be read: Expecting value"),
        ("[1]", r"left '\[1\]' as its result; expected a JSON object"),
    ],
)
def test_a_result_that_cannot_be_read_is_the_jobs_error(operator: Operator, text: str, message: str) -> None:
    with pytest.raises(errors.JobError, match=f"^job_under_test {message}"):
        run(operator(PROGRAM + f"result.write_text({text!r})"))


def test_an_error_inside_a_beam_worker_comes_out_as_itself(operator: Operator) -> None:
    with pytest.raises(errors.RawDataError, match=r"^part_0000\.gz has 2 lines: expected 3; fetch it again$"):
        run(operator(IN_A_WORKER))


def test_progress_and_summary_of_a_job_reach_the_tasks_log(operator: Operator, log: Log, tmp_path: Path) -> None:
    outcome = run(operator(SLOW_IN_TWO_PROCESSES))
    told = [text for entry, text in zip(log, messages(log), strict=True) if entry["log_level"] == "info"]
    progress = [text for text in told if text.startswith("beam_jobs.progress: slow_works after ")]
    assert len(progress) >= 2
    assert any("of 1,200 records read (" in line and "of reading left" in line for line in progress)
    at = told.index(
        f"beam_jobs.program: slow_works: 1,200 works in {outcome['seconds']:.1f} s, "
        f"{outcome['works_per_second']:,.0f} works/s"
    )
    assert told[at + 1] == "  records: 4 quarantined: broken_json, 1,200 records read"
    assert outcome["records"] == {"quarantined: broken_json": 4, "records read": 1_200}
    assert outcome["steps"]["read"] > outcome["seconds"]  # two at once
    assert not (tmp_path / "home" / "progress").exists()


SLEEPING_FAMILY = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("started", child.pid)
time.sleep(60)
"""


def started(log: Log) -> int:
    """The number of the job's child, once the job has said it."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for message in messages(log):
            if message.startswith("started "):
                return int(message.split()[1])
        time.sleep(0.02)
    raise AssertionError(f"the job did not start: {messages(log)}")


def gone(pid: int) -> bool:
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.02)
    return False


def test_after_the_settings_time_the_whole_family_is_ended(
    operator: Operator, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTAREA_JOB_TIMEOUT_S", "4")
    with pytest.raises(errors.JobError, match=r"was ended: still running after 4 s\. Raise HOTAREA_JOB_TIMEOUT_S"):
        run(operator(SLEEPING_FAMILY))
    assert gone(started(log))


def test_airflows_time_out_ends_the_whole_family(operator: Operator, log: Log) -> None:
    with pytest.raises(AirflowTaskTimeout), timeout(4):
        run(operator(SLEEPING_FAMILY))
    assert gone(started(log))


def test_on_kill_ends_the_whole_family_and_the_task(operator: Operator, log: Log) -> None:
    task, raised = operator(SLEEPING_FAMILY), []

    def target() -> None:
        try:
            run(task)
        except errors.JobError as error:
            raised.append(str(error))

    thread = threading.Thread(target=target)
    thread.start()
    child = started(log)
    task.on_kill()
    thread.join(10)
    assert gone(child)
    assert len(raised) == 1
    assert "ended by SIGTERM" in raised[0]


def test_on_kill_before_the_job_started_is_harmless(operator: Operator) -> None:
    task = operator("")
    task.on_kill()
    assert task.plan == "plan.json"


def test_the_environment_of_the_task_reaches_the_job(operator: Operator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTAREA_SEED", "7")
    task = operator(PROGRAM + "import os; result.write_text(json.dumps({'seed': os.environ['HOTAREA_SEED']}))")
    assert run(task) == {"seed": str(Settings.load().seed)} == {"seed": os.environ["HOTAREA_SEED"]}
