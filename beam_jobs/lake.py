"""Reads the lake as batches of columns, each sent to the shard of its document."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import apache_beam as beam
import pyarrow.parquet as pq
from apache_beam.pvalue import TaggedOutput

from beam_jobs.steps import Step, counted, counted_bytes
from hotarea.domain.columns import shard_of
from hotarea.domain.cutoff_axis import days_since_epoch
from hotarea.domain.errors import NotReadyError
from hotarea.domain.references import References
from hotarea.domain.versions import Deliveries, Removals
from hotarea.stores import layout
from hotarea.stores.layout import REMOVALS, Layout

_ROWS = 1 << 20  # of a batch
_KINDS: dict[str, type[Deliveries | Removals | References]] = {
    "documents": Deliveries,
    "citations": References,
    "removals": Removals,
}
_ID = {"documents": "document_id", "citations": "citing_id", "removals": "document_id"}


@dataclass
class ReadLake(beam.PTransform):
    """Read ingested releases; gives a dict of `documents`, `citations` and `removals`, each (shard, batch)."""

    home: Path
    releases: Sequence[str]
    shards: int
    store: Path

    def expand(self, pipeline: Any) -> Any:  # Beam warns of hints that name a dict
        """Read all files alike; citations go to the shard of the citing document."""
        files = [
            (kind, r, str(path)) for kind in _KINDS for r in self.releases for path in files_of(self.home, kind, [r])
        ]
        found = (
            pipeline
            | "List files" >> beam.Create(files, reshuffle=False)
            | "Share the reading" >> beam.Reshuffle()
            | "Read files" >> beam.ParDo(Step("read", read_tagged, self.shards, store=self.store)).with_outputs(*_KINDS)
        )
        return {kind: found[kind] for kind in _KINDS}


def files_of(home: Path, kind: str, releases: Sequence[str]) -> list[Path]:
    """Return the files of a kind (documents, citations or removals) of ingested releases.

    Raises `NotReadyError` if a release has none.
    """
    found: list[Path] = []
    for release in releases:
        folder = Layout(home).release(release)
        parts = [folder / REMOVALS] if kind == "removals" else layout.parts(folder / kind)
        if not parts or not all(part.is_file() for part in parts):
            raise NotReadyError(f"release {release} has no {kind} in {folder}; expected an ingested one. Ingest it.")
        found += parts
    return found


def read_tagged(kind: str, release: str, path: str, shards: int) -> Iterator[TaggedOutput]:
    """Yield what `read` yields, tagged by the kind of the file."""
    for part in read(kind, release, path, shards):
        yield TaggedOutput(kind, part)


def read(kind: str, release: str, path: str, shards: int) -> Iterator[tuple[int, Any]]:
    """Yield (shard, batch) for the rows of one file of the lake."""
    batch_type = _KINDS[kind]
    day = days_since_epoch(date.fromisoformat(release))
    counted_bytes("read", Path(path).stat().st_size)
    with pq.ParquetFile(path) as file:
        for rows in file.iter_batches(_ROWS, columns=list(batch_type.COLUMNS)):
            batch = batch_type.of(rows, day)
            counted(f"{kind} read", len(batch))
            yield from batch.split(shard_of(getattr(batch, _ID[kind]), shards))
