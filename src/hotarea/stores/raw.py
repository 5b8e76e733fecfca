"""Raw folders as delivered: which layout, which releases, and whether everything that was promised is there."""

import hashlib
import logging
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from hotarea.domain import edge_list, lines, work_lines
from hotarea.domain.delivery import JSON_LINES, Delivery, Partition, Promise, shown
from hotarea.domain.errors import RawDataError
from hotarea.domain.news import Files
from hotarea.domain.removals import RemovalFile

log = logging.getLogger(__name__)

_ROOTS = ("data/jsonl", "jsonl", "data", ".")
"""Where `works/` may stand below a raw folder: the current layout, the one before 2026, and parts of them."""

_AHEAD = timedelta(days=1)
"""A delivery may be dated by a clock ahead of UTC, but not later."""

_URL = re.compile(r"(?:(?:.*/)?(?P<entity>[^/]+)/)?(?P<name>updated_date=(?P<day>\d{4}-\d\d-\d\d)/[^/]+)")

EXPECTED = (
    "expected OpenAlex's layout (data/jsonl/works/manifest.json with updated_date=…/part_0000.gz, or "
    "works/manifest as before 2026), OpenAlex's works as files of JSON lines (*.jsonl.gz), or an edge list "
    f"({edge_list.PAPERS} and {edge_list.EDGES})"
)


class _Meta(msgspec.Struct):
    content_length: int | None = None
    record_count: int | None = None


class _Entry(msgspec.Struct):
    url: str
    meta: _Meta = msgspec.field(default_factory=_Meta)


class _Manifest(msgspec.Struct):
    """Either layout's: `files` in the current one, `entries` before."""

    files: list[_Entry] = []
    entries: list[_Entry] = []


@dataclass(frozen=True)
class RawFolder:
    """A raw folder whose layout is known; `works` is where its data lies."""

    folder: Path
    form: Literal["works", "edge_list"]
    works: Path
    manifest: Path | None  # None for what promises nothing: files of JSON lines, and an edge list

    def deliveries(self, as_of: date, known: Collection[str] = ()) -> list[Delivery]:
        """Return all releases as promised, oldest first, without looking whether their files are there.

        `known` are the ids of those that were ingested: those of an edge list stay as they are when it grows.

        Raises `RawDataError` if the manifest cannot be read, or dates a release after tomorrow: no release could
        follow it. Without a manifest nothing is promised. A file of JSON lines is a release, or a part of it, of the
        day on which its newest record changed; an edge list's releases follow from the dates of its papers, none after
        `as_of`.
        """
        if self.form == "edge_list":
            return self._years(as_of, known)
        if self.manifest is None:
            return self._by_newest_change(as_of)
        by_date: dict[str, list[Partition]] = {}
        for entry in _entries(self.manifest):
            found = _URL.fullmatch(entry.url)
            if found and found["entity"] in {None, "works"}:
                path = str(self.works / found["name"])
                by_date.setdefault(found["day"], []).append(
                    Partition(found["name"], path, entry.meta.content_length, entry.meta.record_count)
                )
        if not by_date:
            raise RawDataError(
                f"{self.manifest} names no partition of works; expected urls works/updated_date=…/part_…"
            )
        deliveries = [self._delivery(day, by_date[day]) for day in sorted(by_date)]
        self._check_dates(deliveries, as_of)
        return deliveries

    def removals(self) -> list[RemovalFile]:
        """Return the files of deleted and merged ids that came with the works."""
        deleted = [p for name in ("deleted_ids.csv", "deleted_ids.csv.gz") if (p := self.works / name).is_file()]
        roots = [root for root in self.works.parents if root.is_relative_to(self.folder)]
        folders = [root / "merged_ids" / "works" for root in roots]
        merged = {p.name.removesuffix(".gz"): p for folder in folders for p in sorted(folder.glob("*.csv*"))}
        return [
            *(RemovalFile(path, "work_id", "deleted_date") for path in deleted[:1]),
            *(RemovalFile(merged[name], "id", "merge_date", "merge_into_id") for name in sorted(merged)),
        ]

    def _delivery(self, day: str, partitions: list[Partition]) -> Delivery:
        try:
            files = tuple(sorted(partitions, key=lambda p: p.name))
            return Delivery(day, date.fromisoformat(day), files, promised=_promise(files))
        except ValueError as error:
            raise RawDataError(f"{self.manifest} names updated_date={day}: {error}; expected a date") from error

    def _by_newest_change(self, as_of: date) -> list[Delivery]:
        by_day: dict[date, list[Partition]] = {}
        for file in sorted(self.folder.glob(f"*{JSON_LINES}")):
            day = work_lines.newest_change(lines.batches(file), as_of + _AHEAD)
            if day is None:
                raise RawDataError(
                    f"no record of {file} says when it changed; expected OpenAlex's works, each with its updated_date. "
                    "Take the file out of the folder, or deliver it again."
                )
            by_day.setdefault(day, []).append(Partition(file.name, str(file), None, None))
        return [Delivery(str(day), day, tuple(by_day[day])) for day in sorted(by_day)]

    def _check_dates(self, deliveries: Iterable[Delivery], as_of: date) -> None:
        future = [f"updated_date={d.release_id}" for d in deliveries if d.release_date > as_of + _AHEAD]
        if future:
            raise RawDataError(
                f"{self.manifest} names {shown(future)}, after today, {as_of}; expected dates of delivery that have "
                "passed, as no release could follow it. Correct the date and deliver it again."
            )

    def _years(self, as_of: date, known: Collection[str]) -> list[Delivery]:
        names = (edge_list.PAPERS, edge_list.EDGES)
        files = tuple(Partition(name, str(self.folder / name), None, None) for name in names)
        days = edge_list.release_dates(self.folder, as_of, [date.fromisoformat(day) for day in known])
        return [Delivery(str(day), day, files, after) for after, day in zip([None, *days], days, strict=False)]


