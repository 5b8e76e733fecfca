"""How far a job is: each of its processes leaves its counts in a folder, and the job logs their sum every few seconds.

Runners tell metrics at the end only. Files serve workers of any kind: threads, processes, or other machines that share
the folder; where a machine does not share it, its counts are missing from the lines, and nothing else.
"""

import json
import logging
import os
import platform
import shutil
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from uuid import uuid4

from hotarea.domain.records import QUARANTINED

log = logging.getLogger(__name__)

EVERY_S = 5.0
"""A line is logged every so many seconds; none for a job that ends before."""

LEFT_EVERY_S = 0.5
"""A process leaves its counts at most so often."""

RECORDS, BYTES, BEGUN, ENDED = "records", "bytes", "begun", "ended"
"""Kinds of counts: records and bytes by what was done with them, and calls of steps by the step."""

Counts = Mapping[str, Mapping[str, int]]
"""Kind -> name -> count."""


@dataclass(frozen=True)
class Followed:
    """A job whose progress is told."""

    job: str
    folder: Path  # for the processes' counts; made when the job starts, removed when it ends
    works: str  # name of the counter of records that tells how far it is
    expected: int | None = None  # what that counter reaches, where it is known


class Notes:
    """What one process has counted so far; left in a file of the job's folder now and then."""

    def __init__(self, folder: Path) -> None:
        """Choose the file; it is written when there is something to tell."""
        self.folder, self.process = folder, os.getpid()
        self._file = folder / f"{platform.node()}-{self.process}-{uuid4().hex[:8]}.json"
        self._counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._lock = threading.Lock()
        self._left = monotonic()

    def add(self, kind: str, name: str, count: int) -> None:
        """Count, and leave the counts if that is due."""
        with self._lock:
            self._counts[kind][name] += count
            if monotonic() - self._left >= LEFT_EVERY_S:
                self._leave()

    def leave(self) -> None:
        """Leave the counts now."""
        with self._lock:
            self._leave()

    def _leave(self) -> None:
        self._left = monotonic()
        with suppress(OSError):  # there is no folder: the job is over, or this machine does not share it
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(self._counts))
            part.replace(self._file)


_notes: Notes | None = None


def folder() -> Path | None:
    """Return where the job that this process works for wants counts to be left; None if nobody follows it."""
    return _notes.folder if _notes else None


def join(wanted: Path | None) -> None:
    """Let this process leave its counts in a job's folder from now on; None ends that."""
    global _notes  # noqa: PLW0603 - a process works for one job at a time
    if wanted is None:
        _notes = None
    elif _notes is None or (_notes.folder, _notes.process) != (wanted, os.getpid()):  # a fork takes none of its parent
        _notes = Notes(wanted)


def add(kind: str, name: str, count: int) -> None:
    """Count for the job that this process works for, if somebody follows it."""
    if _notes:
        _notes.add(kind, name, count)


def leave() -> None:
    """Leave the counts of this process now: it may have nothing to do for a while."""
    if _notes:
        _notes.leave()


@contextmanager
def told(job: Followed) -> Iterator[None]:
    """Log a line every `EVERY_S` seconds while a job runs; leave nothing behind."""
    shutil.rmtree(job.folder, ignore_errors=True)
    job.folder.mkdir(parents=True)
    join(job.folder)
    over = threading.Event()
    teller = threading.Thread(target=_tell, args=(job, over), name="progress", daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()
        join(None)
        shutil.rmtree(job.folder, ignore_errors=True)


def summed(wanted: Path) -> dict[str, Counter[str]]:
    """Return the sum of what all processes have left in a job's folder."""
    total: dict[str, Counter[str]] = defaultdict(Counter)
    for file in sorted(wanted.glob("*.json")):
        with suppress(OSError):
            for kind, counts in json.loads(file.read_bytes()).items():
                total[kind].update(counts)
    return total


def line(job: Followed, counts: Counts, seconds: float) -> str:
    """Return how far a job is after so many seconds, in one line."""
    records = counts.get(RECORDS, {})
    told = [_read(job, records.get(job.works, 0), seconds), *_outcome(records), *_open_steps(counts)]
    return f"{job.job} after {seconds:.0f} s: {', '.join(told)}"


def _tell(job: Followed, over: threading.Event) -> None:
    start = monotonic()
    while not over.wait(EVERY_S):
        leave()  # the counts of this process are told to the last one
        log.info("%s", line(job, summed(job.folder), monotonic() - start))


def _read(job: Followed, works: int, seconds: float) -> str:
    """Return how many works were read; of how many, how fast, and how long it takes yet, as long as that is known."""
    if not job.expected or not 0 < works < job.expected:
        return f"{works:,} {job.works}"
    left = (job.expected - works) * seconds / works
    return (
        f"{works:,} of {job.expected:,} {job.works} ({works / job.expected:.0%}), {works / seconds:,.0f}/s, "
        f"about {left:.0f} s of reading left"
    )


def _outcome(records: Mapping[str, int]) -> Iterator[str]:
    quarantined = sum(count for name, count in records.items() if name.startswith(QUARANTINED))
    if quarantined:
        yield f"{quarantined:,} quarantined"
    yield from (f"{count:,} {name}" for name, count in sorted(records.items()) if name.endswith(" written"))


def _open_steps(counts: Counts) -> Iterator[str]:
    ended = counts.get(ENDED, {})
    for step, begun in counts.get(BEGUN, {}).items():
        done = ended.get(step, 0)
        if done < begun:
            yield f"{step}: {done} done and {begun - done} open"
