"""The benchmark of the feature store, on few rows: contenders run, are compared with the first, and are shown."""

import json
from pathlib import Path

from benchmarks import feature_store
from benchmarks.feature_store import STAGE


def test_contenders_that_write_are_measured_and_compared_with_the_first(tmp_path):
    rows = feature_store._writes([(STAGE, 2_000), (STAGE, 1_000)], tmp_path, {})

    assert [row["documents"] for row in rows] == [2_000, 1_000]
    assert rows[0]["times Feast"] == 1
    assert rows[1]["times Feast"] == rows[1]["documents/s"] / rows[0]["documents/s"]
    assert all(row["seconds"] > 0 and row["peak MiB"] > 50 for row in rows)
    assert not [*tmp_path.glob("online-*/home-*")]
    json.dumps(rows)


def test_the_docs_show_what_was_measured():
    """Made by `python -m benchmarks.feature_store --show`."""
    docs = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()
    topics = json.loads(feature_store.RESULTS.read_text())["topics"]

    assert list(topics) == list(feature_store.TOPICS)
    tables = {topic: feature_store.table(topic, rows).split("\n\n")[-1] for topic, rows in topics.items()}
    assert [topic for topic, shown in tables.items() if shown not in docs] == []


def test_a_table_shows_every_figure():
    table = feature_store.table("a topic", [{"contender": "x", "documents": 1_000_000, "ms": 0.123, "MiB": 12.34}])

    assert table.splitlines()[1:] == [
        "## a topic",
        "",
        "| contender | documents | ms | MiB |",
        "| --- | ---: | ---: | ---: |",
        "| x | 1,000,000 | 0.12 | 12.3 |",
    ]
