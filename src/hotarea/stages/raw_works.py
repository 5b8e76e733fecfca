"""Raw records as their suite looks at them: the heads of a release's files, written as a small table."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from hotarea.domain import raw_layout
from hotarea.domain.delivery import Partition
from hotarea.domain.records import Release
from hotarea.stores import raw


@dataclass(frozen=True)
class Heads:
    """The written table, and what its suite must know of it."""

    files: list[Path]
    context: dict[str, Any]


def heads(found: raw.RawFolder, partitions: Sequence[Partition], folder: Path, rejected_share: float) -> Heads:
    """Write which kinds of values the first records of some files hold."""
    era = raw_layout.era(found.form, found.manifest)
    file = folder / "part-0000.parquet"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(raw_layout.heads(partitions, era), file)
    return Heads([file], {"era": era, "rejected_share": rejected_share})


def of_release(release: Release, folder: Path, rejected_share: float) -> Heads:
    """Write the heads of the files that a release was made of; raise if its raw folder is no longer there."""
    found = raw.find(Path(release.source))
    files = [Partition(f["name"], str(found.works / f["name"]), None, None) for f in release.files]
    return heads(found, files, folder / "raw_works" / release.release_id, rejected_share)
