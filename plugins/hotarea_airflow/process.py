"""One program in a process group of its own: its output line by line, and an end that leaves nothing running."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from selectors import EVENT_READ, DefaultSelector

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>


class ProcessGroup:
    """A running program and all that it starts; standard output and error are one stream."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start the command; raises OSError if there is no such program."""
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            process_group=0,
            preexec_fn=_die_with_parent(),  # noqa: PLW1509 - nothing but one system call
        )

    def lines(self, within_s: float) -> Iterator[str]:
        """Yield the output as it comes, until the program ends; raises TimeoutError `within_s` seconds from now.

        A process that the program left behind may still hold the stream open: it is not waited for.
        """
        assert self._process.stdout is not None  # noqa: S101 - Popen was given PIPE
        deadline = time.monotonic() + within_s
        rest = b""
        with self._process.stdout as stream, DefaultSelector() as selector:
            selector.register(stream, EVENT_READ)
            while time.monotonic() < deadline:
                if not selector.select(timeout=0.2):
                    if self._process.poll() is not None:
                        break
                    continue
                chunk = os.read(stream.fileno(), 1 << 16)
                *whole, rest = (rest + chunk).split(b"\n")
                yield from map(_text, whole)
                if not chunk:
                    break
            else:
                raise TimeoutError(f"still running after {within_s:g} s")
        if rest:
            yield _text(rest)

    def wait(self) -> int:
        """Return the exit status of the program; negative is the number of the signal that ended it."""
        return self._process.wait()

    def end(self, grace_s: float = 3.0) -> None:
        """End every process of the group: ask by SIGTERM, and after the grace kill what is left.

        The grace is below the five seconds that Airflow gives a task before it kills it.
        """
        for sign, patience_s in ((signal.SIGTERM, grace_s), (signal.SIGKILL, 1.0)):
            if not self._signal(sign):
                break
            until = time.monotonic() + patience_s
            while time.monotonic() < until and self._signal(0):
                time.sleep(0.02)
        if self._process.stdout:
            self._process.stdout.close()

    def _signal(self, sign: int) -> bool:
        """Send a signal to the group (0 only asks); whether there was anyone to receive it."""
        self._process.poll()  # collects a dead leader, who would count as a member
        try:
            os.killpg(self._process.pid, sign)
        except (ProcessLookupError, PermissionError):  # macOS says EPERM of a group of dead processes
            return False
        return True


def _text(line: bytes) -> str:
    return line.decode(errors="replace").rstrip("\r")


def _die_with_parent() -> Callable[[], None] | None:
    """Return what tells Linux to end the program when this process dies without a chance to do it, as by SIGKILL."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(_DIE_WITH_PARENT, signal.SIGTERM)
