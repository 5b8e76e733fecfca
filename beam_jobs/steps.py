"""A step over one shard's batches, and the counters that every step keeps."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, as_completed
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import GlobalWindows

from beam_jobs import pool, progress
from beam_jobs.progress import BEGUN, BYTES, ENDED, RECORDS
from beam_jobs.stored import Batches, Store, loaded

_MICROSECONDS = "microseconds"

_Counts = Counter[tuple[str, str]]
"""By kind (records or bytes) and name."""


@dataclass(frozen=True)
class _Done:
    """What one call of a step's function gave, in a process of its own."""

    items: list[Any]
    counts: _Counts
    seconds: float


_counting: ContextVar[_Counts | None] = ContextVar("counting", default=None)


class Step(beam.DoFn):
    """Calls a plain generator function with each element and `arguments`, and clocks it under a name.

    The time is the function's own: what reads its output is not counted. With a folder as `store`, the batches that
    the function yields are left there and sent on by their place; stored batches that come in are read. Where the job
    has started worker processes, the calls are spread over them.
    """

    def __init__(
        self, name: str, function: Callable[..., Iterator[Any]], *arguments: Any, store: Path | None = None
    ) -> None:
        """Keep the function, which must be importable by name, and what it is called with after the element."""
        super().__init__()
        self._name, self._function, self._arguments, self._store = name, function, arguments, store
        self._progress = progress.folder()
        self._calls: list[Future[_Done]] = []

    def setup(self) -> None:
        """Tell whoever follows the job, from here on."""
        progress.join(self._progress)

    def start_bundle(self) -> None:
        """Forget the calls of a bundle that failed."""
        self._calls = []

    def process(self, element: Any, *side: Any) -> Iterator[Any]:
        """Yield what the function yields for one element, given side inputs last."""
        given = (*map(_sent, element), *self._arguments, *map(_sent, side))
        processes = pool.running()
        progress.add(BEGUN, self._name, 1)
        if processes:
            self._calls.append(processes.submit(_call, self._function, given, self._store, self._progress))
        else:
            yield from self._here(given)

    def finish_bundle(self) -> Iterator[Any]:
        """Yield what the calls in other processes gave, as they end."""
        spent = Metrics.counter(_MICROSECONDS, self._name)
        for call in as_completed(self._calls):
            done = call.result()
            spent.inc(round(done.seconds * 1e6))
            for (kind, name), count in done.counts.items():
                Metrics.counter(kind, name).inc(count)
            progress.add(ENDED, self._name, 1)
            yield from map(_windowed, done.items)

    def _here(self, given: tuple[Any, ...]) -> Iterator[Any]:
        """Yield what the function yields, called in this process."""
        spent = Metrics.counter(_MICROSECONDS, self._name)
        with Store(self._store) as store:
            found = self._function(*map(loaded, given))
            while True:
                start = perf_counter()
                try:
                    item = store.put(next(found))
                except StopIteration:
                    break
                finally:
                    spent.inc(round((perf_counter() - start) * 1e6))
                yield item
            _count_exchanged(store)
        progress.add(ENDED, self._name, 1)


@dataclass(frozen=True)
class Totals:
    """What the steps of a finished pipeline counted: records and bytes by name, seconds by step."""

    records: dict[str, int]
    bytes: dict[str, int]
    steps: dict[str, float]


def counted(name: str, records: int) -> None:
    """Add to the counter of a kind of records; called from within a step."""
    _count(RECORDS, name, records)


def counted_bytes(what: str, size: int) -> None:
    """Add to the bytes that were read, written, …; called from within a step."""
    _count(BYTES, what, size)


def totals(result: Any) -> Totals:
    """Return what a finished pipeline's steps counted."""
    counters = result.metrics().query(MetricsFilter().with_namespaces([_MICROSECONDS, RECORDS, BYTES]))["counters"]
    found: _Counts = Counter()
    for counter in counters:
        found[counter.key.metric.namespace, counter.key.metric.name] += counter.committed or 0
    of_kind = {
        kind: {name: count for (other, name), count in sorted(found.items()) if other == kind}
        for kind in (RECORDS, BYTES, _MICROSECONDS)
    }
    steps = {name: round(count / 1e6, 3) for name, count in of_kind[_MICROSECONDS].items()}
    return Totals(of_kind[RECORDS], of_kind[BYTES], steps)


def _count(kind: str, name: str, count: int) -> None:
    progress.add(kind, name, count)
    counting = _counting.get()
    if counting is None:
        Metrics.counter(kind, name).inc(count)
    else:
        counting[kind, name] += count


def _count_exchanged(store: Store) -> None:
    if store.bytes:  # else the runner carries the batches, or there are none
        counted_bytes("exchanged", store.bytes)


def _call(
    function: Callable[..., Iterator[Any]], given: tuple[Any, ...], folder: Path | None, followed: Path | None
) -> _Done:
    """Call a step's function in a worker process."""
    progress.join(followed)
    counts: _Counts = Counter()
    token = _counting.set(counts)
    start = perf_counter()
    try:
        with Store(folder) as store:
            items = [store.put(item) for item in function(*map(loaded, given))]
            _count_exchanged(store)
    finally:
        _counting.reset(token)
    progress.leave()
    return _Done(items, counts, perf_counter() - start)


def _sent(value: Any) -> Any:
    """Return a part of an element such that it can go to another process; what was grouped is read in its turn."""
    if isinstance(value, Mapping):
        return {name: Batches(batches) for name, batches in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, tuple | str | bytes | np.ndarray | pa.Table):
        return Batches(value)
    return value


def _windowed(item: Any) -> Any:
    """Return an item as a bundle's end must give it: with its window, here always the global one."""
    if isinstance(item, TaggedOutput):
        return TaggedOutput(item.tag, GlobalWindows.windowed_value(item.value))
    return GlobalWindows.windowed_value(item)
