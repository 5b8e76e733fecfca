"""Reading the lake in batches, each for the shard of its document."""

from pathlib import Path

import numpy as np
import pytest

from beam_jobs import lake
from hotarea.domain.columns import Columns, shard_of
from hotarea.domain.cutoff_axis import days_since_epoch
from hotarea.domain.references import References
from hotarea.domain.versions import NOWHERE, Deliveries, Removals
from hotarea.stores.layout import Layout
from tests.corpora import EVENTFUL, end
from tests.lakes import write_lake


def read(home: Path, kind: str, release: str, shards: int) -> list[tuple[int, Columns]]:
    folder = Layout(home).release(release)
    files = [folder / "removals.parquet"] if kind == "removals" else sorted((folder / kind).iterdir())
    return [found for file in files for found in lake.read(kind, release, str(file), shards)]


@pytest.mark.parametrize("rows", [1, 3, 1 << 20])
def test_every_row_goes_to_the_shard_of_its_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(lake, "_ROWS", rows)
    write_lake(tmp_path, EVENTFUL, parts=2)
    found = read(tmp_path, "documents", "2010-12-31", 3)
    everything = Deliveries.concatenate([batch for _, batch in found if isinstance(batch, Deliveries)])
    assert sorted(everything.document_id.tolist()) == [10, 11, 12, 13]
    assert set(everything.release.tolist()) == {days_since_epoch(end(2010))}
    for shard, batch in found:
        assert isinstance(batch, Deliveries)
        assert set(shard_of(batch.document_id, 3).tolist()) == {shard}


def test_citations_go_with_the_citing_document(tmp_path: Path) -> None:
    write_lake(tmp_path, EVENTFUL)
    found = read(tmp_path, "citations", "2011-12-31", 5)
    pairs = []
    for shard, batch in found:
        assert isinstance(batch, References)
        assert set(shard_of(batch.citing_id, 5).tolist()) == {shard}
        pairs += list(zip(batch.citing_id.tolist(), batch.cited_id.tolist(), strict=True))
    assert sorted(pairs) == [(12, 10), (14, 11), (14, 13), (15, 10), (15, 13), (15, 14)]


def test_a_deletion_leads_nowhere(tmp_path: Path) -> None:
    write_lake(tmp_path, EVENTFUL)
    found = Removals.concatenate(
        [batch for _, batch in read(tmp_path, "removals", "2012-12-31", 2) if isinstance(batch, Removals)]
    )
    assert dict(zip(found.document_id.tolist(), found.merged_into.tolist(), strict=True)) == {13: 11, 15: NOWHERE}
    assert found.merged_into.dtype == np.int64


def test_no_removals_are_no_batches(tmp_path: Path) -> None:
    write_lake(tmp_path, EVENTFUL)
    assert read(tmp_path, "removals", "2010-12-31", 2) == []
