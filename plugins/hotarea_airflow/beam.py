"""The operator of Beam jobs: runs the job that a stage planned, as a process of its own."""

import json
import re
import signal
import sys
from collections.abc import Iterable
from importlib import import_module
from logging import getLevelNamesMapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from airflow.providers.apache.beam.operators.beam import BeamDataflowMixin, BeamRunPythonPipelineOperator
from airflow.sdk import Context, XComArg
from airflow.sdk.exceptions import AirflowSkipException

from hotarea.domain import errors
from hotarea.domain.job import Job
from hotarea_airflow.process import ProcessGroup

_LOG_LINE = re.compile(r"\S+ \S+ (DEBUG|INFO|WARNING|ERROR|CRITICAL) (.*)")
_EXCEPTION_LINE = re.compile(r"(?:[A-Za-z_]\w*\.)*([A-Z]\w*): (.+)")
_KNOWN = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.HotareaError)
}


class _WithoutDataflow(BeamDataflowMixin):
    """Takes the place of the Dataflow half, which refuses to be built where the Google provider is absent."""

    def __init__(self) -> None:
        pass


class BeamJobOperator(BeamRunPythonPipelineOperator, _WithoutDataflow):
    """Runs the Beam job of a stage's plan and returns the job's result.

    The provider's operator dead-locks on much output, hides the cause of a failure and leaves the pipeline running
    after a time-out; here the log streams, the job's own error is raised, and its whole process group ends with it.

    :param stage: the module of `hotarea.stages` that says what to run
    :param job: its function `(settings, plan) -> Job`
    :param plan: path of the plan; the task is skipped where there is none
    """

    template_fields = ("stage", "job", "plan")

    def __init__(self, *, stage: str, plan: str | XComArg | None, job: str = "job", **kwargs: Any) -> None:
        """Declare the task; the job itself is made when the task runs."""
        super().__init__(py_file="", py_interpreter=sys.executable, py_options=["-m"], deferrable=False, **kwargs)
        self.stage = stage
        self.job = job
        self.plan = plan
        self._group: ProcessGroup | None = None

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002 - Airflow's signature
        """Run the job to its end.

        Raises the job's own error: one of `hotarea.domain.errors` by its name, and `JobError` with type and message
        for any other. Raises `JobError` after HOTAREA_JOB_TIMEOUT_S seconds.
        """
        from hotarea.domain.settings import Settings

        if not self.plan:
            raise AirflowSkipException(f"{self.stage}: nothing to do")
        settings = Settings.load()
        job: Job = getattr(import_module(f"hotarea.stages.{self.stage}"), self.job)(settings, Path(str(self.plan)))
        self.py_file = job.module
        with TemporaryDirectory(prefix="hotarea-") as folder:
            return self._run(job, Path(folder) / "result.json", settings.job_timeout_s)

    def on_kill(self) -> None:
        """End the job and all its processes."""
        if self._group:
            self._group.end()

    def _run(self, job: Job, result: Path, timeout_s: int) -> dict[str, Any]:
        command = [self.py_interpreter, *self.py_options, job.module, *job.arguments, "--result", str(result)]
        self.log.info("starting %s", " ".join(command))
        self._group = ProcessGroup(command)
        try:
            cause = self._follow(self._group.lines(timeout_s))
            status = self._group.wait()
        except TimeoutError as error:
            raise errors.JobError(
                f"{job.module} was ended: {error}. Raise HOTAREA_JOB_TIMEOUT_S, or find in the log what it waits for."
            ) from error
        finally:
            self._group.end()
        return _outcome(job.module, status, result, cause)

    def _follow(self, lines: Iterable[str]) -> str:
        """Copy the program's lines to the task's log at their own level; return the last that names an exception."""
        level, cause = "INFO", ""
        for line in lines:
            if logged := _LOG_LINE.match(line):
                level, text = logged.groups()
            else:
                text = line  # a further line of the same message, as in a traceback
            self.log.log(getLevelNamesMapping()[level], "%s", text)
            cause = line if _EXCEPTION_LINE.fullmatch(line) else cause
        return cause


def _outcome(module: str, status: int, result: Path, cause: str) -> dict[str, Any]:
    """Return what the job left as its result, or raise why there is none."""
    outcome = _read(module, result) if result.exists() else {}
    if "error" in outcome:
        raise _error(module, **outcome["error"])
    if status != 0 or not result.exists():
        ended = f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        raise errors.JobError(
            f"{module} ended {ended} and left no result: {cause or 'it named no error'}. The log above says more."
        )
    return outcome


def _read(module: str, result: Path) -> dict[str, Any]:
    text = result.read_text(errors="replace")
    try:
        outcome = json.loads(text)
    except json.JSONDecodeError as error:
        raise errors.JobError(
            f"{module} left a result that cannot be read: {error}; expected a JSON object, found {text[:80]!r}. "
            "Run the task again."
        ) from error
    if not isinstance(outcome, dict):
        raise errors.JobError(f"{module} left {text[:80]!r} as its result; expected a JSON object. Mend its `main`.")
    return outcome


def _error(module: str, type: str, message: str) -> errors.HotareaError:  # noqa: A002 - the names in the result
    """Return the job's error; Beam turns what a worker raised into a traceback, whose last line is the cause."""
    named = [match for match in map(_EXCEPTION_LINE.fullmatch, message.splitlines()) if match]
    if named and "Traceback (most recent call last)" in message:
        type, message = named[-1].groups()  # noqa: A001
    if type in _KNOWN:
        return _KNOWN[type](message)
    return errors.JobError(f"{module} failed: {type}: {message}")
