"""However a release is cut into partitions, pieces and shards, the lake and the features are the same."""

from datetime import date
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from beam_jobs import ingest_works
from hotarea.domain import tables
from hotarea.domain.windows import Cutoff
from tests.beam_jobs.test_ingest_works import deliver, encoded, ingest, messy
from tests.shuffles import feature_tables

RELEASE = "2012-12-31"
CUTOFFS = [Cutoff(date(year, 12, 31), date(2012, 12, 31)) for year in (2010, 2011, 2012)]


def built(lines: list[bytes], cuts: list[int], shards: int) -> tuple[list[list[dict[str, object]]], object]:
    """Return the release's documents and citations, and its features, from lines cut into partitions."""
    bounds = [0, *sorted(cuts), len(lines)]
    parts = [lines[a:b] for a, b in pairwise(bounds) if a < b]
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        ingest(deliver(Path(folder) / "raw", {RELEASE: parts}), home / "lake", f"--shards={shards}")
        release = home / "lake" / f"release={RELEASE}"
        pq.write_table(tables.REMOVALS.empty_table(), release / "removals.parquet")
        found = [table(release / "documents", "document_id"), table(release / "citations", "citing_id", "cited_id")]
        features = feature_tables(home, [RELEASE], CUTOFFS, shards)
        return found, {cutoff: rows.to_pylist() for cutoff, rows in features.items()}


def table(folder: Path, *order: str) -> list[dict[str, object]]:
    rows = pa.concat_tables([pq.read_table(part) for part in folder.glob("part-*.parquet")])
    found: list[dict[str, object]] = rows.sort_by([(name, "ascending") for name in order]).to_pylist()
    return found


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, 9),
    st.lists(st.integers(1, 119), max_size=4),
    st.integers(1, 5),
    st.sampled_from([1, 2_000, 1 << 26]),
)
def test_any_split_gives_the_same(
    monkeypatch: pytest.MonkeyPatch, seed: int, cuts: list[int], shards: int, piece_bytes: int
) -> None:
    lines = encoded(messy(seed, 120))
    whole = built(lines, [], 1)
    monkeypatch.setattr(ingest_works, "PIECE_BYTES", piece_bytes)
    assert built(lines, cuts, shards) == whole
    assert len(whole[0][0]) > 20
