"""Features of cutoffs by Beam with one record per element, as its tutorials teach: the benchmark's third contender.

    python -m benchmarks.per_element RAW OUTPUT --cutoff 2019-12-31@2019-12-31 --cutoff …

A line, a version of a work, a citation, a document: each is one element. `json.loads` parses a line, CoGroupByKey
joins, CombinePerKey counts. Nothing is slowed down: elements are plain tuples of numbers, which Beam's compiled coders
encode fastest; counting is left to combiners, which the runner lifts before the shuffle; and a citation is one element
for all cutoffs, with a number `at` whose bits say at which of them it holds. An element per citation and cutoff, keyed
by both, would be simpler and slower.

What is computed is told in the design's terms by `hotarea.domain.features`; no counting is shared with it. Deletions
(`deleted_ids.csv`) are known, merges are not. Among versions of a work that one release tells with the same
`updated_date`, any may be taken. Dates are ordinals (`date.toordinal`). Options that are not known here go to Beam,
such as `--direct_running_mode=multi_processing --direct_num_workers=2`.
"""

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.options.pipeline_options import PipelineOptions

from benchmarks.per_element_counts import (
    CountCitations,
    CountReferences,
    Counts,
    CountValues,
    Row,
    SumAreas,
    features,
    mid_ranks,
)
from benchmarks.per_element_works import Moment, removals, valid_versions, versions
from hotarea.domain.tables import FEATURES, RANKED
from hotarea.domain.windows import Cutoff

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"

Citation = tuple[int, int, int, int]
"""Citing document, cited document, date, at."""

Ladder = list[dict[float, float]]
"""The percentile of each value of each feature, in the order of RANKED."""


def build(pipeline: beam.Pipeline, works: Path, cutoffs: Sequence[Cutoff], output: Path) -> None:
    """Lay out the pipeline from a folder of works to one Parquet file per cutoff."""
    moments = [Moment.of(cutoff) for cutoff in cutoffs]
    valid = (
        {"versions": versions(pipeline, works), "removals": removals(pipeline, works)}
        | "Bring a work's versions together" >> beam.CoGroupByKey()
        | "Take the newest known" >> beam.FlatMap(valid_versions, moments)
    )
    documents = valid | "Documents" >> beam.MapTuple(lambda document, v: (document, (v[0], v[1])))
    citations = (
        {"documents": documents, "references": valid | "References" >> beam.FlatMap(references)}
        | "Look up cited documents" >> beam.CoGroupByKey()
        | "Drop dangling references" >> beam.FlatMap(citations_of)
    )
    own = (
        citations
        | "By cited document" >> beam.MapTuple(lambda _, cited, dated, at: (cited, (dated, at)))
        | "Count citations" >> beam.CombinePerKey(CountCitations(moments))
    )
    inside = (
        citations
        | "By citing document" >> beam.MapTuple(lambda citing, _, __, at: (citing, at))
        | "Count references inside" >> beam.CombinePerKey(CountReferences(len(moments)))
    )
    areas = (
        {"own": own, "cited": citations | "Cited" >> beam.MapTuple(lambda citing, cited, _, at: (citing, (cited, at)))}
        | "Look up citing documents" >> beam.CoGroupByKey()
        | "Send counts to cited documents" >> beam.FlatMap(shares)
        | "Sum areas" >> beam.CombinePerKey(SumAreas(len(moments)))
    )
    rows = (
        {"documents": documents, "own": own, "inside": inside, "areas": areas}
        | "Bring counts together" >> beam.CoGroupByKey()
        | "Features" >> beam.FlatMap(features, moments)
    )
    ladders = (
        rows
        | "Distributions" >> beam.CombinePerKey(CountValues())
        | "Rank" >> beam.MapTuple(lambda cutoff, counts: (cutoff, [mid_ranks(c) for c in counts]))
    )
    _ = (
        {"rows": rows, "ladders": ladders, "all": pipeline | beam.Create([(n, None) for n in range(len(cutoffs))])}
        | "By cutoff" >> beam.CoGroupByKey()
        | "Write" >> beam.MapTuple(lambda number, group: write(cutoffs[number], group, output))
    )


def references(
    element: tuple[int, tuple[int, int, tuple[int, ...]]],
) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """Yield (cited, (citing, date, at)) of each reference of a version."""
    citing, (published, at, cited) = element
    for document in cited:
        yield document, (citing, published, at)


def citations_of(element: tuple[int, Mapping[str, Iterable[Any]]]) -> Iterator[Citation]:
    """Yield the references to a document at the cutoffs at which it exists; those that dangle are dropped."""
    cited, group = element
    exists = 0
    for _, at in group["documents"]:
        exists |= at
    if exists:
        for citing, dated, at in group["references"]:
            if at & exists:
                yield citing, cited, dated, at & exists


def shares(element: tuple[int, Mapping[str, Iterable[Any]]]) -> Iterator[tuple[int, tuple[int, Counts]]]:
    """Yield (cited, (at, Counts of the citing document)) for each document that one cites which is cited itself."""
    _, group = element
    for counts in group["own"]:
        for cited, at in group["cited"]:
            yield cited, (at, counts)


def write(cutoff: Cutoff, group: Mapping[str, Iterable[Any]], output: Path) -> None:
    """Write `cutoff=DAY.parquet` in order of documents, with percentiles from the cutoff's ladder."""
    ladder: Ladder = next(iter(group["ladders"]), [{} for _ in RANKED])
    rows: list[Row] = sorted(group["rows"])
    columns: list[Sequence[Any]] = list(zip(*rows, strict=True)) or [()] * (1 + len(RANKED))
    stamps = [[datetime.combine(day, time(), UTC)] * len(rows) for day in (cutoff.day, cutoff.known)]
    percentiles = [[ranks.get(v) for v in column] for ranks, column in zip(ladder, columns[1:], strict=True)]
    columns = [columns[0], *stamps, *columns[1:], *percentiles]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, FEATURES, strict=True)]
    pq.write_table(pa.table(arrays, FEATURES), output / f"cutoff={cutoff.day}.parquet", compression="zstd")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write `OUTPUT/cutoff=DAY.parquet` for each cutoff."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", type=Path, help="a raw folder in OpenAlex's layout")
    parser.add_argument("output", type=Path, help="folder of the results")
    parser.add_argument("--cutoff", type=Cutoff.parse, action="append", required=True, help="DAY@KNOWN")
    asked, beams_own = parser.parse_known_args(arguments)
    if len({cutoff.day for cutoff in asked.cutoff}) < len(asked.cutoff):
        parser.error(f"cutoffs {', '.join(map(str, asked.cutoff))} repeat a day; expected one file's name for each")
    asked.output.mkdir(parents=True, exist_ok=True)
    with beam.Pipeline(options=PipelineOptions([f"--runner={RUNNER}", *beams_own])) as pipeline:
        build(pipeline, asked.raw / "data" / "jsonl" / "works", asked.cutoff, asked.output)


if __name__ == "__main__":
    main()
