"""Small valid datasets, and the one call that runs a suite on them."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.runner import Outcome, validate
from hotarea.domain import tables

Rows = list[dict[str, Any]]

RELEASE = "2012-12-31"
CUTOFF = "2012-12-31@2013-01-31"


def write(rows: Rows, schema: pa.Schema, path: Path) -> Path:
    """Write rows, nulls included where the schema forbids them, as a faulty job would."""
    lax = pa.schema([pa.field(field.name, field.type) for field in schema])
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=lax), path)
    return path


@pytest.fixture
def documents() -> Rows:
    """Forty documents, 1 to 40, of which all have a title and a topic; ids grow with their dates."""
    return [
        {
            "document_id": number,
            "published": date(2011, 1, 1) if number <= 20 else date(2012, 1, number - 19),
            "updated": datetime(2012, 12, 31, 12, tzinfo=UTC),
            "title": f"On {number}",
            "type": "article",
            "language": "en",
            "topic_id": f"T{number % 3}",
            "topic": f"Topic {number % 3}",
            "is_retracted": False,
            "reference_count": 30,
        }
        for number in range(1, 41)
    ]


@pytest.fixture
def citations(documents: Rows) -> Rows:
    """Every document of 2012 cites the first twelve: 240 citations, none of them to the future."""
    return [
        {"citing_id": d["document_id"], "cited_id": cited, "published": d["published"]}
        for d in documents[20:]
        for cited in range(1, 13)
    ]


@pytest.fixture
def features() -> Rows:
    """Four documents at one cutoff; the first is not cited, so its ratios over cite_count are null."""
    return [_features(number) for number in range(1, 5)]


def _features(number: int) -> dict[str, Any]:
    cited = number > 1
    counts = {
        "cite_count": 10 * (number - 1),
        "cite_count_5y": 6 * cited,
        "cite_count_2y": 4 * cited,
        "cite_count_1y": 2 * cited,
        "size_5y": 30,
        "size_2y": 20,
        "size_1y": 10,
        "references_inside": 3,
    }
    undefined = {"rate", "citing_age_mean", "citing_share_1y", "citing_rate_1y"} if not cited else set()
    ratios = {name: None if name in undefined else 0.5 for name in tables.RATIOS} | {"acceleration": -0.5}
    values = counts | ratios
    percentiles = {f"{name}_pct": None if values[name] is None else number / 4 for name in tables.RANKED}
    stamps = {
        "event_timestamp": datetime(2012, 12, 31, tzinfo=UTC),
        "created_timestamp": datetime(2013, 1, 31, tzinfo=UTC),
    }
    return {"document_id": number, **stamps, **values, **percentiles}


@pytest.fixture
def judged(tmp_path: Path) -> Callable[..., Outcome]:
    """Run the suite of a dataset on rows.

    `beside` are the documents that citations are compared with, `earlier` the documents and citations of the releases
    before, oldest first.
    """
    known = {
        "documents": (tables.DOCUMENTS, RELEASE),
        "citations": (tables.CITATIONS, RELEASE),
        "document_features": (tables.FEATURES, CUTOFF),
    }

    def run(dataset: str, rows: Rows, beside: Rows = (), earlier: Sequence[tuple[Rows, Rows]] = ()) -> Outcome:
        schema, subject = known[dataset]
        file = write(rows, schema, tmp_path / dataset / "part-0.parquet")
        stated = write(list(beside), tables.DOCUMENTS, tmp_path / "beside" / "part-0.parquet")
        folders = [tmp_path / f"release={n}" for n in range(len(earlier))]
        for folder, (texts, pairs) in zip(folders, earlier, strict=True):
            write(texts, tables.DOCUMENTS, folder / "documents" / "part-0.parquet")
            write(pairs, tables.CITATIONS, folder / "citations" / "part-0.parquet")
        context = {"documents": [stated], "earlier": folders}
        return validate(dataset, [file], subject, tmp_path / "reports", context)

    return run
