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
import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.coders import BytesCoder
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions

from hotarea.domain.tables import FEATURES, RANKED
from hotarea.domain.windows import Cutoff, years_before

RUNNER = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400  # seconds
_YEAR = 365.25  # days
_EARLIEST_YEAR, _YEARS_AHEAD = 1500, 5  # plausible dates of publication, as in our ingest

Version = tuple[int, float, int, tuple[int, ...]]
"""Release, moment of the update in seconds since 1970, publication, references."""

Removal = tuple[int, int]
"""The release that tells of a deletion, and the deletion's date."""

Citation = tuple[int, int, int, int]
"""Citing document, cited document, date, at."""

Counts = tuple[tuple[int, int, int, int, int], ...]
"""Citations of a document at each cutoff: all, of five years, two and one, and the sum of all their dates."""

Area = tuple[tuple[int, int, int, int], ...]
"""Citations of the citing documents at each cutoff: of five years, two and one, and the most of one year to one."""

Row = tuple[Any, ...]
"""A document's id, then its features in the order of RANKED; None is null."""

Ladder = list[dict[float, float]]
"""The percentile of each value of each feature, in the order of RANKED."""


class Moment(NamedTuple):
    """A cutoff in ordinals; a citation lies in the window of `after[i]` if it is dated later than that."""

    day: int
    known: int
    after: tuple[int, int, int]

    @classmethod
    def of(cls, cutoff: Cutoff) -> "Moment":
        """Return the moment of a cutoff, with windows of five years, two and one."""
        five, two, one = (years_before(cutoff.day, years).toordinal() for years in (5, 2, 1))
        return cls(cutoff.day.toordinal(), cutoff.known.toordinal(), (five, two, one))


