"""Features and labels of one cutoff straight from the lake's Parquet files by SQL, written from the definitions.

It shares nothing with the code under test: DuckDB counts every pair of documents at the one cutoff, without ranges,
shards or windows over several cutoffs.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from hotarea.domain.windows import Cutoff

# What is true as known on a date: the valid version of each work, its distinct references after merges.
_KNOWN = """
CREATE TABLE delivered AS SELECT release::DATE AS release, * EXCLUDE (release)
  FROM read_parquet($documents, hive_partitioning = true, union_by_name = true, hive_types = {'release': VARCHAR})
  WHERE release::DATE <= $known::DATE;
CREATE TABLE refs AS SELECT release::DATE AS release, * EXCLUDE (release)
  FROM read_parquet($citations, hive_partitioning = true, hive_types = {'release': VARCHAR})
  WHERE release::DATE <= $known::DATE;
CREATE TABLE removed AS SELECT document_id, removed, merged_into, min(release::DATE) AS release
  FROM read_parquet($removals, hive_partitioning = true, hive_types = {'release': VARCHAR})
  WHERE release::DATE <= $known::DATE GROUP BY ALL;
CREATE TABLE valid AS SELECT d.* FROM delivered d
  WHERE NOT EXISTS (SELECT 1 FROM removed r WHERE r.document_id = d.document_id
                    AND (d.release <= r.release OR make_timestamp(epoch_us(d.updated))::DATE <= r.removed))
  QUALIFY row_number() OVER (PARTITION BY document_id ORDER BY updated DESC, release DESC) = 1;
CREATE TABLE gone AS SELECT document_id, merged_into FROM removed
  WHERE document_id NOT IN (SELECT document_id FROM valid)
  QUALIFY row_number() OVER (
    PARTITION BY document_id ORDER BY release DESC, removed DESC, coalesce(merged_into, -1) DESC) = 1;
CREATE TABLE led AS WITH RECURSIVE steps(id, goal, hops) AS (
    SELECT document_id, merged_into, 1 FROM gone
    UNION ALL SELECT s.id, g.merged_into, s.hops + 1 FROM steps s JOIN gone g ON g.document_id = s.goal
    WHERE s.hops <= (SELECT count(*) FROM gone))
  SELECT id, goal FROM steps WHERE goal IN (SELECT document_id FROM valid);
CREATE TABLE known_pairs AS SELECT DISTINCT v.document_id AS citing, coalesce(l.goal, r.cited_id) AS cited,
    r.cited_id AS named, v.published AS dated
  FROM refs r JOIN valid v ON v.document_id = r.citing_id AND v.release = r.release
  LEFT JOIN led l ON l.id = r.cited_id;
CREATE TABLE pairs AS SELECT DISTINCT citing, cited, dated FROM known_pairs WHERE citing <> cited;
CREATE TABLE docs AS SELECT document_id AS d, published, is_retracted FROM valid WHERE published <= $day::DATE;
-- citations of documents that exist at t, and those on or before t
CREATE TABLE cites AS SELECT citing, cited, dated FROM pairs JOIN docs ON d = cited;
CREATE TABLE before AS SELECT * FROM cites WHERE dated <= $day::DATE;
-- members of areas: a document itself and those that cite it
CREATE TABLE member AS SELECT d AS area, d AS m FROM docs UNION ALL SELECT cited, citing FROM before;
"""

_FEATURES = """
WITH own AS (
  SELECT cited AS d, count(*) AS n,
    count(*) FILTER (dated > $day::DATE - INTERVAL 5 YEAR) AS n5,
    count(*) FILTER (dated > $day::DATE - INTERVAL 2 YEAR) AS n2,
    count(*) FILTER (dated > $day::DATE - INTERVAL 1 YEAR) AS n1,
    sum(date_diff('day', dated, $day::DATE))::BIGINT AS days
  FROM before GROUP BY cited),
area AS (
  SELECT area AS d,
    count(*) FILTER (dated > $day::DATE - INTERVAL 5 YEAR) AS s5,
    count(*) FILTER (dated > $day::DATE - INTERVAL 2 YEAR) AS s2,
    count(*) FILTER (dated > $day::DATE - INTERVAL 1 YEAR) AS s1
  FROM member JOIN before ON before.cited = m GROUP BY area),
best AS (SELECT b.cited AS d, max(own.n1) AS top FROM before b JOIN own ON own.d = b.citing GROUP BY b.cited),
inside AS (SELECT citing AS d, count(*) AS refs FROM before GROUP BY citing),
f AS (
  SELECT docs.d, coalesce(n, 0) AS cite_count, coalesce(n5, 0) AS cite_count_5y, coalesce(n2, 0) AS cite_count_2y,
    coalesce(n1, 0) AS cite_count_1y, coalesce(s5, 0) AS size_5y, coalesce(s2, 0) AS size_2y,
    coalesce(s1, 0) AS size_1y, coalesce(refs, 0) AS references_inside, days, published, coalesce(top, 0) AS top
  FROM docs LEFT JOIN own USING (d) LEFT JOIN area USING (d) LEFT JOIN best USING (d) LEFT JOIN inside USING (d)),