def find(folder: Path) -> RawFolder:
    """Return what kind of raw data a folder holds; raise `RawDataError` if it is unreadable or of no known layout."""
    try:
        return _found(folder, {entry.name for entry in folder.iterdir()})
    except OSError as error:
        raise RawDataError(f"raw folder {folder} cannot be read: {error.strerror}; {EXPECTED}") from error


@dataclass
class Contents:
    """The files' sizes, dates of change and hashes as found; each file is read at most once.

    A file of the size and the date of change that are remembered counts as unchanged without being read, unless all
    are to be read `anew`.
    """

    anew: bool = False
    _found: dict[str, Partition] = field(default_factory=dict)

    def of(self, partition: Partition) -> Partition:
        """Return a partition with what was found of its file."""
        if partition.path not in self._found:
            with Path(partition.path).open("rb") as file:
                # before it is read: what is written meanwhile will be noticed the next time
                status = os.fstat(file.fileno())
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            self._found[partition.path] = msgspec.structs.replace(
                partition, bytes=status.st_size, mtime_ns=status.st_mtime_ns, sha256=digest
            )
        found = self._found[partition.path]
        return msgspec.structs.replace(found, name=partition.name, records=partition.records)

    def differ(self, delivery: Delivery, before: Files) -> bool:
        """Whether the files of a delivery are not those that the ledger remembers.

        A file that is no longer there, but still promised as it was, was archived and counts as unchanged; so do
        files that are no longer promised at all.
        """
        return any(p.name not in before or self._differs(p, before[p.name]) for p in delivery.partitions)

    def _differs(self, partition: Partition, before: Mapping[str, Any]) -> bool:
        promised = {"bytes": partition.bytes, "records": partition.records}
        if any(before[name] != value for name, value in promised.items() if value is not None):
            return True
        try:
            status = Path(partition.path).stat()
        except FileNotFoundError:
            return False
        untouched = (status.st_size, status.st_mtime_ns) == (before["bytes"], before.get("mtime_ns"))
        return not (untouched and not self.anew) and self.of(partition).sha256 != before["sha256"]


def verified(deliveries: Iterable[Delivery], contents: Contents | None = None) -> list[Delivery]:
    """Return the deliveries with the size, date of change and hash of each file, as found.

    Raises `RawDataError` with the names of all files (ten of them, and the count) that are missing, not as long as
    promised, or no gzip files.
    """
    deliveries = list(deliveries)
    problems = [p for d in deliveries for partition in d.partitions for p in _problems(partition)]
    if problems:
        raise RawDataError(f"{shown(problems)}. Nothing was ingested; complete the delivery.")
    found = contents or Contents()
    with ThreadPoolExecutor() as threads:  # hashing leaves the interpreter's lock
        return [msgspec.structs.replace(d, partitions=tuple(threads.map(found.of, d.partitions))) for d in deliveries]


def _found(folder: Path, names: set[str]) -> RawFolder:
    if {edge_list.PAPERS, edge_list.EDGES} <= names:
        return RawFolder(folder, "edge_list", folder, None)
    for root in _ROOTS:
        works = folder / root / "works"
        manifest = next((m for m in _manifests(works) if m.is_file()), None)
        if manifest:
            return RawFolder(folder, "works", works, manifest)
        if works.is_dir() and any(works.glob("updated_date=*")):
            raise RawDataError(
                f"{works} has partitions but no manifest.json, which is written last; the delivery is not complete. "
                f"Wait for {works / 'manifest.json'}, or deliver it again."
            )
    if any(name.endswith(JSON_LINES) for name in names):
        return RawFolder(folder, "works", folder, None)
    raise RawDataError(f"raw folder {folder} holds {_described(folder, names)}; {EXPECTED}")


def _manifests(works: Path) -> Iterator[Path]:
    yield works / "manifest.json"
    yield works / "manifest"
    if works.is_dir():
        yield works.parent / "manifest.json"  # of all entities together


def _entries(manifest: Path) -> list[_Entry]:
    try:
        found = msgspec.json.decode(manifest.read_bytes(), type=_Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise RawDataError(
            f"{manifest} cannot be read: {error}; expected OpenAlex's manifest. Deliver it again."
        ) from error
    return [*found.files, *found.entries]


def _promise(files: Sequence[Partition]) -> Promise:
    """Return what the manifest says of some files together."""
    return Promise(len(files), _sum([p.bytes for p in files]), _sum([p.records for p in files]))


def _sum(numbers: Sequence[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if len(known) == len(numbers) else None


def _described(folder: Path, names: set[str]) -> str:
    if any(name.endswith(".jsonl") for name in names):
        return "JSON lines that are not compressed, which `gzip` mends"
    if (folder / "data" / "parquet").is_dir() or "parquet" in names:
        return "OpenAlex's Parquet files, which are not supported"
    return f"{', '.join(sorted(names)[:5])}" if names else "nothing"


def _problems(partition: Partition) -> Iterator[str]:
    path = Path(partition.path)
    try:
        size = path.stat().st_size
        if partition.bytes is not None and size != partition.bytes:
            yield f"{partition.name} is {size} bytes long, but the manifest promises {partition.bytes}"
        elif not lines.is_gzip(path):
            yield f"{partition.name} is no gzip file"
    except FileNotFoundError:
        yield f"{partition.name} is missing"
    except OSError as error:
        yield f"{partition.name} cannot be read ({error.strerror})"