def build(pipeline: beam.Pipeline, works: Path, cutoffs: Sequence[Cutoff], output: Path) -> None:
    """Lay out the pipeline from a folder of works to one Parquet file per cutoff."""
    moments = [Moment.of(cutoff) for cutoff in cutoffs]
    valid = (
        {"versions": _versions(pipeline, works), "removals": _removals(pipeline, works)}
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


# ---- reading


def _versions(pipeline: beam.Pipeline, works: Path) -> beam.PCollection:
    """Read all lines of all releases; gives (document, Version)."""
    return (
        pipeline
        | "Files of works" >> beam.Create([str(file) for file in works.glob("updated_date=*/part_*.gz")])
        | "Read lines" >> beam.io.ReadAllFromText(coder=BytesCoder(), with_filename=True)
        | "Parse works" >> beam.ParDo(ParseWork())
    )


def _removals(pipeline: beam.Pipeline, works: Path) -> beam.PCollection:
    """Read the deleted ids; gives (document, Removal)."""
    releases = sorted({release_of(str(folder)) for folder in works.glob("updated_date=*")})
    return (
        pipeline
        | "File of deleted ids" >> beam.Create([str(file) for file in works.glob("deleted_ids.csv*")])
        | "Read deleted ids" >> beam.io.ReadAllFromText(skip_header_lines=1)
        | "Parse deleted ids" >> beam.FlatMap(removal, releases)
    )


class ParseWork(beam.DoFn):
    """Parse a line, with the file that it stands in; a line that is no usable work is counted and dropped."""

    def __init__(self) -> None:
        self._dropped = Metrics.counter("per_element", "dropped lines")

    def process(self, element: tuple[str, bytes]) -> Iterator[tuple[int, Version]]:
        """Yield (document, Version), or nothing."""
        path, line = element
        try:
            yield parse(line, release_of(path))
        except (ValueError, TypeError, KeyError, AttributeError):
            self._dropped.inc()


def release_of(path: str) -> int:
    """Return the release of a file `…/updated_date=YYYY-MM-DD/…`."""
    return date.fromisoformat(path.rpartition("updated_date=")[2][:10]).toordinal()


def parse(line: bytes, release: int) -> tuple[int, Version]:
    """Return the document and its version that a line of JSON tells, with distinct references without itself.

    Raises ValueError, TypeError, KeyError or AttributeError if a field is not what it should be.
    """
    work = json.loads(line)
    document = work_id(work["id"])
    cited = {work_id(text) for text in work["referenced_works"]} - {document}
    return document, (release, _updated(work, release), _published(work, release), tuple(cited))


def work_id(text: str) -> int:
    """Return the number of `https://openalex.org/W123` or `W123`."""
    return int(text.rpartition("W")[2])


def _updated(work: Mapping[str, Any], release: int) -> float:
    text = work.get("updated_date")
    moment = datetime.fromisoformat(text) if text else datetime.combine(date.fromordinal(release), time())
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _published(work: Mapping[str, Any], release: int) -> int:
    text = work.get("publication_date")
    day = date.fromisoformat(text) if text else date(work["publication_year"], 1, 1)
    if not _EARLIEST_YEAR <= day.year <= date.fromordinal(release).year + _YEARS_AHEAD:
        raise ValueError(f"published {day}; expected a date from {_EARLIEST_YEAR} to a few years after the release")
    return day.toordinal()


def removal(line: str, releases: Sequence[int]) -> Iterator[tuple[int, Removal]]:
    """Yield (document, Removal) of a line `W123,YYYY-MM-DD`; the first release since the date tells of it."""
    document, day = line.split(",")
    removed = date.fromisoformat(day).toordinal()
    told = bisect_left(releases, removed)
    if told < len(releases):
        yield work_id(document), (releases[told], removed)


# ---- what is true at a cutoff


def valid_versions(
    element: tuple[int, Mapping[str, Iterable[Any]]], moments: Sequence[Moment]
) -> Iterator[tuple[int, tuple[int, int, tuple[int, ...]]]]:
    """Yield (document, (publication, at, references)) of a work's versions, each at the cutoffs at which it is newest.

    At a cutoff before its publication, a work does not exist.
    """
    document, group = element
    versions: list[Version] = sorted(group["versions"], key=lambda v: (v[1], v[0]), reverse=True)
    removals: list[Removal] = list(group["removals"])
    held = [0] * len(versions)
    for bit, moment in enumerate(moments):
        told = [r for r in removals if r[0] <= moment.known]
        known = (i for i, v in enumerate(versions) if v[0] <= moment.known and not any(_covers(r, v) for r in told))
        newest = next(known, None)
        if newest is not None and versions[newest][2] <= moment.day:
            held[newest] |= 1 << bit
    for (_, _, published, cited), at in zip(versions, held, strict=True):
        if at:
            yield document, (published, at, cited)


def _covers(ended: Removal, version: Version) -> bool:
    """Whether a deletion ends a version: one told with it or before, or later but not updated since."""
    told, removed = ended
    release, updated, _, _ = version
    return release <= told or updated < (removed + 1 - _EPOCH) * _DAY


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


# ---- counting


class CountCitations(beam.CombineFn):
    """Counts a document's citations (date, at) in the windows of each cutoff."""

    def __init__(self, moments: Sequence[Moment]) -> None:
        self._after = [moment.after for moment in moments]

    def create_accumulator(self) -> list[list[int]]:
        """Return zeros for each cutoff."""
        return [[0] * 5 for _ in self._after]

    def add_input(self, accumulator: list[list[int]], citation: tuple[int, int]) -> list[list[int]]:
        """Count a citation at the cutoffs at which it holds."""
        dated, at = citation
        for bit, (five, two, one) in enumerate(self._after):
            if at >> bit & 1:
                counts = accumulator[bit]
                counts[0] += 1
                counts[1] += dated > five
                counts[2] += dated > two
                counts[3] += dated > one
                counts[4] += dated
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[list[int]]]) -> list[list[int]]:
        """Add up."""
        return [[sum(counts) for counts in zip(*at, strict=True)] for at in zip(*accumulators, strict=True)]

    def extract_output(self, accumulator: list[list[int]]) -> Counts:
        """Return the counts of each cutoff."""
        return tuple((n, five, two, one, dates) for n, five, two, one, dates in accumulator)


class CountReferences(beam.CombineFn):
    """Counts a document's references that hold at each cutoff."""

    def __init__(self, cutoffs: int) -> None:
        self._cutoffs = cutoffs

    def create_accumulator(self) -> list[int]:
        """Return zero for each cutoff."""
        return [0] * self._cutoffs

    def add_input(self, accumulator: list[int], at: int) -> list[int]:
        """Count a reference at the cutoffs at which it holds."""
        for bit in range(self._cutoffs):
            accumulator[bit] += at >> bit & 1
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[int]]) -> list[int]:
        """Add up."""
        return [sum(counts) for counts in zip(*accumulators, strict=True)]

    def extract_output(self, accumulator: list[int]) -> tuple[int, ...]:
        """Return the count of each cutoff."""
        return tuple(accumulator)


def shares(element: tuple[int, Mapping[str, Iterable[Any]]]) -> Iterator[tuple[int, tuple[int, Counts]]]:
    """Yield (cited, (at, Counts of the citing document)) for each document that one cites which is cited itself."""
    _, group = element
    for counts in group["own"]:
        for cited, at in group["cited"]:
            yield cited, (at, counts)