g AS (
  SELECT d AS document_id, cite_count, cite_count_5y, cite_count_2y, cite_count_1y, size_5y, size_2y, size_1y,
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
  FROM f)
SELECT document_id, $day::TIMESTAMP AS event_timestamp, $known::TIMESTAMP AS created_timestamp,
  g.* EXCLUDE (document_id), {percentiles}
FROM g ORDER BY document_id
"""

_PERCENTILE = """CASE WHEN {x} IS NOT NULL THEN
  (2 * (rank() OVER (PARTITION BY {x} IS NULL ORDER BY {x}) - 1) + count(*) OVER (PARTITION BY {x}))::DOUBLE
  / (2 * count({x}) OVER ())::DOUBLE END AS {x}_pct"""

_RANKED = (
    *("cite_count", "cite_count_5y", "cite_count_2y", "cite_count_1y", "size_5y", "size_2y", "size_1y"),
    *("references_inside", "rate", "rate_1y", "rate_2y", "age_years", "citing_age_mean", "citing_share_1y"),
    *("citing_rate_1y", "acceleration", "top_citing_1y"),
)

_LABELS = """
WITH ahead AS (
  SELECT * FROM cites WHERE dated > $day::DATE AND dated <= $day::DATE + to_years($years::INTEGER)),
future AS (SELECT area AS d, count(*) AS size FROM member JOIN ahead ON ahead.cited = m GROUP BY area),
front AS (SELECT cited AS d, count(*) AS n FROM before GROUP BY cited),
rated AS (
  SELECT d AS document_id, NOT is_retracted AND coalesce(n, 0) >= 1 AS eligible, coalesce(size, 0) AS future_size,
    coalesce(size, 0)::DOUBLE / (coalesce(n, 0) + 1)::DOUBLE AS future_rate
  FROM docs LEFT JOIN front USING (d) LEFT JOIN future USING (d)),
place AS (
  SELECT count(*) AS n, (count(*) - 1)::DOUBLE * $q::DOUBLE AS spot FROM rated WHERE eligible),
ordered AS (
  SELECT future_rate AS x, row_number() OVER (ORDER BY future_rate) - 1 AS i FROM rated WHERE eligible),
ends AS (
  SELECT spot - floor(spot) AS share, max(x) FILTER (i = floor(spot)) AS low,
    max(x) FILTER (i = least(floor(spot) + 1, n - 1)) AS high FROM place, ordered GROUP BY spot, n),
-- numpy's linear interpolation, which is exact where both neighbours are equal
bar AS (
  SELECT coalesce((SELECT CASE WHEN share < 0.5::DOUBLE THEN low + (high - low) * share
    ELSE high - (high - low) * (1::DOUBLE - share) END FROM ends), 0::DOUBLE) AS threshold)
SELECT document_id, $day::TIMESTAMP AS event_timestamp, $known::TIMESTAMP AS created_timestamp, eligible, future_size,
  future_rate, CASE WHEN eligible THEN future_rate > threshold END AS hot_area, threshold
FROM rated, bar ORDER BY document_id
"""


@contextmanager
def _as_known(lake: Path, releases: Iterable[str], cutoff: Cutoff) -> Iterator[duckdb.DuckDBPyConnection]:
    folders = [lake / f"release={r}" for r in releases]
    files = {kind: [str(f / kind / "*.parquet") for f in folders] for kind in ("documents", "citations")}
    files["removals"] = [str(f / "removals.parquet") for f in folders]
    with duckdb.connect(config={"threads": 2}) as connection:
        for statement in duckdb.extract_statements(_KNOWN):
            given = {**files, "day": str(cutoff.day), "known": str(cutoff.known)}
            connection.execute(statement, {n: given[n] for n in statement.named_parameters})
        yield connection


def features(lake: Path, releases: Iterable[str], cutoff: Cutoff) -> pa.Table:
    """Return the features of all documents at a cutoff, ordered by document."""
    query = _FEATURES.replace("{percentiles}", ", ".join(_PERCENTILE.format(x=x) for x in _RANKED))
    with _as_known(lake, releases, cutoff) as connection:
        return connection.sql(query, params={"day": str(cutoff.day), "known": str(cutoff.known)}).to_arrow_table()


def labels(lake: Path, releases: Iterable[str], cutoff: Cutoff, years: int, quantile: float) -> pa.Table:
    """Return the labels of all documents at a cutoff, ordered by document."""
    given = {"day": str(cutoff.day), "known": str(cutoff.known), "years": years, "q": quantile}
    with _as_known(lake, releases, cutoff) as connection:
        return connection.sql(_LABELS, params=given).to_arrow_table()


def dangling(lake: Path, releases: Iterable[str], cutoff: Cutoff) -> tuple[int, int]:
    """Return how many references lead to no document that exists at the cutoff, and how many to the citing one."""
    with _as_known(lake, releases, cutoff) as connection:
        query = """SELECT
            (SELECT count(*) FROM pairs WHERE dated <= $day::DATE AND cited NOT IN (SELECT d FROM docs)),
            (SELECT count(*) FROM known_pairs WHERE citing = cited)"""
        found = connection.execute(query, {"day": str(cutoff.day)}).fetchone()
    assert found
    return found
