"""Measures the feature store: writes into and reads from the online stores, against Feast as it comes.

    python -m benchmarks.feature_store                      # all topics but memory, in seven minutes or so
    python -m benchmarks.feature_store --topic "online: SQLite" --rows 100000
    python -m benchmarks.feature_store --topic "online: memory"     # whether it grows with the documents
    python -m benchmarks.feature_store --show               # the tables of what was measured before

Each contender is a process of its own. Rows per second are those of the call itself, memory that of the process and
its workers, without servers. Servers are started for the run. Writes
`benchmarks/results/feature_store.json`, in which topics that are not measured stay, each with the moment at which it
was, and prints a table for each topic.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import historical_retrieval, online_contenders
from benchmarks.corpus import FOLDER
from benchmarks.machine import machine
from benchmarks.measure import Cost
from benchmarks.online_servers import postgres, redis
from hotarea.stores.layout import write_aside

ROWS = 1_000_000
FEAST_ROWS = 50_000
"""Of which Feast's local engine writes some only: it is slow, and its rate does not grow with the number."""

READ_ROWS = 100_000
"""Of which some are read at random."""

RESULTS = Path(__file__).parent / "results" / "feature_store.json"

FEAST, ENGINE, STAGE, READS = online_contenders.CONTENDERS


@dataclass(frozen=True)
class Sizes:
    """How many documents the contenders are given."""

    rows: int
    feast_rows: int


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--topic", action="append", choices=TOPICS, help="only this one; may be repeated")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--feast-rows", type=int, default=FEAST_ROWS, help="documents for Feast's local engine")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where feature sets are kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file of the figures")
    parser.add_argument("--show", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    found = json.loads(asked.results.read_text()) if asked.results.exists() else {"topics": {}}
    if asked.show:
        print("\n".join(table(topic, rows) for topic, rows in found["topics"].items()))
        return
    for topic in asked.topic or [name for name in TOPICS if name != MEMORY]:
        found["topics"][topic] = TOPICS[topic](Sizes(asked.rows, asked.feast_rows), asked.folder)
        found.setdefault("measured_at", {})[topic] = datetime.now(UTC).isoformat(timespec="seconds")
        found["machine"] = machine(("feast", "apache-beam", "duckdb", "redis", "pyarrow"))
        write_aside(asked.results, json.dumps(found, indent=1).encode() + b"\n")  # whatever becomes of the next
        print(table(topic, found["topics"][topic]), flush=True)


def table(topic: str, rows: list[dict[str, Any]]) -> str:
    """Return a topic's contenders as a table in Markdown."""
    names = list(rows[0])
    lines = [f"\n## {topic}\n", f"| {' | '.join(names)} |", f"| --- |{' ---: |' * (len(names) - 1)}"]
    return "\n".join([*lines, *(f"| {' | '.join(_shown(row[name]) for name in names)} |" for row in rows)])


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}" if value >= 1 else f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _writes(contenders: list[tuple[str, int]], folder: Path, environment: dict[str, str]) -> list[dict[str, Any]]:
    """Measure contenders that write; each is compared with the first by rows per second."""
    rows: list[dict[str, Any]] = []
    for name, size in contenders:
        seconds, cost = _run(name, size, folder, environment)
        row = {
            "contender": name,
            "documents": size,
            "seconds": seconds,
            "documents/s": round(size / seconds),
            "peak MiB": cost.peak_mib,
        }
        rows.append(
            row | {"times Feast": row["documents/s"] / (rows[0]["documents/s"] if rows else row["documents/s"])}
        )
    return rows


def _run(name: str, size: int, folder: Path, environment: dict[str, str]) -> tuple[Any, Cost]:
    with tempfile.TemporaryDirectory() as scratch:
        result = Path(scratch) / "result.json"
        variables = [f"{name}={value}" for name, value in environment.items()]
        program = [sys.executable, "-W", "ignore", "-m", "benchmarks.online_contenders"]
        cost = Cost.of(["env", *variables, *program, name, str(size), str(folder), str(result)], Path(scratch) / "log")
        return json.loads(result.read_text()), cost


def _sqlite(sizes: Sizes, folder: Path) -> list[dict[str, Any]]:
    contenders = [(FEAST, sizes.feast_rows), (ENGINE, sizes.rows), (STAGE, sizes.feast_rows), (STAGE, sizes.rows)]
    return _writes(contenders, folder, {})


def _redis(sizes: Sizes, folder: Path) -> list[dict[str, Any]]:
    contenders = [(FEAST, sizes.feast_rows), (ENGINE, sizes.rows), (STAGE, sizes.feast_rows), (STAGE, sizes.rows)]
    rows: list[dict[str, Any]] = []
    for number, contender in enumerate(contenders):
        with redis() as url:  # each fills an empty server
            rows += _writes([contender], folder, _leading_to("redis", url))
            rows[number]["times Feast"] = rows[number]["documents/s"] / rows[0]["documents/s"]
    return rows


def _memory(sizes: Sizes, folder: Path) -> list[dict[str, Any]]:
    """Measure what the task needs for more and more documents, three times as many as asked for at last."""
    rows = []
    for size in (sizes.rows // 10, sizes.rows, 3 * sizes.rows):
        _, cost = _run(STAGE, size, folder, {})
        rows.append({"contender": STAGE, "documents": size, "peak MiB": cost.peak_mib})
    return rows


def _reads(sizes: Sizes, folder: Path) -> list[dict[str, Any]]:
    rows = []
    for store, server in {"sqlite": nullcontext, "redis": redis, "postgres": postgres}.items():
        with server() as url:
            found, _ = _run(READS, min(sizes.rows, READ_ROWS), folder, _leading_to(store, url) if url else {})
        rows.append({"get_online_features, ms": store} | found)
    return rows


def _historical(sizes: Sizes, folder: Path) -> list[dict[str, Any]]:
    """Each contender is asked for as many rows; the ratio is ours to it."""
    found = historical_retrieval.measured(sizes.rows, historical_retrieval.DOCUMENTS, 1, folder)
    named = {"seconds": "seconds", "ours_to_it": "ours to it", "peak_mib": "peak MiB"}
    return [
        {"offline store": name, "rows": sizes.rows, **{label: cost[of] for of, label in named.items()}}
        for name, cost in found["contenders"].items()
    ]


def _leading_to(store: str, url: str) -> dict[str, str]:
    return {"HOTAREA_ONLINE_STORE": store, "HOTAREA_ONLINE_STORE_URL": url}


MEMORY = "online: memory"

TOPICS: dict[str, Callable[[Sizes, Path], list[dict[str, Any]]]] = {
    "online: SQLite": _sqlite,
    "online: Redis": _redis,
    "online: reads": _reads,
    "historical": _historical,
    MEMORY: _memory,
}

if __name__ == "__main__":
    main()
