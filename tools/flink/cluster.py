"""Runs a Flink cluster and Beam's job server on loopback, each part a process of its own that can be killed."""

import contextlib
import json
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tools.flink.engine import Engine, EngineError

HOST = "127.0.0.1"
PARALLELISM = 2
WORKER = Path(__file__).parents[2] / "containers" / "beam_worker.sh"
START_S = 90
STOP_S = 10
_PORTS = range(20_000, 32_000)
_KEPT_MS = 60_000  # a worker that has nothing to do: without it, every step of a job starts workers of its own
_JOB_MANAGER = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
_TASK_MANAGER = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
_JOB_SERVER = "org.apache.beam.runners.flink.FlinkJobServerDriver"

# What Flink's own scripts, which the package lacks, open on Java 17.
_OPENED = ("java.lang", "java.lang.reflect", "java.net", "java.io", "java.nio", "java.text", "java.time", "java.util")
_OPENED += ("java.util.concurrent", "java.util.concurrent.atomic", "java.util.concurrent.locks", "sun.nio.ch")
_JAVA = ("java", "-XX:+UseSerialGC", *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED))

_LOG = """
rootLogger.level = INFO
rootLogger.appenderRef.out.ref = Out
appender.out.name = Out
appender.out.type = CONSOLE
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} - %m%n
"""


@dataclass(frozen=True)
class Size:
    """How much of the machine the cluster takes, and how much it bears."""

    task_managers: int = 2
    slots: int = 2  # of each task manager
    heap_mb: int = 512  # of each Java process
    managed_mb: int = 512  # of each task manager, shared by its slots: where Flink sorts; no batch may be larger
    restarts: int = 3  # how often a job may lose a task manager


