"""Sample: writes the synthetic sample corpus as a delivery in OpenAlex's layout, once."""

import csv
import gzip
import io
import logging
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from hotarea.domain import sample
from hotarea.domain.errors import PublishError
from hotarea.domain.settings import Settings
from hotarea.stores import layout as files
from hotarea.stores.layout import Layout

log = logging.getLogger(__name__)

WORKS = 20_000

_ROOT = Path("data/jsonl")
_MERGED = Path("merged_ids/works")
_TRUTH = "truth.json"
_README = """\
This corpus is synthetic. No work, topic or citation in it is real.
data/jsonl/ and merged_ids/ are a delivery in OpenAlex's layout; truth.json says what was planted.
"""


@dataclass(frozen=True, kw_only=True)
class SampleReport:
    """Where the sample corpus lies and what it holds; `created` is False if it was there already."""

    folder: Path
    created: bool
    seed: int
    releases: int
    records: int  # lines, malformed ones included
    bytes: int
    seconds: float
    synthetic: bool = True


def folder(settings: Settings) -> Path:
    """Return where the sample corpus lies unless another folder is named."""
    return Layout(settings.home).sample


def is_synthetic(settings: Settings, source: Path) -> bool:
    """Whether raw data is a sample corpus: the layout's, or a folder whose manifest says so."""
    if source == folder(settings):
        return True
    try:
        return bool(_read(source / _ROOT / "works" / "manifest.json").get("synthetic"))
    except PublishError:
        return False


def run(
    settings: Settings, folder: Path | None = None, works: int | None = None, seed: int | None = None
) -> SampleReport:
    """Generate the corpus into a folder, by default the layout's, unless it is there; return what it holds.

    `works` (about 20,000) and `seed` (that of the settings) count for a new corpus. Raises `PublishError` if the
    folder holds another corpus than was asked for or something else, or cannot be written.
    """
    destination = (folder or Layout(settings.home).sample).expanduser().resolve()
    if destination.exists():
        report = _present(destination, works, seed)
        log.info("the synthetic sample corpus is complete in %s: %d releases; nothing to do", *_named(report))
        return report
    shape = sample.Shape(works or WORKS, settings.seed if seed is None else seed)
    started = time.monotonic()
    _build(destination, sample.generate(shape))
    report = _report(destination, created=True, seconds=round(time.monotonic() - started, 3))
    log.info("generated the synthetic sample corpus in %s: %d releases", *_named(report))
    return report


def _named(report: SampleReport) -> tuple[Path, int]:
    return report.folder, report.releases


def _present(destination: Path, works: int | None, seed: int | None) -> SampleReport:
    shape = _read(destination / _TRUTH)["shape"]
    asked = {"works": works, "seed": seed}
    other = [f"{name} {shape[name]}, not {value}" for name, value in asked.items() if value not in {None, shape[name]}]
    if other:
        raise PublishError(
            f"{destination} holds a sample with {' and '.join(other)}. Remove it first, or name another folder."
        )
    return _report(destination, created=False, seconds=0.0)


def _report(destination: Path, *, created: bool, seconds: float) -> SampleReport:
    manifest = _read(destination / _ROOT / "works" / "manifest.json")
    return SampleReport(
        folder=destination,
        created=created,
        seed=_read(destination / _TRUTH)["shape"]["seed"],
        releases=len(manifest["files"]),
        records=manifest["record_count"],
        bytes=manifest["content_length"],
        seconds=seconds,
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except (OSError, msgspec.DecodeError) as error:
        raise PublishError(
            f"{path} cannot be read ({error}); expected a complete sample corpus in its folder. "
            "Remove the folder, or name another."
        ) from error


def _build(destination: Path, corpus: sample.Corpus) -> None:
    """Write a corpus beside its destination, which may be on another file system than the home, and rename it."""
    built = destination.with_name(f".{destination.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        _write(built, corpus)
        files.publish(built, destination)
    except OSError as error:
        raise PublishError(
            f"the sample corpus cannot be written to {destination}: {error.strerror}. Nothing of it was left."
        ) from error
    finally:
        files.discard(built)


def _write(built: Path, corpus: sample.Corpus) -> None:
    for release, lines in corpus.releases.items():
        _write_gzip(built / _ROOT / sample.partition(release), lines)
    _write_bytes(built / _ROOT / "works" / "deleted_ids.csv", _csv(("work_id", "deleted_date"), corpus.deleted))
    for day, rows in corpus.merged.items():
        _write_gzip(built / _MERGED / f"{day}.csv.gz", _csv(("merge_date", "id", "merge_into_id"), rows).splitlines())
    _write_bytes(built / "README.txt", _README.encode())
    _write_bytes(built / _TRUTH, _json(corpus.truth))
    _write_bytes(built / _ROOT / "works" / "manifest.json", _json(_manifest(built / _ROOT, corpus)))


def _manifest(root: Path, corpus: sample.Corpus) -> dict[str, Any]:
    """Return the manifest of what was written; malformed lines count as records, as they were delivered as such."""
    sizes = {release: (root / sample.partition(release)).stat().st_size for release in corpus.releases}
    entries = [
        {
            "url": sample.partition(release),
            "meta": {"content_length": sizes[release], "record_count": len(lines)},
        }
        for release, lines in corpus.releases.items()
    ]
    return {
        "synthetic": True,
        "date": max(corpus.releases),
        "format": "jsonl",
        "entity": "works",
        "record_count": sum(len(lines) for lines in corpus.releases.values()),
        "content_length": sum(sizes.values()),
        "files": entries,
    }


def _json(value: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1)


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue().encode()


def _write_gzip(path: Path, lines: Iterable[bytes]) -> None:
    """Write lines without a time stamp in the header, so that the same lines are the same file."""
    _write_bytes(path, gzip.compress(b"".join(line + b"\n" for line in lines), compresslevel=6, mtime=0))


def _write_bytes(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
