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

from beam_jobs import pool
from beam_jobs.stored import Batches, Store, loaded

_MICROSECONDS = "microseconds"
_RECORDS = "records"


@dataclass(frozen=True)
class _Done:
    """What one call of a step's function gave, in a process of its own."""

    items: list[Any]
    records: Counter[str]
    seconds: float


_counting: ContextVar[Counter[str] | None] = ContextVar("counting", default=None)


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
        self._calls: list[Future[_Done]] = []

    def start_bundle(self) -> None:
        """Forget the calls of a bundle that failed."""
        self._calls = []

    def process(self, element: Any, *side: Any) -> Iterator[Any]:
        """Yield what the function yields for one element, given side inputs last."""
        given = (*map(_sent, element), *self._arguments, *map(_sent, side))
        processes = pool.running()
        if processes:
            self._calls.append(processes.submit(_call, self._function, given, self._store))
            return
        spent = Metrics.counter(_MICROSECONDS, self._name)
        store = Store(self._store) if self._store else None
        found = self._function(*map(loaded, given))
        while True:
            start = perf_counter()
            try:
                item = _stored(next(found), store)
            except StopIteration:
                break
            finally:
                spent.inc(round((perf_counter() - start) * 1e6))
            yield item
        if store:
            store.close()

    def finish_bundle(self) -> Iterator[Any]:
        """Yield what the calls in other processes gave, as they end."""
        spent = Metrics.counter(_MICROSECONDS, self._name)
        for call in as_completed(self._calls):
            done = call.result()
            spent.inc(round(done.seconds * 1e6))
            for name, records in done.records.items():
                counted(name, records)
            yield from map(_windowed, done.items)


def counted(name: str, records: int) -> None:
    """Add to the counter of a kind of records; called from within a step."""
    counting = _counting.get()
    if counting is None:
        Metrics.counter(_RECORDS, name).inc(records)
    else:
        counting[name] += records


def totals(result: Any) -> tuple[dict[str, int], dict[str, float]]:
    """Return a finished pipeline's records by kind and seconds by step."""
    counters = result.metrics().query(MetricsFilter().with_namespaces([_MICROSECONDS, _RECORDS]))["counters"]
    found = [(c.key.metric.namespace, c.key.metric.name, c.committed or 0) for c in counters]
    records: dict[str, int] = {}
    seconds: dict[str, float] = {}
    for namespace, name, value in sorted(found):
        if namespace == _RECORDS:
            records[name] = records.get(name, 0) + value
        else:
            seconds[name] = round(seconds.get(name, 0) + value / 1e6, 3)
    return records, seconds


def _call(function: Callable[..., Iterator[Any]], given: tuple[Any, ...], folder: Path | None) -> _Done:
    """Call a step's function in a worker process."""
    records: Counter[str] = Counter()
    token = _counting.set(records)
    store = Store(folder) if folder else None
    start = perf_counter()
    try:
        items = [_stored(item, store) for item in function(*map(loaded, given))]
    finally:
        _counting.reset(token)
        if store:
            store.close()
    return _Done(items, records, perf_counter() - start)


def _sent(value: Any) -> Any:
    """Return a part of an element such that it can go to another process; what was grouped is read in its turn."""
    if isinstance(value, Mapping):
        return {name: Batches(batches) for name, batches in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, tuple | str | bytes | np.ndarray | pa.Table):
        return Batches(value)
    return value


def _stored(item: Any, store: Store | None) -> Any:
    if store is None:
        return item
    if isinstance(item, TaggedOutput):
        return TaggedOutput(item.tag, store.put(item.value))
    return store.put(item)


def _windowed(item: Any) -> Any:
    """Return an item as a bundle's end must give it: with its window, here always the global one."""
    if isinstance(item, TaggedOutput):
        return TaggedOutput(item.tag, GlobalWindows.windowed_value(item.value))
    return GlobalWindows.windowed_value(item)
