"""Worker processes for the steps of a job that runs on one machine.

Beam's in-memory runner drives the job in one process; its steps call their functions here, on as many cores as
there are. Each call takes and gives places of batches in files, so little passes between processes.
"""

import ctypes
import logging
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing.context import BaseContext

from hotarea.domain.errors import JobError

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # M_… of <malloc.h>
_KEPT_BYTES = 256 << 20

_running: list[ProcessPoolExecutor] = []


def positive(text: str) -> int:
    """Read a number of processes; raises ValueError if it is none."""
    if int(text) < 1:
        raise ValueError(f"{text} processes; expected 1 or more")
    return int(text)


def running() -> ProcessPoolExecutor | None:
    """Return the pool of this process, if a job has started one."""
    return _running[-1] if _running else None


@contextmanager
def workers(count: int) -> Iterator[None]:
    """Let steps run in `count` processes meanwhile; in this one if `count` is 1.

    Raises `JobError` if a process dies, as the kernel makes it when memory is short.
    """
    if count <= 1:
        yield
        return
    pool = ProcessPoolExecutor(count, mp_context=_context(), initializer=_prepare)
    pool.submit(os.getpid).result()  # forks are all made now, while there is no other thread
    _running.append(pool)
    try:
        yield
    except BaseException as error:
        # Nothing of what they write is wanted any more; Python 3.14 has a public method for this.
        for process in [*pool._processes.values()]:  # noqa: SLF001
            process.terminate()
        if not isinstance(error, BrokenProcessPool):
            raise
        raise JobError(
            f"one of {count} worker processes died, most likely because memory was short. "
            "Lower HOTAREA_WORKERS, or raise HOTAREA_SHARDS."
        ) from error
    finally:
        _running.pop()
        pool.shutdown(wait=True, cancel_futures=True)


def _context() -> BaseContext:
    """Fork if Python has one thread, which takes no time; else start from a process of its own.

    Threads of libraries (Arrow's, OpenBLAS's) are trusted: they bear a fork.
    """
    alone = sys.platform == "linux" and threading.active_count() == 1
    return multiprocessing.get_context("fork" if alone else "forkserver")


def keep_memory() -> None:
    """Let glibc keep freed memory for the next batch instead of giving it back: saves a tenth of a job's time."""
    with suppress(AttributeError, OSError):  # another C library
        allocator = ctypes.CDLL(None).mallopt
        allocator(_TRIM_THRESHOLD, _KEPT_BYTES)
        allocator(_MMAP_THRESHOLD, _KEPT_BYTES)


def _prepare() -> None:
    """End with the job, however it ends, leave Ctrl-C to it, and do not say which of Beam's clients are missing."""
    logging.basicConfig(level=logging.ERROR)  # does nothing after a fork, which has the log of the job
    keep_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
