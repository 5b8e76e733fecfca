"""A step over one shard's batches, and the counters that every step keeps."""

from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.metrics.metric import MetricsFilter

_MICROSECONDS = "microseconds"
_RECORDS = "records"


class Step(beam.DoFn):
    """Calls a plain generator function with each element and `arguments`, and clocks it under a name.

    The time is the function's own: what reads its output is not counted.
    """

    def __init__(self, name: str, function: Callable[..., Iterator[Any]], *arguments: Any) -> None:
        """Keep the function, which must be importable by name, and what it is called with after the element."""
        super().__init__()
        self._name, self._function, self._arguments = name, function, arguments

    def process(self, element: Any, *side: Any) -> Iterator[Any]:
        """Yield what the function yields for one element, given side inputs last."""
        spent = Metrics.counter(_MICROSECONDS, self._name)
        found = self._function(*element, *self._arguments, *side)
        while True:
            start = perf_counter()
            try:
                item = next(found)
            except StopIteration:
                return
            finally:
                spent.inc(round((perf_counter() - start) * 1e6))
            yield item


def counted(name: str, records: int) -> None:
    """Add to the counter of a kind of records; called from within a step."""
    Metrics.counter(_RECORDS, name).inc(records)


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
