"""What a fresh process does with a model's file: loads it, and answers requests of one document each. A program.

    python -m hotarea.stages.fresh_process MODEL REQUESTS RESULT

REQUESTS is a Parquet file of one row per request, with the columns that the evaluation read. RESULT becomes JSON, of
`Answers`. Ends with status 3 and a line on stderr if the model cannot be used.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from hotarea.domain.errors import GateError

T = TypeVar("T")


TIMES = 5
"""So often each request is made and timed: a percentile needs all answers, and more of them than there are requests."""


UNUSABLE = 3
"""The exit status that says that it is the model's fault; Python's own are 1 and 2."""


@dataclass(frozen=True)
class Answers:
    """How much of the processor's time loading and each answer took, and the scores, which survive JSON to the bit."""

    loading_s: float
    milliseconds: list[float]  # of every answer but the first, `TIMES` to a request
    scores: list[float]  # one to a request


def answer(model_file: Path, requests: Path) -> Answers:
    """Load the model and score each row alone; raise GateError if the file is no model, or of other features."""
    import pyarrow.parquet as pq
    import xgboost  # noqa: F401 - a server has imported it when it loads a model

    from hotarea.domain import training

    model, loading = _timed(lambda: training.load(model_file))
    model.set_param({"nthread": 1})  # threads for one row only wait for each other
    rows, names = pq.read_table(requests), tuple(model.feature_names or ())

    def ask(at: int) -> float:
        return float(training.score(model, training.matrix(rows.slice(at, 1), names))[0])

    if rows.num_rows:
        ask(0)  # warms up; all requests are of one kind
    scores, milliseconds = [], []
    for at in range(rows.num_rows):
        answers = [_timed(lambda: ask(at)) for _ in range(TIMES)]  # noqa: B023 - it is called at once
        scores.append(answers[0][0])
        milliseconds += [1000 * seconds for _, seconds in answers]
    return Answers(loading, milliseconds, scores)


def main(model: str, requests: str, result: str) -> int:
    """Answer, and leave what was found; return the exit status."""
    try:
        found = answer(Path(model), Path(requests))
    except GateError as error:
        sys.stderr.write(f"{error}\n")
        return UNUSABLE
    Path(result).write_bytes(msgspec.json.encode(found))
    return 0


def _timed(act: Callable[[], T]) -> tuple[T, float]:
    """Return what a function returns, and the processor's time of it: by the clock, neighbours would slow a model."""
    began = time.process_time()
    return act(), time.process_time() - began


if __name__ == "__main__":
    sys.modules["sklearn"] = None  # type: ignore[assignment]  # XGBoost looks for it at its import, which takes seconds
    sys.exit(main(*sys.argv[1:]))
