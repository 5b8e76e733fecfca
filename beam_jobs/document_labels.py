"""Makes the labels of all documents at given matured cutoffs from the lake, one folder of Parquet files per cutoff."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.compute as pc
import pyarrow.parquet as pq

from beam_jobs import cutoff_sets, program
from beam_jobs.steps import Step
from hotarea.domain import labels
from hotarea.domain.citation_counts import Tallies
from hotarea.domain.cutoff_axis import CutoffAxis
from hotarea.domain.labels import FutureRates, LabelRule
from hotarea.domain.percentiles import Distribution, distribution, merged
from hotarea.domain.tables import LABELS
from hotarea.stores.layout import Layout

MARKER = "labels.json"
"""The result, in the output folder; it stands there once all sets are complete."""


def main(arguments: Sequence[str]) -> dict[str, Any]:
    """Build `Layout(output).label_set(cutoff)` for each cutoff; return what was read, counted and written."""
    parser = cutoff_sets.parser(__doc__ or "")
    parser.add_argument("--horizon-years", type=int, required=True, help="how far ahead the label looks")
    parser.add_argument("--hot-quantile", type=float, required=True, help="an area is hot above this quantile")
    found, extra = parser.parse_known_args(arguments)
    asked, rule = cutoff_sets.request(found, extra), LabelRule(found.horizon_years, found.hot_quantile)
    place = Layout(asked.output).label_set
    cutoff_sets.clear(asked.output / MARKER, place, asked.cutoffs)
    done = cutoff_sets.run("document_labels", asked, partial(_build, rule=rule)) if asked.cutoffs else {"seconds": 0.0}
    sets = {str(c): _summary(cutoff_sets.files(place(c), LABELS)) for c in asked.axis.cutoffs}
    return cutoff_sets.finish(asked.output / MARKER, {"cutoffs": sets, **done})


def _build(pipeline: beam.Pipeline, asked: cutoff_sets.Request, rule: LabelRule) -> None:
    tallies = cutoff_sets.tallies(pipeline, asked, rule.windows)
    thresholds = (
        tallies
        | "Take the rates of eligible documents" >> beam.ParDo(Step("values", rates_of, asked.axis, store=asked.store))
        | "Bring a cutoff's rates together" >> beam.GroupByKey()
        | "Find the threshold" >> beam.ParDo(Step("rank", thresholds_of, rule, store=asked.store))
    )
    _ = (
        {"tallies": tallies, "thresholds": thresholds}
        | "Bring thresholds to the documents" >> beam.CoGroupByKey()
        | "Write labels" >> beam.ParDo(Step("write", write, asked.axis, asked.output))
    )


def rates_of(shard: int, tallies: Tallies, axis: CutoffAxis) -> Iterator[tuple[int, tuple[int, Distribution]]]:
    """Yield the distribution of the eligible documents' future rates at every cutoff, within one shard."""
    for number in range(len(axis)):
        rows = tallies.at(number)
        if len(rows):
            outcome = FutureRates.of(rows)
            yield number, (shard, distribution(outcome.future_rate[outcome.eligible]))


def thresholds_of(
    cutoff: int, parts: Sequence[tuple[int, Distribution]], rule: LabelRule
) -> Iterator[tuple[int, tuple[int, float]]]:
    """Yield the cutoff's threshold to each shard that has documents there."""
    parts = list(parts)
    threshold = rule.threshold(merged([part for _, part in parts]))
    for shard, _ in parts:
        yield shard, (cutoff, threshold)


def write(shard: int, group: Mapping[str, Sequence[Any]], axis: CutoffAxis, output: Path) -> Iterator[None]:
    """Write the shard's part of each cutoff, in order of documents."""
    thresholds: dict[int, float] = dict(group["thresholds"])
    for tallies in group["tallies"]:
        for number, cutoff in enumerate(axis.cutoffs):
            rows = tallies.at(number)
            if len(rows):
                table = labels.table(rows, cutoff, thresholds[number])
                cutoff_sets.write_part(Layout(output).label_set(cutoff), shard, table)
                yield None


def _summary(parts: Sequence[Path]) -> dict[str, Any]:
    table = pq.read_table(parts, columns=["eligible", "hot_area", "threshold"])
    return {
        "rows": table.num_rows,
        "eligible": pc.sum(table["eligible"]).as_py() or 0,
        "hot": pc.sum(table["hot_area"]).as_py() or 0,
        "threshold": pc.max(table["threshold"]).as_py() or labels.UNREACHED,
    }


if __name__ == "__main__":
    program.run(main)
