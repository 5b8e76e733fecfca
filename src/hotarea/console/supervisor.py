"""Keeps Airflow's processes alive while `hotarea up` runs, and leaves none behind."""

import fcntl
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import psutil

from hotarea.console import airflow
from hotarea.domain.errors import JobError, SettingsError
from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout, write_aside

_TAG = "HOTAREA_UP"
_LOCK = "lock"
_STOP_S = 25


class Supervisor:
    """Runs Airflow's four components under supervisord; a context manager that ends them all on leaving."""

    def __init__(self, settings: Settings) -> None:
        self._folder = _folder(settings)
        self._tag = str(settings.home)
        # Airflow's servers write their titles over their environment, where the tag is looked for, unless told not to
        self._environment = {**airflow.environment(settings), _TAG: self._tag, "SPT_NOENV": "1"}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: IO[bytes] | None = None

    @property
    def logs(self) -> Path:
        """Return the folder of the components' own logs."""
        return self._folder / "logs"

    def __enter__(self) -> Self:
        """Claim the home; raise `SettingsError` if it is up already."""
        self.logs.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(self._folder, self._tag)
        return self

    def start(self) -> None:
        """Bring Airflow's database to this version and start the components.

        Raises `JobError` with the last line of what Airflow said if the database cannot be set up.
        """
        done = subprocess.run(
            airflow.command("db", "migrate"), env=self._environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            last = (done.stderr or done.stdout).strip().splitlines()[-1:]
            raise JobError(
                f"Airflow's database cannot be set up: {' '.join(last)}. Free disk space, or remove the home."
            )
        configuration = write_aside(self._folder / "supervisord.conf", self._configuration().encode())
        self._process = subprocess.Popen(
            [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(configuration)],
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C reaches only us; we stop the others in order
        )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the components, then whatever they left behind; a second Ctrl-C does not interrupt that."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        sweep(self._tag)
        if self._lock:
            self._lock.close()

    def check(self) -> None:
        """Raise `JobError` if supervisord itself has ended."""
        if self._process and self._process.poll() is not None:
            raise JobError(f"the process manager ended with status {self._process.returncode}; see {self.logs}")

    def _configuration(self) -> str:
        sections: dict[str, dict[str, object]] = {
            "supervisord": {
                "logfile": self.logs / "supervisord.log",
                "pidfile": self._folder / "supervisord.pid",
                "childlogdir": self.logs,
            },
            **{f"program:{name}": self._program(name, arguments) for name, arguments in airflow.COMPONENTS.items()},
        }
        return "\n".join(
            f"[{name}]\n" + "\n".join(f"{key} = {_escaped(value)}" for key, value in section.items()) + "\n"
            for name, section in sections.items()
        )

    def _program(self, name: str, arguments: tuple[str, ...]) -> dict[str, object]:
        return {
            "command": shlex.join(airflow.command(*arguments)),
            "autorestart": "true",
            "startsecs": 5,
            "startretries": 5,
            "stopasgroup": "true",
            "killasgroup": "true",
            "stopwaitsecs": 12,
            "redirect_stderr": "true",
            "stdout_logfile": self.logs / f"{name}.log",
            "stdout_logfile_maxbytes": "10MB",
            "stdout_logfile_backups": 2,
        }


def _escaped(value: object) -> str:
    return str(value).replace("%", "%%")


def end_orphans(settings: Settings) -> None:
    """End what a `hotarea up` left that was itself killed; raise `SettingsError` if one is running in this home."""
    folder = _folder(settings)
    if (folder / _LOCK).exists():
        with _locked(folder, str(settings.home)):
            sweep(str(settings.home))


def _folder(settings: Settings) -> Path:
    return Layout(settings.home).state / "up"


def _locked(folder: Path, tag: str) -> IO[bytes]:
    """Hold the home's lock until the file is closed; the system lets go of it when its holder dies."""
    lock = (folder / _LOCK).open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise SettingsError(
            f"this home is up already: {tag}. Stop the other `make run` first, or set HOTAREA_HOME to another folder."
        ) from error
    return lock


def tagged(tag: str) -> list[psutil.Process]:
    """Return the processes of this user that belong to the running system of one home."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.environ().get(_TAG) == tag:
                found.append(process)
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
    return found


def sweep(tag: str) -> None:
    """End what a component left behind: workers and jobs that outlive their parents."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        left = tagged(tag)
        for process in left:
            _signal(process, signal_number)
        if not psutil.wait_procs(left, timeout=5)[1]:
            return
        time.sleep(0.2)


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return
