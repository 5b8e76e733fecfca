"""Features of cutoffs by DuckDB, from the same gzip files to the same Parquet columns: what ours is measured against.

    python -m benchmarks.duckdb_features RAW OUTPUT --cutoff 2019-12-31@2019-12-31 --cutoff …

One program of set-wise SQL, written for speed. It reads each file once, with only the needed fields declared, and
writes what it ingested as ours does. Which citation holds at which cutoffs is found once, for all of them, as a range;
then, cutoff after cutoff, a document's own counts come first, those of its area as a sum over its citing documents, and
percentiles from the distinct values of each feature. Rows are written in any order. `docs/performance.md` tells what
else was tried. Merges are left out: the corpus has deletions only.
"""

import argparse
from pathlib import Path

import duckdb

from hotarea.domain.tables import RANKED
from hotarea.domain.windows import Cutoff

# Without hive_partitioning = false, the folders' updated_date would stand in the place of the records' own.
_READ = """
CREATE TEMP TABLE works AS
SELECT regexp_extract(filename, 'updated_date=([0-9-]+)', 1)::DATE AS release,
  substr(id, 23)::BIGINT AS document_id, publication_date::DATE AS published, updated_date::TIMESTAMPTZ AS updated,
  coalesce(title, display_name) AS title, type, language, regexp_extract(primary_topic.id, '[^/]*$') AS topic_id,
  primary_topic.display_name AS topic, coalesce(is_retracted, false) AS is_retracted,
  list_distinct(referenced_works) AS cited
FROM read_json($files, format = 'newline_delimited', compression = 'gzip', filename = true,
  hive_partitioning = false, columns = {
  id: 'VARCHAR', publication_date: 'VARCHAR', updated_date: 'VARCHAR', referenced_works: 'VARCHAR[]',
  title: 'VARCHAR', display_name: 'VARCHAR', type: 'VARCHAR', language: 'VARCHAR', is_retracted: 'BOOLEAN',
  primary_topic: 'STRUCT(id VARCHAR, display_name VARCHAR)'});
CREATE TEMP TABLE refs AS
SELECT release, document_id AS citing, substr(unnest(cited), 23)::BIGINT AS cited FROM works;
CREATE TEMP TABLE versions AS SELECT release, document_id, published, updated FROM works;
CREATE TEMP TABLE removed AS
SELECT substr(work_id, 2)::BIGINT AS document_id, deleted_date::DATE AS removed
FROM read_csv($removals, header = true, columns = {'work_id': 'VARCHAR', 'deleted_date': 'VARCHAR'});
"""

_WRITE_LAKE = """
COPY (SELECT * EXCLUDE (cited), len(cited) AS reference_count FROM works)
TO '{output}/documents' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (release));
COPY refs TO '{output}/citations' (FORMAT parquet, COMPRESSION zstd, PARTITION_BY (release));
DROP TABLE works;
"""

# A removal is told by the first release on or after its date; it covers what was delivered or updated until then.
_TOLD = """
CREATE TEMP TABLE told AS
SELECT document_id, removed, min(release) AS release
FROM removed JOIN (SELECT DISTINCT release FROM versions) ON release >= removed GROUP BY ALL;
CREATE TEMP TABLE valid (document_id BIGINT, release DATE, published DATE, cutoff TINYINT);
"""

_VALID = """
INSERT INTO valid
SELECT document_id, release, published, $number::TINYINT FROM (
  SELECT w.* FROM versions w LEFT JOIN told t ON t.document_id = w.document_id AND t.release <= $known::DATE
  WHERE w.release <= $known::DATE
    AND (t.document_id IS NULL OR (w.release > t.release AND w.updated::DATE > t.removed))
  QUALIFY row_number() OVER (PARTITION BY w.document_id ORDER BY w.updated DESC, w.release DESC) = 1)
WHERE published <= $day::DATE;
"""

# The cutoffs at which a version is the valid one follow each other, so that the first and the last tell all.
_PAIRS = """
CREATE TEMP TABLE ranges AS
SELECT document_id AS d, release, published, min(cutoff) AS first, max(cutoff) AS last FROM valid GROUP BY ALL;
DROP TABLE valid;
CREATE TEMP TABLE ranged_pairs AS
SELECT r.citing, r.cited, c.published AS dated, greatest(c.first, e.first) AS first, least(c.last, e.last) AS last
FROM refs r JOIN ranges c ON c.d = r.citing AND c.release = r.release JOIN ranges e ON e.d = r.cited
WHERE r.citing <> r.cited AND greatest(c.first, e.first) <= least(c.last, e.last);
DROP TABLE refs;
"""

_COUNT = """
CREATE OR REPLACE TEMP VIEW docs AS SELECT d, published FROM ranges WHERE {number} BETWEEN first AND last;
CREATE OR REPLACE TEMP VIEW pairs AS
SELECT citing, cited, dated FROM ranged_pairs WHERE {number} BETWEEN first AND last;
CREATE OR REPLACE TEMP TABLE own AS
SELECT cited AS d, count(*) AS n,
  count(*) FILTER (dated > $day::DATE - INTERVAL 5 YEAR) AS n5,
  count(*) FILTER (dated > $day::DATE - INTERVAL 2 YEAR) AS n2,
  count(*) FILTER (dated > $day::DATE - INTERVAL 1 YEAR) AS n1,
  sum(date_diff('day', dated, $day::DATE))::BIGINT AS days
FROM pairs GROUP BY cited;
"""

