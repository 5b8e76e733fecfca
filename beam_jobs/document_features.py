"""Makes the features of all documents at given cutoffs from the lake, one folder of Parquet files per cutoff."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np

from beam_jobs import cutoff_sets, program
from beam_jobs.steps import Step
from beam_jobs.stored import Batches
from hotarea.domain import features
from hotarea.domain.citation_counts import Tallies
from hotarea.domain.columns import Floats
from hotarea.domain.cutoff_axis import CutoffAxis
from hotarea.domain.percentiles import Distribution, distribution, ladders, percentiles
from hotarea.domain.tables import FEATURES
from hotarea.stores.layout import Layout

MARKER = "features.json"
"""The result, in the output folder; it stands there once all sets are complete."""

Ladder = tuple[Floats, Floats]
"""Distinct values in ascending order and the percentile of each."""


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Build `Layout(output).feature_set(cutoff)` for each cutoff; return what was read, counted and written."""
    asked = cutoff_sets.request(*cutoff_sets.parser(__doc__ or "").parse_known_args(arguments))
    place = Layout(asked.output).feature_set
    cutoff_sets.clear(asked.output / MARKER, place, asked.cutoffs)
    done = cutoff_sets.run("document_features", asked, _build) if asked.cutoffs else {"seconds": 0.0}
    sets = {str(c): {"rows": cutoff_sets.rows(cutoff_sets.files(place(c), FEATURES))} for c in asked.axis.cutoffs}
    return cutoff_sets.finish(asked.output / MARKER, {"cutoffs": sets, **done})


def _build(pipeline: beam.Pipeline, asked: cutoff_sets.Request) -> None:
    tallies = cutoff_sets.tallies(pipeline, asked, features.WINDOWS)
    ladders = (
        tallies
        | "Take the values of each feature" >> beam.ParDo(Step("values", values_of, asked.axis, store=asked.store))
        | "Bring a feature's values together" >> beam.GroupByKey()
        | "Rank values" >> beam.ParDo(Step("rank", ranks, store=asked.store))
    )
    _ = (
        {"tallies": tallies, "ladders": ladders}
        | "Bring ranks to the documents" >> beam.CoGroupByKey()
        | "Write features" >> beam.ParDo(Step("write", write, asked.axis, asked.output))
    )


def values_of(
    shard: int, tallies: Tallies, axis: CutoffAxis
) -> Iterator[tuple[tuple[int, str], tuple[int, Distribution]]]:
    """Yield the distribution of every feature at every cutoff, within one shard."""
    for number, cutoff in enumerate(axis.cutoffs):
        rows = tallies.at(number)
        if len(rows):
            for name, values in features.values(rows, cutoff.day).items():
                yield (number, name), (shard, distribution(values))


def ranks(
    feature: tuple[int, str], parts: Batches | Sequence[tuple[int, Distribution]]
) -> Iterator[tuple[int, tuple[tuple[int, str], Ladder]]]:
    """Yield to each shard, in pieces, the percentiles among all documents of the cutoff of the values that it holds."""
    shards, found = zip(*(parts.mapped if isinstance(parts, Batches) else parts), strict=True)
    for number, values, steps in ladders(found):
        yield shards[number], (feature, (values, steps))


def write(shard: int, group: Mapping[str, Sequence[Any]], axis: CutoffAxis, output: Path) -> Iterator[None]:
    """Write the shard's part of each cutoff, in order of documents."""
    found_ladders = _whole(group["ladders"])
    for tallies in group["tallies"]:
        for number, cutoff in enumerate(axis.cutoffs):
            rows = tallies.at(number)
            if not len(rows):
                continue
            found = features.values(rows, cutoff.day)
            ranked = {n: percentiles(v, *found_ladders.get((number, n), _NOTHING)) for n, v in found.items()}
            table = features.table(rows, cutoff, found, ranked)
            cutoff_sets.write_part(Layout(output).feature_set(cutoff), shard, table)
            yield None


_NOTHING: Ladder = (np.empty(0), np.empty(0))
"""Of a feature that is null for all documents of a cutoff."""


def _whole(pieces: Iterable[tuple[tuple[int, str], Ladder]]) -> dict[tuple[int, str], Ladder]:
    """Put the pieces of each feature's ladder together, in order of their values."""
    of: dict[tuple[int, str], list[Ladder]] = {}
    for feature, piece in pieces:
        of.setdefault(feature, []).append(piece)
    for found in of.values():
        found.sort(key=lambda piece: float(piece[0][0]))
    return {feature: _joined(found) for feature, found in of.items()}


def _joined(pieces: Sequence[Ladder]) -> Ladder:
    values, steps = zip(*pieces, strict=True)
    return np.concatenate(values), np.concatenate(steps)


if __name__ == "__main__":
    program.run(main)
