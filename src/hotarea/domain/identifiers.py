"""Ids of works: `https://openalex.org/W123` or `W123` as the number 123, whole columns at a time."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain.columns import Ints

_URL = "https://openalex.org/W"
_WORK = re.compile(r"(?:https?://openalex\.org/(?:works/)?)?[Ww](\d{1,18})", re.ASCII)
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_TOPIC = re.compile(r"(?:.*/)?[Tt]?(\d{1,18})", re.ASCII)

EXPECTED = "expected https://openalex.org/W… or W… with 1 to 18 digits"


def works(texts: Sequence[object]) -> pa.Int64Array:
    """Return the numbers of works' ids; null where a text is not such an id."""
    return _numbers(texts, _URL, _WORK)


def plain(texts: Sequence[object]) -> pa.Int64Array:
    """Return ids that are written as bare numbers; null where a text is not a positive whole number."""
    return _numbers(texts, "", _NUMBER)


@lru_cache(maxsize=65_536)
def topic(value: object) -> str | None:
    """Return the short form `T10102` of a topic's id, which was a number before 2024 and is a URL since."""
    found = _TOPIC.fullmatch(str(value))
    return f"T{int(found[1])}" if found else None


def _numbers(texts: Sequence[object], prefix: str, form: re.Pattern[str]) -> pa.Int64Array:
    """Convert a column at once where all texts have the usual form, else one by one."""
    try:
        column = pa.array(texts, pa.string())
        if not column.null_count and (not prefix or pc.all(pc.starts_with(column, prefix)).as_py() is not False):
            numbers = pc.utf8_slice_codeunits(column, len(prefix)).cast(pa.int64())
            if not len(numbers) or (pc.min(numbers).as_py() > 0 and pc.max(numbers).as_py() < 10**18):
                return numbers
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        pass
    return pa.array([_number(text, form) for text in texts], pa.int64())


def _number(text: object, form: re.Pattern[str]) -> int | None:
    found = form.fullmatch(text) if isinstance(text, str) else None
    number = int(found[found.re.groups]) if found else 0
    return number or None


def distinct_references(ids: Ints, lengths: Ints, cited: Ints) -> tuple[pa.ListArray, int, int]:
    """Return each work's distinct references without itself, ascending, and how many were itself or repeated.

    `ids` and `lengths` have one entry per work; `cited` has the works' references one after another.
    """
    rows = np.repeat(np.arange(len(ids)), lengths)
    rows, cited = _sorted_pairs(rows, cited)
    repeated = np.zeros(len(rows), dtype=bool)
    repeated[1:] = (rows[1:] == rows[:-1]) & (cited[1:] == cited[:-1])
    itself = cited == ids[rows]
    kept = ~(repeated | itself)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows[kept], minlength=len(ids)))])
    references = pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(cited[kept]))
    return references, int((itself & ~repeated).sum()), int(repeated.sum())


def _sorted_pairs(rows: Ints, cited: Ints) -> tuple[Ints, Ints]:
    """Sort pairs by row, then id; both fit into one number, which sorts several times faster, unless ids are huge."""
    if not len(cited) or cited.max() >= 1 << 40 or rows[-1] >= 1 << 22:
        order = np.lexsort((cited, rows))
        return rows[order], cited[order]
    keys = np.sort((rows << 40) | cited)
    return keys >> 40, keys & ((1 << 40) - 1)
