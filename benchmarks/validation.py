"""Measures the validation of a feature set: as served, the same checks as one SQL query, and GX on a pandas frame.

    python -m benchmarks.validation                   # 10 million rows, and 1 million on pandas
    python -m benchmarks.validation --rows 1000000

Each contender is a process of its own, measured from its start to its end. All must find nothing wrong. Writes
`benchmarks/results/validation.json` and prints a table.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.corpus import FOLDER
from benchmarks.feature_rows import BEFORE, CUTOFF, feature_rows
from benchmarks.machine import machine
from benchmarks.measure import Cost
from hotarea.stores.layout import write_aside

ROWS = 10_000_000
PANDAS_ROWS = 1_000_000
RESULTS = Path(__file__).parent / "results" / "validation.json"

_FINDINGS = (
    "unexpected_null",
    "out_of_range",
    "ratio_differs",
    "undefined_ratio",
    "undefined_percentile",
    "percentile_out_of_range",
)

SERVED, ALONE, QUERY, PANDAS = "as served", "without the cutoff before", "one SQL query", "GX on pandas"


def main() -> None:
    """Measure, or be one of the contenders."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--pandas-rows", type=int, default=PANDAS_ROWS, help="of the frame that GX looks at; 0: none")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where feature sets are kept")
    parser.add_argument("--results", type=Path, default=RESULTS, help="the JSON file of the figures")
    parser.add_argument("--as", dest="contender", choices=_CONTENDERS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.contender:
        _CONTENDERS[asked.contender](asked.rows, asked.folder)
        return
    found = measured(asked.rows, asked.pandas_rows, asked.runs, asked.folder)
    write_aside(asked.results, json.dumps(found, indent=1).encode() + b"\n")
    print(table(found))


def measured(rows: int, pandas_rows: int, runs: int, folder: Path) -> dict[str, Any]:
    """Return what each contender took, as medians of so many runs in turn."""
    sizes = {SERVED: rows, ALONE: rows, QUERY: rows} | ({PANDAS: pandas_rows} if pandas_rows else {})
    for size in set(sizes.values()):
        feature_rows(size, CUTOFF, folder)
    feature_rows(rows, BEFORE, folder)
    write_query(rows, folder)
    costs: dict[str, list[Cost]] = {name: [] for name in sizes}
    for _ in range(runs):
        for name, size in sizes.items():
            costs[name].append(_run(name, size, folder))
    contenders = {
        name: {"rows": sizes[name]}
        | {of: median(getattr(c, of) for c in took) for of in ("wall_s", "cpu_s", "peak_mib")}
        for name, took in costs.items()
    }
    return {"runs": runs, "contenders": contenders, "machine": machine(("duckdb", "great_expectations", "pyarrow"))}


def table(found: dict[str, Any]) -> str:
    """Return the figures as a table in Markdown."""
    lines = ["| contender | rows | wall s | CPU s | peak MiB |", "| --- | ---: | ---: | ---: | ---: |"]
    for name, cost in found["contenders"].items():
        lines.append(
            f"| {name} | {cost['rows']:,} | {cost['wall_s']:.1f} | {cost['cpu_s']:.1f} | {cost['peak_mib']:,.0f} |"
        )
    return "\n".join(lines)


def _run(name: str, rows: int, folder: Path) -> Cost:
    command = [
        sys.executable,
        "-m",
        "benchmarks.validation",
        "--as",
        name,
        "--rows",
        str(rows),
        "--folder",
        str(folder),
    ]
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        return Cost.of(command, Path(log.name))


def _served(rows: int, folder: Path) -> None:
    _validated(rows, folder, feature_rows(rows, BEFORE, folder))


def _alone(rows: int, folder: Path) -> None:
    _validated(rows, folder, [])


def _validated(rows: int, folder: Path, before: Sequence[Path]) -> None:
    from expectations.runner import validate

    context = {"rows": rows, "before": before}
    with tempfile.TemporaryDirectory() as reports:
        files = feature_rows(rows, CUTOFF, folder)
        outcome = validate("document_features", files, str(CUTOFF), Path(reports), context)
    _nothing_wrong(outcome.failures)


def _query(rows: int, folder: Path) -> None:
    """Count what breaks each rule that the suite has for single sets, as somebody would who writes it by hand."""
    import duckdb

    database = duckdb.connect()
    database.execute("SET memory_limit = '1GB'; SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
    found = database.sql(_written(rows, folder).read_text()).fetchall()[0]
    _nothing_wrong([count for count in found if count])


def _written(rows: int, folder: Path) -> Path:
    return folder / f"validation-{rows}.sql"


def write_query(rows: int, folder: Path) -> Path:
    """Write the query of all rules, so that its contender imports nothing but DuckDB."""
    from expectations.document_features import ORDERED, seen

    files = ", ".join(f"'{file}'" for file in feature_rows(rows, CUTOFF, folder))
    rules = [
        f"count(*) <> {rows}",
        "count(DISTINCT document_id) <> count(document_id)",
        "min(age_years) > 1.1",
        f"count(*) FILTER (event_timestamp <> TIMESTAMPTZ '{CUTOFF.day} 00:00:00+00')",
        f"count(*) FILTER (created_timestamp <> TIMESTAMPTZ '{CUTOFF.known} 00:00:00+00')",
        *(f"count(*) FILTER ({small} > {large})" for small, large, _ in ORDERED),
        *(f"count({name})" for name in _FINDINGS),
    ]
    asked = ", ".join(f"CAST({rule} AS BIGINT)" for rule in rules)
    given = seen(f"(SELECT * FROM read_parquet([{files}]))", {})
    _written(rows, folder).write_text(f"SELECT {asked} FROM ({given})\n")
    return _written(rows, folder)


def _pandas(rows: int, folder: Path) -> None:
    """Hold the suite's own checks against a frame of its columns, as GX is used where everything fits into memory."""
    import great_expectations as gx

    from expectations import database
    from expectations.document_features import SUITE
    from expectations.runner import ephemeral_context

    query = SUITE.seen(f"({database.rows(feature_rows(rows, CUTOFF, folder), SUITE.schema({}))})", {})
    frame = database.arrow(query).to_pandas()
    frame["schema_difference"] = None
    asset = ephemeral_context().data_sources.add_pandas("frames").add_dataframe_asset("features")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    checks = gx.ExpectationSuite(name="features", expectations=SUITE.expectations(str(CUTOFF), {}))
    result = batch.validate(checks, result_format="BASIC")
    _nothing_wrong([checked.expectation_config.type for checked in result.results if not checked.success])


def _nothing_wrong(found: Sequence[Any]) -> None:
    if found:
        raise SystemExit(f"valid rows were found wrong: {found}")


_CONTENDERS = {SERVED: _served, ALONE: _alone, QUERY: _query, PANDAS: _pandas}

if __name__ == "__main__":
    main()
