"""Steps are clocked and what they count is told."""

import time
from collections.abc import Iterator

import apache_beam as beam

from beam_jobs.program import pipeline_options
from beam_jobs.steps import Step, counted, counted_bytes, totals


def double(number: int, wait: float, times: int, side: list[int]) -> Iterator[int]:
    for _ in range(times):
        time.sleep(wait)
        counted("numbers", 1)
        yield number * 2 + sum(side)
    counted("calls", 1)
    counted_bytes("written", 100 * number)


def slow(number: int) -> Iterator[int]:
    time.sleep(0.1)
    yield number


def test_a_step_calls_its_function_and_clocks_its_own_time_alone() -> None:
    pipeline = beam.Pipeline(options=pipeline_options("FnApiRunner", []))
    side = pipeline | "side" >> beam.Create([100])
    found = (
        pipeline
        | beam.Create([(1, 0.01), (2, 0.01)])
        | "doubling" >> beam.ParDo(Step("doubling", double, 3), beam.pvalue.AsList(side))
        | beam.Map(lambda number: (number,))
        | "slow" >> beam.ParDo(Step("slow", slow))
    )
    _ = found | beam.combiners.ToList() | beam.Map(lambda all_: counted(f"found {sorted(all_)}", 1))
    result = pipeline.run()
    result.wait_until_finish()
    found = totals(result)
    assert found.records == {"numbers": 6, "calls": 2, "found [102, 102, 102, 104, 104, 104]": 1}
    assert found.bytes == {"written": 300}
    assert set(found.steps) == {"doubling", "slow"}
    assert found.steps["doubling"] >= 0.06
    assert found.steps["slow"] >= 0.6
    assert found.steps["doubling"] < found.steps["slow"]
