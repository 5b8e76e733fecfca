"""What the contender with one record per element counts, and the features of the counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam

from benchmarks.per_element_works import Moment
from hotarea.domain.tables import RANKED

_YEAR = 365.25  # days

Counts = tuple[tuple[int, int, int, int, int], ...]
"""Citations of a document at each cutoff: all, of five years, two and one, and the sum of all their dates."""

Area = tuple[tuple[int, int, int, int], ...]
"""Citations of the citing documents at each cutoff: of five years, two and one, and the most of one year to one."""

Row = tuple[Any, ...]
"""A document's id, then its features in the order of RANKED; None is null."""


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


def mid_ranks(counts: Mapping[float, int]) -> dict[float, float]:
    """Return the percentile of each value: (2 · smaller + equal) / (2 · all)."""
    ranks, smaller, everything = {}, 0, sum(counts.values())
    for value in sorted(counts):
        equal = counts[value]
        ranks[value] = (2 * smaller + equal) / (2 * everything)
        smaller += equal
    return ranks
