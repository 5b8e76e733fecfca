"""What a fresh process does with a model's file: loads it, and answers requests of one document each. A program.

    python -m hotarea.stages.fresh_process MODEL REQUESTS RESULT

REQUESTS is a Parquet file of one row per request, with the columns that the evaluation read. RESULT becomes JSON, of
`Answers`. Ends with status 1 and a line on stderr if the model cannot be used.
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


@dataclass(frozen=True)
class Answers:
    """How long loading and each request took, and the scores; floats survive JSON to the bit."""

    loading_s: float
    milliseconds: list[float]
    scores: list[float]


def answer(model_file: Path, requests: Path) -> Answers:
    """Load the model and score each row alone; raise GateError if the file is no model, or of other features."""
    import pyarrow.parquet as pq

    from hotarea.domain import training

    model, loading = _timed(lambda: training.load(model_file))
    rows = pq.read_table(requests)
    names = tuple(model.feature_names or ())
    scores, milliseconds = [], []
    for at in range(rows.num_rows):
        request = rows.slice(at, 1)
        score, seconds = _timed(lambda one=request: training.score(model, training.matrix(one, names)))  # type: ignore[misc]
        scores.append(float(score[0]))
        milliseconds.append(seconds * 1000)
    return Answers(loading, milliseconds, scores)


def main(model: str, requests: str, result: str) -> int:
    """Answer, and leave what was found; return the exit status."""
    try:
        found = answer(Path(model), Path(requests))
    except GateError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    Path(result).write_bytes(msgspec.json.encode(found))
    return 0


def _timed(act: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return act(), time.perf_counter() - began


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
