"""Rows in shards of the keys' order: all of them, each once, whatever the ids."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from feast.value_type import ValueType
from hypothesis import given
from hypothesis import strategies as st

from beam_jobs import online_rows
from beam_jobs.online_rows import Request
from hotarea.stores.online_format import OnlineView, positions

VIEW = OnlineView("p", "p_v", "v", "document_id", (("rate", ValueType.DOUBLE),))


@dataclass(frozen=True)
class Noted:
    """Writes shards as files, as a process of its own can."""

    folder: Path
    view: OnlineView = field(default=VIEW)
    replaces: bool = False
    side_by_side: bool = True

    def write(self, rows: pa.Table, removed: pa.Array) -> None:
        name = f"{int(positions(rows.column('document_id'))[0]):020}"
        pq.write_table(rows, self.folder / f"rows-{name}.parquet")
        pq.write_table(pa.table({"document_id": removed}), self.folder / f"removed-{name}.parquet")


@dataclass(frozen=True)
class Remembered:
    folder: Path

    def __call__(self, number: int, rows: int, removed: int, seconds: float) -> None:
        (self.folder / f"chunk-{number}").write_text(f"{rows} {removed}")


def put(path: Path, ids: list[int]) -> Path:
    stamps = pa.array([0] * len(ids), pa.timestamp("us", tz="UTC"))
    columns = {"rate": np.array(ids) / 3, "event_timestamp": stamps, "created_timestamp": stamps}
    pq.write_table(pa.table({"document_id": pa.array(ids, pa.int64()), **columns}), path)
    return path


def written(folder: Path, kind: str) -> list[int]:
    return [i for file in sorted(folder.glob(f"{kind}-*")) for i in pq.read_table(file)["document_id"].to_pylist()]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True, min_size=1, max_size=200), st.integers(1, 9))
def test_bounds_split_any_ids_into_ranges_of_the_order(tmp_path_factory, ids, shards):
    part = put(tmp_path_factory.mktemp("ids") / "part-0.parquet", ids)

    bounds = online_rows.bounds([part], "document_id", shards)

    assert len(bounds) < shards
    assert list(bounds) == sorted(set(bounds))
    sizes = np.bincount(
        np.searchsorted(np.array(bounds, np.uint64), positions(pa.array(ids, pa.int64())), side="right")
    )
    assert sizes.sum() == len(ids)


@pytest.mark.parametrize("workers", [1, 2])
def test_shards_hold_all_rows_in_order_and_remove_what_vanished(tmp_path, workers):
    ids = np.random.default_rng(workers).permutation(30_000).tolist()
    parts = [put(tmp_path / f"part-{n}.parquet", ids[n::3]) for n in range(3)]
    before = put(tmp_path / "before.parquet", list(range(29_000, 31_000)))
    (out := tmp_path / "out").mkdir()
    bounds = online_rows.bounds(parts, "document_id", 7)
    request = Request(tuple(parts), (before,), bounds, tmp_path / "exchange", workers=workers)

    measures = online_rows.write(request, Noted(out), Remembered(out))

    found = written(out, "rows")
    assert sorted(found) == list(range(30_000))
    assert np.all(np.diff(positions(pa.array(found, pa.int64())).astype(object)) > 0)
    assert sorted(written(out, "removed")) == list(range(30_000, 31_000))
    assert len([*out.glob("chunk-*")]) == 7
    assert measures["records"] == {"documents removed": 1_000, "documents written": 30_000, "rows read": 30_000}
    assert not (tmp_path / "exchange").exists()


@pytest.mark.parametrize("shards", [1, 5])
def test_what_is_done_is_not_written_again(tmp_path, shards):
    part = put(tmp_path / "part-0.parquet", list(range(1000)))
    (out := tmp_path / "out").mkdir()
    bounds = online_rows.bounds([part], "document_id", shards)
    request = Request((part,), (), bounds, tmp_path / "exchange")

    online_rows.write(replace(request, done=frozenset({0})), Noted(out), Remembered(out))

    assert {file.name for file in out.glob("chunk-*")} == {f"chunk-{n}" for n in range(1, shards)}


def test_only_the_documents_that_are_asked_for(tmp_path):
    part = put(tmp_path / "part-0.parquet", list(range(1000)))
    (out := tmp_path / "out").mkdir()
    request = Request((part,), (), (), tmp_path / "exchange", documents=pa.array([7, 5, 2000]))

    online_rows.write(request, Noted(out), Remembered(out))

    assert (written(out, "rows"), written(out, "removed")) == ([5, 7], [2000])


def test_a_column_that_the_files_lack_is_null(tmp_path):
    part = put(tmp_path / "part-0.parquet", [1, 2])
    more = replace(VIEW, features=(*VIEW.features, ("size", ValueType.INT64)))
    (out := tmp_path / "out").mkdir()

    online_rows.write(Request((part,), (), (), tmp_path), Noted(out, more), Remembered(out))

    (file,) = out.glob("rows-*")
    assert pq.read_table(file)["size"].to_pylist() == [None, None]
