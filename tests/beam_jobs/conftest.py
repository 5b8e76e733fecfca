"""Runs the real jobs on a runner."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from beam_jobs import document_features, document_labels
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from tests.lakes import write_lake


class Built:
    """A lake, and the sets that jobs build from it."""

    def __init__(self, folder: Path) -> None:
        self.home, self.output = folder / "home", folder / "built"
        self.releases: list[str] = []

    def deliver(self, deliveries: Any, parts: int = 1) -> None:
        self.releases = write_lake(self.home, deliveries, parts)

    def features(self, cutoffs: Iterable[Cutoff], *more: str) -> dict[str, Any]:
        return document_features.main([*self.arguments(cutoffs), *more])

    def labels(self, cutoffs: Iterable[Cutoff], *more: str, years: int = 1, quantile: float = 0.9) -> dict[str, Any]:
        rule = [f"--horizon-years={years}", f"--hot-quantile={quantile}"]
        return document_labels.main([*self.arguments(cutoffs), *rule, *more])

    def arguments(self, cutoffs: Iterable[Cutoff]) -> list[str]:
        known = [f"--release={r}" for r in self.releases] + [f"--cutoff={c}" for c in cutoffs]
        return [f"--home={self.home}", f"--output={self.output}", *known]

    def feature_table(self, cutoff: Cutoff) -> pa.Table:
        return table(Layout(self.output).feature_set(cutoff))

    def label_table(self, cutoff: Cutoff) -> pa.Table:
        return table(Layout(self.output).label_set(cutoff))


def table(folder: Path) -> pa.Table:
    """Read a set's parts, each by itself in order of documents, as one table in that order."""
    parts = [pq.read_table(part) for part in sorted(folder.glob("part-*.parquet"))]
    for part in parts:
        ids = part["document_id"].to_pylist()
        assert ids == sorted(set(ids))
    return pa.concat_tables(parts).sort_by("document_id")


@pytest.fixture
def built(tmp_path: Path) -> Built:
    return Built(tmp_path)
