"""What a program costs: wall time, processor time and peak memory of the whole tree of its processes."""

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

INTERVAL_S = 0.2
"""Between two looks at the memory; looking takes about a hundredth of one core's time."""

MIB = 1 << 20


class FailedError(Exception):
    """A program did not end well; says which, and the end of its log."""


@dataclass(frozen=True)
class Cost:
    """What one run of a program took."""

    wall_s: float
    cpu_s: float  # user and system, with all processes that the program waited for
    peak_mib: float  # the largest sum over its processes at one time; shared pages are counted once

    @classmethod
    def of(cls, command: Sequence[str], log: Path) -> Self:
        """Run a command to its end, with its output in a log; raises `FailedError` if it fails."""
        start = time.perf_counter()
        with log.open("wb") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
            with _Memory(process.pid) as memory:
                _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise FailedError(f"{' '.join(command)} ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        return cls(round(wall, 2), round(usage.ru_utime + usage.ru_stime, 2), round(memory.peak / MIB, 1))


class _Memory(threading.Thread):
    """Looks at the memory of a process and its descendants until left; `peak` is the largest sum of bytes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(pid)
        self._ended = threading.Event()
        self.peak = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(INTERVAL_S):
            self.peak = max(self.peak, sum(map(_proportional, self._tree())))

    def _tree(self) -> list[psutil.Process]:
        try:
            return [self._process, *self._process.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _proportional(process: psutil.Process) -> int:
    """Return a process's bytes, of shared pages its part (PSS); where the system does not tell it, its own bytes."""
    try:
        found = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(found, "pss", found.uss))
