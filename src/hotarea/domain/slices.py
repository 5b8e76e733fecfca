"""The parts of the evaluation rows that are looked at one by one: by age, by citations, by topic."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from hotarea.domain.bootstrap import Resampling, gains
from hotarea.domain.columns import Bools, Floats
from hotarea.domain.evaluation import CHAMPION, MODEL, Scores, metrics
from hotarea.domain.evidence import AGE, CITATIONS, TOPIC, Interval, Slice
from hotarea.domain.hot_areas import NO_TOPIC

LEAST_ROWS = 200
LEAST_HOT = 20
"""A smaller slice is counted and not judged: of 20 hot rows, chance alone moves average precision by 0.1."""

TOPICS = 20
"""So many topics stand for themselves, those with the most rows; the others are one slice."""

_AGES = ((0, 2), (2, 5), (5, 10), (10, np.inf))  # years, of the first to below the second
_CITATIONS = ((1, 2), (2, 5), (5, 20), (20, np.inf))


def masks(age_years: Floats, cite_count: Floats, topics: pa.ChunkedArray) -> dict[str, Bools]:
    """Return which rows each slice holds, by its name; a corpus without topics has no slices of them."""
    found = {f"{AGE}: {_span(*span)} years": _within(age_years, *span) for span in _AGES}
    found |= {f"{CITATIONS}: {_count(*span)}": _within(cite_count, *span) for span in _CITATIONS}
    return found | _by_topic(topics)


def sliced(
    hot: Bools, contenders: Mapping[str, Scores], rows: Mapping[str, Bools], resampling: Resampling
) -> dict[str, Slice]:
    """Return every contender's metrics on each slice, and by how much the model exceeds the champion there."""
    large = {name: mask for name, mask in rows.items() if mask.sum() >= LEAST_ROWS and hot[mask].sum() >= LEAST_HOT}
    gained: Mapping[str, Interval] = {}
    if CHAMPION in contenders:
        gained = gains(hot, contenders[MODEL], contenders[CHAMPION], large, resampling)
    return {
        name: _slice(hot[mask], {who: s.at(mask) for who, s in contenders.items() if name in large}, gained.get(name))
        for name, mask in rows.items()
    }


def _slice(hot: Bools, contenders: Mapping[str, Scores], gained: Interval | None) -> Slice:
    found = {who: metrics(hot, scores.probability, scores.ranking) for who, scores in contenders.items()}
    return Slice(len(hot), int(hot.sum()), found, gained)


def _by_topic(topics: pa.ChunkedArray) -> dict[str, Bools]:
    encoded = topics.fill_null(NO_TOPIC).combine_chunks().dictionary_encode()
    names, codes = encoded.dictionary.to_pylist(), encoded.indices.to_numpy()
    if set(names) <= {NO_TOPIC}:
        return {}
    counts = np.bincount(codes, minlength=len(names))
    largest = sorted(range(len(names)), key=lambda code: (-counts[code], names[code]))[:TOPICS]
    others = ~np.isin(codes, largest)
    found = {f"{TOPIC}: {names[code]}": codes == code for code in largest}
    return found | ({f"{TOPIC}: all others": others} if others.any() else {})


def _within(values: Floats, least: float, below: float) -> Bools:
    found: Bools = (values >= least) & (values < below)
    return found


def _span(least: float, below: float) -> str:
    if least == 0:
        return f"under {below:g}"
    return f"{least:g} and more" if np.isinf(below) else f"{least:g} to {below:g}"


def _count(least: int, below: float) -> str:
    if np.isinf(below):
        return f"{least} and more"
    return str(least) if below == least + 1 else f"{least} to {below - 1:g}"