class SumAreas(beam.CombineFn):
    """Sums what the citing documents add to a document's area at each cutoff, and keeps the most cited of the year."""

    def __init__(self, cutoffs: int) -> None:
        self._cutoffs = cutoffs

    def create_accumulator(self) -> list[list[int]]:
        """Return zeros for each cutoff."""
        return [[0] * 4 for _ in range(self._cutoffs)]

    def add_input(self, accumulator: list[list[int]], share: tuple[int, Counts]) -> list[list[int]]:
        """Add a citing document's counts at the cutoffs at which it cites."""
        at, citing = share
        for bit, (_, five, two, one, _) in enumerate(citing):
            if at >> bit & 1:
                area = accumulator[bit]
                area[0] += five
                area[1] += two
                area[2] += one
                area[3] = max(area[3], one)
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[list[int]]]) -> list[list[int]]:
        """Add up, and take the largest."""
        merged = []
        for at in zip(*accumulators, strict=True):
            five, two, one, top = zip(*at, strict=True)
            merged.append([sum(five), sum(two), sum(one), max(top)])
        return merged

    def extract_output(self, accumulator: list[list[int]]) -> Area:
        """Return the area at each cutoff."""
        return tuple((five, two, one, top) for five, two, one, top in accumulator)


# ---- features


def features(element: tuple[int, Mapping[str, Iterable[Any]]], moments: Sequence[Moment]) -> Iterator[tuple[int, Row]]:
    """Yield (number of the cutoff, Row) of a document at each cutoff at which it exists."""
    document, group = element
    own = next(iter(group["own"]), None)
    inside = next(iter(group["inside"]), None)
    area = next(iter(group["areas"]), None)
    for published, at in group["documents"]:
        for number, moment in enumerate(moments):
            if at >> number & 1:
                counts = own[number] if own else (0, 0, 0, 0, 0)
                around = area[number] if area else (0, 0, 0, 0)
                values = _values(moment.day, published, counts, around)
                values["references_inside"] = inside[number] if inside else 0
                yield number, (document, *(values[name] for name in RANKED))


def _values(
    day: int, published: int, counts: tuple[int, int, int, int, int], area: tuple[int, int, int, int]
) -> dict[str, float | None]:
    """Return the features of a document at one cutoff by name, but for its references."""
    cited, cited_5y, cited_2y, cited_1y, dates = counts
    size_5y, size_2y, size_1y = cited_5y + area[0], cited_2y + area[1], cited_1y + area[2]
    members = cited + 1
    return {
        "cite_count": cited,
        "cite_count_5y": cited_5y,
        "cite_count_2y": cited_2y,
        "cite_count_1y": cited_1y,
        "size_5y": size_5y,
        "size_2y": size_2y,
        "size_1y": size_1y,
        "rate": size_5y / cited if cited else None,
        "rate_1y": size_1y / members,
        "rate_2y": size_2y / members,
        "age_years": (day - published) / _YEAR,
        "citing_age_mean": (cited * day - dates) / (_YEAR * cited) if cited else None,
        "citing_share_1y": cited_1y / cited if cited else None,
        "citing_rate_1y": (size_1y - cited_1y) / cited if cited else None,
        "acceleration": (2 * size_1y - size_2y) / members,
        "top_citing_1y": float(area[3]),
    }


class CountValues(beam.CombineFn):
    """Counts how often each value of each feature occurs among the rows of a cutoff; nulls do not count."""

    def create_accumulator(self) -> list[dict[float, int]]:
        """Return a count of nothing for each feature."""
        return [{} for _ in RANKED]

    def add_input(self, accumulator: list[dict[float, int]], row: Row) -> list[dict[float, int]]:
        """Count the values of a row."""
        for counts, value in zip(accumulator, row[1:], strict=True):
            if value is not None:
                counts[value] = counts.get(value, 0) + 1
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[list[dict[float, int]]]) -> list[dict[float, int]]:
        """Add up."""
        merged = self.create_accumulator()
        for accumulator in accumulators:
            for into, counts in zip(merged, accumulator, strict=True):
                for value, n in counts.items():
                    into[value] = into.get(value, 0) + n
        return merged

    def extract_output(self, accumulator: list[dict[float, int]]) -> list[dict[float, int]]:
        """Return the counts by value of each feature, in the order of RANKED."""
        return accumulator


def mid_ranks(counts: Mapping[float, int]) -> dict[float, float]:
    """Return the percentile of each value: (2 · smaller + equal) / (2 · all)."""
    ranks, smaller, everything = {}, 0, sum(counts.values())
    for value in sorted(counts):
        equal = counts[value]
        ranks[value] = (2 * smaller + equal) / (2 * everything)
        smaller += equal
    return ranks


# ---- writing


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
