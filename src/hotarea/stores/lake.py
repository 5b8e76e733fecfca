"""Reads what is in the lake and what was made from it, for those who are not Beam jobs."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hotarea.domain.columns import array
from hotarea.domain.cutoff_axis import CutoffAxis, days_since_epoch
from hotarea.domain.errors import NotReadyError
from hotarea.domain.tables import DOCUMENTS
from hotarea.domain.versions import Deliveries, Removals, Works, resolve
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import REMOVALS, Layout, parts


def documents_as_of(
    layout: Layout, releases: Iterable[str], known: date, columns: Sequence[str] = tuple(DOCUMENTS.names)
) -> pa.Table:
    """Return the documents as known on a date: each work's valid version, ordered by `document_id`.

    `releases` are ids of ingested releases (others' folders are not looked at); `columns` are some of
    `tables.DOCUMENTS`. Works that are published later than `known` are included. Raises `NotReadyError` if a release
    is not in the lake.
    """
    days = sorted(day for day in map(date.fromisoformat, releases) if day <= known)
    works = _valid(layout, days, known)
    schema = pa.schema([DOCUMENTS.field(name) for name in columns])
    parts = [_of_release(layout, day, works, columns) for day in days]
    found = pa.concat_tables([part for part in parts if part.num_rows]) if any(p.num_rows for p in parts) else None
    if found is None:
        return schema.empty_table()
    return found.sort_by("document_id").select(list(columns)).cast(schema)


def feature_files(layout: Layout, cutoffs: Iterable[Cutoff]) -> list[Path]:
    """Return the files of published feature sets; raise `NotReadyError` if one is missing."""
    return [part for cutoff in cutoffs for part in _parts(layout.feature_set(cutoff), f"features of cutoff {cutoff}")]


def label_files(layout: Layout, cutoffs: Iterable[Cutoff]) -> list[Path]:
    """Return the files of published label sets; raise `NotReadyError` if one is missing."""
    return [part for cutoff in cutoffs for part in _parts(layout.label_set(cutoff), f"labels of cutoff {cutoff}")]


def _valid(layout: Layout, days: Sequence[date], known: date) -> Works:
    columns = list(Deliveries.COLUMNS)
    numbers = {day: days_since_epoch(day) for day in days}
    deliveries = [Deliveries.of(pq.read_table(_documents(layout, day), columns=columns), numbers[day]) for day in days]
    removals = [Removals.of(pq.read_table(_removals(layout, day)), numbers[day]) for day in days]
    axis = CutoffAxis((Cutoff(known, known),))
    return resolve(Deliveries.concatenate(deliveries), Removals.concatenate(removals), axis)[0]


def _of_release(layout: Layout, day: date, works: Works, columns: Sequence[str]) -> pa.Table:
    valid = works.document_id[works.release == days_since_epoch(day)]
    wanted = list(dict.fromkeys(["document_id", *columns]))
    table = pq.read_table(_documents(layout, day), columns=wanted)
    return table.filter(pa.array(np.isin(array(table, "document_id", np.int64), valid)))


def _documents(layout: Layout, day: date) -> list[Path]:
    return _parts(layout.release(day.isoformat()) / "documents", f"documents of release {day}")


def _removals(layout: Layout, day: date) -> Path:
    file = layout.release(day.isoformat()) / REMOVALS
    if not file.is_file():
        raise NotReadyError(f"removals of release {day} are missing: no {file}. Ingest the release.")
    return file


def _parts(folder: Path, what: str) -> list[Path]:
    found = parts(folder)
    if not found:
        raise NotReadyError(f"{what} are missing: no part-*.parquet in {folder}. Build and publish them first.")
    return found