_FEATURES = """
CREATE OR REPLACE TEMP TABLE features AS
WITH area AS (
  SELECT p.cited AS d, sum(n5)::BIGINT AS s5, sum(n2)::BIGINT AS s2, sum(n1)::BIGINT AS s1, max(n1) AS top
  FROM pairs p JOIN own ON own.d = p.citing GROUP BY p.cited),
inside AS (SELECT citing AS d, count(*) AS refs FROM pairs GROUP BY citing),
counted AS (
  SELECT docs.d AS document_id, published, days, coalesce(n, 0) AS cite_count, coalesce(n5, 0) AS cite_count_5y,
    coalesce(n2, 0) AS cite_count_2y, coalesce(n1, 0) AS cite_count_1y,
    coalesce(n5, 0) + coalesce(s5, 0) AS size_5y, coalesce(n2, 0) + coalesce(s2, 0) AS size_2y,
    coalesce(n1, 0) + coalesce(s1, 0) AS size_1y, coalesce(refs, 0) AS references_inside, coalesce(top, 0) AS top
  FROM docs LEFT JOIN own USING (d) LEFT JOIN area USING (d) LEFT JOIN inside USING (d))
SELECT document_id, cite_count, cite_count_5y, cite_count_2y, cite_count_1y, size_5y, size_2y, size_1y,
  references_inside,
  size_5y::DOUBLE / nullif(cite_count, 0)::DOUBLE AS rate,
  size_1y::DOUBLE / (cite_count + 1)::DOUBLE AS rate_1y,
  size_2y::DOUBLE / (cite_count + 1)::DOUBLE AS rate_2y,
  date_diff('day', published, $day::DATE)::DOUBLE / 365.25::DOUBLE AS age_years,
  days::DOUBLE / (365.25::DOUBLE * nullif(cite_count, 0)::DOUBLE) AS citing_age_mean,
  cite_count_1y::DOUBLE / nullif(cite_count, 0)::DOUBLE AS citing_share_1y,
  (size_1y - cite_count_1y)::DOUBLE / nullif(cite_count, 0)::DOUBLE AS citing_rate_1y,
  (2 * size_1y - size_2y)::DOUBLE / (cite_count + 1)::DOUBLE AS acceleration,
  top::DOUBLE AS top_citing_1y
FROM counted;
"""

_PERCENTILE = """
CREATE OR REPLACE TEMP TABLE {x}_ranks AS
SELECT {x}, (2 * (sum(n) OVER (ORDER BY {x}) - n) + n)::DOUBLE / (2 * sum(n) OVER ())::DOUBLE AS {x}_pct
FROM (SELECT {x}, count(*) AS n FROM features WHERE {x} IS NOT NULL GROUP BY {x});
"""

_WRITE = """
COPY (
  SELECT document_id, $day::TIMESTAMPTZ AS event_timestamp, $known::TIMESTAMPTZ AS created_timestamp,
    features.* EXCLUDE (document_id), {percentiles}
  FROM features {joins}
) TO '{file}' (FORMAT parquet, COMPRESSION zstd)
"""


def main() -> None:
    """Write `OUTPUT/cutoff=DAY.parquet` for each cutoff."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", type=Path, help="a raw folder in OpenAlex's layout")
    parser.add_argument("output", type=Path, help="folder of the results")
    parser.add_argument("--cutoff", type=Cutoff.parse, action="append", required=True, help="DAY@KNOWN, oldest first")
    parser.add_argument("--threads", type=int, default=0, help="DuckDB's threads; as many as cores if 0")
    parser.add_argument("--memory", default="", help="DuckDB's memory_limit, as 2GiB; its own default if empty")
    asked = parser.parse_args()
    asked.output.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(asked.output / "work.duckdb")) as database:
        database.execute("SET TimeZone = 'UTC'; SET enable_progress_bar = false; SET preserve_insertion_order = false")
        if asked.threads:
            database.execute(f"SET threads = {asked.threads}")
        if asked.memory:
            database.execute(f"SET memory_limit = '{asked.memory}'")
        compute(database, asked.raw / "data" / "jsonl" / "works", asked.cutoff, asked.output)


def compute(database: duckdb.DuckDBPyConnection, works: Path, cutoffs: list[Cutoff], output: Path) -> None:
    """Compute and write the features of each cutoff from a folder of works."""
    files = sorted(str(file) for file in works.glob("updated_date=*/part_*.gz"))
    _run(database, _READ, files=files, removals=str(works / "deleted_ids.csv"))
    _run(database, _WRITE_LAKE.format(output=output) + _TOLD)
    for number, cutoff in enumerate(cutoffs):
        _run(database, _VALID, number=number, day=str(cutoff.day), known=str(cutoff.known))
    _run(database, _PAIRS)
    percentiles = ", ".join(f"{x}_pct" for x in RANKED)
    joins = " ".join(f"LEFT JOIN {x}_ranks USING ({x})" for x in RANKED)
    for number, cutoff in enumerate(cutoffs):
        file = output / f"cutoff={cutoff.day}.parquet"
        ranks = "".join(_PERCENTILE.format(x=x) for x in RANKED)
        write = _WRITE.format(percentiles=percentiles, joins=joins, file=file)
        statements = _COUNT.format(number=number) + _FEATURES + ranks + write
        _run(database, statements, day=str(cutoff.day), known=str(cutoff.known))


def _run(database: duckdb.DuckDBPyConnection, statements: str, **given: object) -> None:
    """Run statements one by one, each with those of the parameters that it names."""
    for statement in database.extract_statements(statements):
        database.execute(statement, {name: given[name] for name in statement.named_parameters})


if __name__ == "__main__":
    main()