@dataclass
class Cluster:
    """The processes, by name (`job-manager`, `task-manager-0`, …, `job-server`), and their folder."""

    engine: Engine
    folder: Path  # logs, configuration and temporary files
    size: Size = field(default_factory=Size)
    job_port: int = 0  # where the job server takes pipelines; a free one if 0
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Choose the ports; raise `EngineError` if the one that was asked for is taken."""
        self._rest, self._rpc, self._jobs = free_port(), free_port(), free_port(self.job_port)

    @property
    def web(self) -> str:
        """Return the address of Flink's pages and REST interface."""
        return f"http://{HOST}:{self._rest}"

    @property
    def task_managers(self) -> list[str]:
        """Return the names of the task managers."""
        return [f"task-manager-{number}" for number in range(self.size.task_managers)]

    @property
    def beam_options(self) -> tuple[str, ...]:
        """Return what Beam must be told to run a pipeline here."""
        return beam_options(self._jobs)

    def start(self) -> None:
        """Start all processes and wait until the cluster has all its slots and the job server listens."""
        for name in ("conf", "tmp", "logs", "artifacts"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "conf" / "log4j.properties").write_text(_LOG)
        self._java("job-manager", _JOB_MANAGER, self._of_flink(), self._configured("job-manager", {}))
        for name in self.task_managers:
            self._start_task_manager(name)
        endpoint = (f"--job-host={HOST}", f"--job-port={self._jobs}", "--artifact-port=0", "--expansion-port=0")
        master = (f"--flink-master={HOST}:{self._rest}", f"--artifacts-dir={self.folder / 'artifacts'}")
        self._java("job-server", _JOB_SERVER, self._of_job_server(), (*endpoint, *master))
        slots = self.size.task_managers * self.size.slots
        self._wait("slots", lambda: self.get("/overview")["slots-total"] == slots)
        self._wait("a job server that listens", lambda: socket.create_connection((HOST, self._jobs), 1).close() is None)

    def _start_task_manager(self, name: str) -> None:
        own = {
            "taskmanager.resource-id": name,
            "taskmanager.host": HOST,
            "taskmanager.bind-host": HOST,
            "taskmanager.numberOfTaskSlots": self.size.slots,
            "taskmanager.cpu.cores": self.size.slots,
            "taskmanager.memory.framework.heap.size": "128m",
            "taskmanager.memory.task.heap.size": f"{self.size.heap_mb - 128}m",
            "taskmanager.memory.task.off-heap.size": "64m",
            "taskmanager.memory.framework.off-heap.size": "128m",
            "taskmanager.memory.network.min": "128m",
            "taskmanager.memory.network.max": "128m",
            "taskmanager.memory.managed.size": f"{self.size.managed_mb}m",
            "taskmanager.memory.jvm-metaspace.size": "256m",
            "taskmanager.memory.jvm-overhead.min": "192m",
            "taskmanager.memory.jvm-overhead.max": "192m",
        }
        self._java(name, _TASK_MANAGER, self._of_flink(), self._configured(name, own))

    def get(self, path: str) -> Any:
        """Return what Flink's REST interface answers."""
        with urlopen(f"{self.web}{path}", timeout=10) as answer:  # noqa: S310 - our own server
            return json.load(answer)

    def kill(self, name: str) -> None:
        """End one process at once, as a machine that fails does."""
        self.processes[name].kill()
        self.processes[name].wait(STOP_S)

    def stop(self) -> None:
        """End all processes, those first that still use others."""
        for process in reversed(self.processes.values()):
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, name: str) -> str:
        """Return what a process has written."""
        return (self.folder / "logs" / f"{name}.log").read_text(errors="replace")

    def _of_flink(self) -> tuple[str, ...]:
        """Return the jars of the cluster: with Beam's among them, workers outlive a step (see `_KEPT_MS`)."""
        return (f"{self.engine.lib}/*", str(self.engine.job_server))

    def _of_job_server(self) -> tuple[str, ...]:
        """Return the jars of the job server, which sends them all to the cluster with each job: as few as it needs."""
        needed = [jar for name in ("flink-dist", "log4j") for jar in sorted(self.engine.lib.glob(f"{name}-*.jar"))]
        return (str(self.engine.job_server), *map(str, needed))

    def _configured(self, name: str, own: Mapping[str, object]) -> tuple[str, ...]:
        """Write a process's configuration; return the arguments that name it."""
        common = {
            "jobmanager.rpc.address": HOST,
            "jobmanager.rpc.port": self._rpc,
            "jobmanager.bind-host": HOST,
            "rest.address": HOST,
            "rest.bind-address": HOST,
            "rest.port": self._rest,
            "io.tmp.dirs": self.folder / "tmp",
            "cluster.evenly-spread-out-slots": "true",
            "classloader.resolve-order": "parent-first",  # Beam's classes as they lie in the cluster's own path
            "slot.request.timeout": 20000,
            "heartbeat.interval": 1000,
            "heartbeat.timeout": 10000,
            "restart-strategy.type": "fixed-delay" if self.size.restarts else "none",
            "restart-strategy.fixed-delay.attempts": max(1, self.size.restarts),
            "restart-strategy.fixed-delay.delay": "1 s",
        }
        folder = self.folder / "conf" / name
        folder.mkdir(exist_ok=True)
        lines = [f"{key}: {value}" for key, value in {**common, **own}.items()]
        (folder / "config.yaml").write_text("\n".join(lines) + "\n")
        return ("--configDir", str(folder))

    def _java(self, name: str, main: str, jars: Sequence[str], arguments: Sequence[str]) -> None:
        heap = f"-Xmx{self.size.heap_mb}m"
        log = f"-Dlog4j.configurationFile={self.folder / 'conf' / 'log4j.properties'}"
        machine = [*_JAVA, heap, log, f"-Djava.io.tmpdir={self.folder / 'tmp'}"]
        command = [*machine, "-cp", ":".join(jars), main, *arguments]
        with (self.folder / "logs" / f"{name}.log").open("ab") as out:
            # In a folder of its own: Flink takes what lies in `plugins/` of the working directory for its own.
            self.processes[name] = subprocess.Popen(
                command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )

    def _wait(self, what: str, ready: Callable[[], bool]) -> None:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            if ended:
                raise EngineError(f"{ended[0]} ended while it started:\n{self.log(ended[0])[-2000:]}")
            with contextlib.suppress(OSError, HTTPException):
                if ready():
                    return
            time.sleep(0.2)
        raise EngineError(f"there were no {what} after {START_S} s; see the logs in {self.folder / 'logs'}.")


def beam_options(job_port: int) -> tuple[str, ...]:
    """Return what Beam must be told to run a pipeline on a cluster of this machine, with workers of this clone."""
    return (
        f"--job_endpoint={HOST}:{job_port}",
        f"--parallelism={PARALLELISM}",
        "--environment_type=PROCESS",
        f"--environment_option=process_command={WORKER}",
        f"--environment_cache_millis={_KEPT_MS}",
    )


@contextlib.contextmanager
def running(engine: Engine, folder: Path, size: Size | None = None, job_port: int = 0) -> Iterator[Cluster]:
    """Give a cluster that runs, and stop it."""
    cluster = Cluster(engine, folder, size or Size(), job_port)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def free_port(wanted: int = 0) -> int:
    """Return a port of loopback that nobody listens at; raise `EngineError` if it is the wanted one that is taken.

    It is none of those that the system gives to whoever asks for any: such a one may be gone before it is used.
    """
    for port in [wanted] if wanted else random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as tried, contextlib.suppress(OSError):
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server does that starts again
            tried.bind((HOST, port))
            return port
    raise EngineError(f"port {wanted or _PORTS} of {HOST} is taken. End what listens there, and repeat.")
