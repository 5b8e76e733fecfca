"""Raw works for the contender with one record per element: parsed, and which version holds at which cutoff.

Dates are ordinals (`date.toordinal`).
"""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.metrics import Metrics

from hotarea.domain.windows import Cutoff, years_before

_EPOCH = date(1970, 1, 1).toordinal()
_DAY = 86_400  # seconds
_EARLIEST_YEAR, _YEARS_AHEAD = 1500, 5  # plausible dates of publication, as in our ingest

Version = tuple[int, float, int, tuple[int, ...]]
"""Release, moment of the update in seconds since 1970, publication, references."""

Removal = tuple[int, int]
"""The release that tells of a deletion, and the deletion's date."""


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


def versions(pipeline: beam.Pipeline, works: Path) -> beam.PCollection:
    """Read all lines of all releases; gives (document, Version)."""
    return (
        pipeline
        | "Files of works" >> beam.Create([str(file) for file in works.glob("updated_date=*/part_*.gz")])
        | "Read lines" >> beam.io.ReadAllFromText(coder=BytesCoder(), with_filename=True)
        | "Parse works" >> beam.ParDo(ParseWork())
    )


def removals(pipeline: beam.Pipeline, works: Path) -> beam.PCollection:
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
