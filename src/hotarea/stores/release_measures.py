"""Measures releases against what was known before them, by SQL over the lake's Parquet files.

All releases are measured in one pass, however many they are. Only works that they hold are brought together with
earlier versions, and what does not fit into memory goes to disk.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from hotarea.domain import limits
from hotarea.domain.comparison import FIELDS, Again, Ended, Measures, New
from hotarea.domain.errors import ValidationError
from hotarea.domain.in_degrees import Cohort
from hotarea.stores.layout import REMOVALS, parts
from hotarea.stores.sql import listed

MEMORY = "1GB"

_LAKE = """
CREATE VIEW version AS SELECT * FROM read_parquet(
    {documents}, hive_partitioning = true, hive_types = {{'release': VARCHAR}}, union_by_name = true);
CREATE VIEW citation AS SELECT * FROM read_parquet(
    {citations}, hive_partitioning = true, hive_types = {{'release': VARCHAR}}, union_by_name = true);
CREATE VIEW removal AS SELECT * FROM read_parquet(
    {removals}, hive_partitioning = true, hive_types = {{'release': VARCHAR}}, union_by_name = true);
CREATE TABLE measured AS SELECT unnest({measured}) AS release;
CREATE TABLE looked_at AS SELECT unnest({looked_at}) AS release;
-- the works of the releases that are looked at, and which release told of each last before
CREATE TABLE told AS SELECT document_id, release, before FROM (
    SELECT document_id, release, lag(release) OVER (PARTITION BY document_id ORDER BY release) AS before
    FROM (SELECT DISTINCT document_id, release FROM version
      WHERE document_id IN (SELECT document_id FROM version SEMI JOIN looked_at USING (release))))
  SEMI JOIN looked_at USING (release);
-- how often each work is cited by the releases that are looked at, and which release was the first to hold it
CREATE TABLE counted AS SELECT release::DATE AS day, cited_id, count(*) AS citations
  FROM citation SEMI JOIN looked_at USING (release) GROUP BY ALL;
CREATE TABLE known AS SELECT document_id, min(release::DATE) AS first
  FROM version WHERE document_id IN (SELECT cited_id FROM counted) GROUP BY document_id;
"""

_AGAIN = """
CREATE TABLE pair AS SELECT * FROM told SEMI JOIN measured USING (release) WHERE before IS NOT NULL;
CREATE TABLE was_cited AS SELECT p.document_id, p.release, c.cited_id
  FROM citation c JOIN pair p ON c.citing_id = p.document_id AND c.release = p.before;
CREATE TABLE is_cited AS SELECT p.document_id, p.release, c.cited_id
  FROM citation c JOIN pair p ON c.citing_id = p.document_id AND c.release = p.release;
CREATE TABLE lists AS SELECT document_id, release, count(w.found) AS held,
    count(*) FILTER (w.found IS NULL) AS added, count(*) FILTER (i.found IS NULL) AS removed
  FROM (SELECT *, 1 AS found FROM was_cited) w FULL JOIN (SELECT *, 1 AS found FROM is_cited) i
    USING (document_id, release, cited_id) GROUP BY document_id, release;
CREATE TABLE compared AS SELECT p.release, p.before,
    coalesce(l.held, 0) AS held, coalesce(l.added, 0) AS added, coalesce(l.removed, 0) AS removed,
    year(n.published) - year(w.published) AS moved,
    n.updated = w.updated AS same_record,
    w.topic_id IS NOT NULL AND n.topic_id IS NULL AS topic_lost,
    n.published <> w.published AS "date",
    year(n.published) <> year(w.published) AS "year",
    n.topic_id IS DISTINCT FROM w.topic_id AS "topic",
    n.type IS DISTINCT FROM w.type AS "type",
    n.language IS DISTINCT FROM w.language AS "language",
    n.title IS DISTINCT FROM w.title AS "title",
    coalesce(l.added, 0) + coalesce(l.removed, 0) > 0 AS "references",
    n.is_retracted <> w.is_retracted AS "retraction"
  FROM pair p
  JOIN version n ON n.document_id = p.document_id AND n.release = p.release
  JOIN version w ON w.document_id = p.document_id AND w.release = p.before
  LEFT JOIN lists l ON l.document_id = p.document_id AND l.release = p.release;
"""

_AGAIN_BY_RELEASE = f"""
SELECT release, count(*) AS works,
  count(*) FILTER (NOT ({" OR ".join(f'"{name}"' for name in FIELDS)})) AS unchanged,
  count(*) FILTER (same_record) AS same_record, count(*) FILTER (topic_lost) AS topics_lost,
  sum(held)::BIGINT AS references_before, sum(added)::BIGINT AS references_added,
  sum(removed)::BIGINT AS references_removed,
  {", ".join(f'count(*) FILTER ("{name}") AS "{name}"' for name in FIELDS)}
FROM compared GROUP BY release
"""  # noqa: S608

_NEW = """
CREATE TABLE fresh AS SELECT v.release, year(v.release::DATE) - year(v.published) AS lag,
    v.published > v.release::DATE AS ahead,
    CASE WHEN lag < 0 THEN 'ahead' WHEN lag <= 2 THEN lag::VARCHAR WHEN lag <= 5 THEN '3 to 5'
      WHEN lag <= 10 THEN '6 to 10' WHEN lag <= 20 THEN '11 to 20' ELSE 'over 20' END AS "age",
    coalesce(v.topic_id, 'none') AS "topic", coalesce(v.type, 'none') AS "type",
    coalesce(v.language, 'none') AS "language",
    CASE WHEN v.reference_count = 0 THEN '0' WHEN v.reference_count < 5 THEN '1 to 4'
      WHEN v.reference_count < 10 THEN '5 to 9' WHEN v.reference_count < 20 THEN '10 to 19'
      WHEN v.reference_count < 40 THEN '20 to 39' ELSE '40 or more' END AS "references"
  FROM version v JOIN told t ON t.document_id = v.document_id AND t.release = v.release WHERE t.before IS NULL;
CREATE TABLE cited AS SELECT c.day::VARCHAR AS release, k.first::VARCHAR AS first,
    sum(citations)::BIGINT AS citations, sum(citations * (citations - 1))::BIGINT AS meetings
  FROM counted c LEFT JOIN known k ON k.document_id = c.cited_id AND k.first <= c.day GROUP BY c.day, k.first;
"""

_ENDED = """
CREATE TABLE ended AS SELECT DISTINCT r.release, r.document_id, r.merged_into
  FROM removal r SEMI JOIN measured USING (release) WHERE r.removed >= DATE '1500-01-01';
CREATE TABLE ended_known AS SELECT e.release, e.document_id, bool_or(e.merged_into IS NOT NULL) AS is_merged
  FROM ended e WHERE EXISTS (
    SELECT 1 FROM version v WHERE v.document_id = e.document_id AND v.release <= e.release)
  GROUP BY e.release, e.document_id;
"""

_ENDED_BY_RELEASE = """
SELECT e.release, count(*) FILTER (e.merged_into IS NULL) AS deleted, count(*) FILTER (e.merged_into IS NOT NULL)
  AS merged, count(DISTINCT k.document_id) AS known,
  coalesce(any_value(o.n), 0) AS citations_ended, coalesce(any_value(m.n), 0) AS citations_moved,
  coalesce(any_value(l.n), 0) AS citations_lost
FROM ended e LEFT JOIN ended_known k ON k.document_id = e.document_id AND k.release = e.release
LEFT JOIN (SELECT k.release, count(DISTINCT (c.citing_id, c.cited_id)) AS n FROM citation c
  JOIN ended_known k ON k.document_id = c.citing_id AND c.release <= k.release GROUP BY k.release) o
  ON o.release = e.release
LEFT JOIN (SELECT k.release, count(DISTINCT (c.citing_id, c.cited_id)) AS n FROM citation c
  JOIN ended_known k ON k.document_id = c.cited_id AND c.release <= k.release AND k.is_merged GROUP BY k.release) m
  ON m.release = e.release
LEFT JOIN (SELECT k.release, count(DISTINCT (c.citing_id, c.cited_id)) AS n FROM citation c
  JOIN ended_known k ON k.document_id = c.cited_id AND c.release <= k.release AND NOT k.is_merged GROUP BY k.release) l
  ON l.release = e.release
GROUP BY e.release
"""


@dataclass(frozen=True)
class Known:
    """A release whose files lie in a folder `release=ID`, published or built."""

    release: str
    folder: Path
    is_correction: bool = False


def measure(
    releases: Sequence[Known], wanted: Sequence[str], aside: Path, held: Mapping[str, int] | None = None
) -> list[Measures]:
    """Measure the `wanted` ones of all `releases`, both oldest first; `aside` is a folder for what exceeds memory.

    `held` says of each correction how many works the deliveries that it corrects held. Raises `ValidationError` if a
    file of a release cannot be read.
    """
    try:
        return _measured(releases, wanted, aside, held or {})
    except duckdb.IOException as error:
        raise ValidationError(
            f"releases cannot be compared: {error}; expected the published files. Run `hotarea validate`, "
            "which names what is damaged."
        ) from error


def _measured(releases: Sequence[Known], wanted: Sequence[str], aside: Path, held: Mapping[str, int]) -> list[Measures]:
    usual = {release: _usual(releases, release) for release in wanted}
    looked_at = sorted({*wanted, *(release for before in usual.values() for release in before)})
    with _lake(releases, wanted, looked_at, aside) as lake:
        sizes = dict(lake.execute("SELECT release, count(*) FROM version GROUP BY release ORDER BY release").fetchall())
        again, ended, new = _again(lake), _ended(lake), _new(lake)
        cohorts = _cohorts(lake, sizes)
    return [
        Measures(
            release=release,
            documents=sizes.get(release, 0),
            again=again.get(release, Again()),
            new=new.get(release, New()),
            usual=_together([new.get(before, New()) for before in usual[release]]),
            ended=ended.get(release, Ended()),
            cohorts=tuple(cohorts.get(release, ())),
            sizes={name: size for name, size in sizes.items() if name < release},
            held=held.get(release),
        )
        for release in wanted
    ]


@contextmanager
def _lake(
    releases: Sequence[Known], wanted: Sequence[str], looked_at: Sequence[str], aside: Path
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database in memory that sees the files of all releases, and sorts out what is told of which."""
    kinds = ("documents", "citations", "removals")
    given = {kind: listed(path for known in releases for path in _parts(known, kind)) for kind in kinds}
    given |= {"measured": listed(wanted), "looked_at": listed(looked_at)}
    config = {"memory_limit": MEMORY, "temp_directory": str(aside), "preserve_insertion_order": False}
    with duckdb.connect(config=config) as connection:
        for statement in (
            _LAKE.format(**given),
            _AGAIN,
            _NEW,
            _ENDED,
        ):
            connection.execute(statement)
        yield connection


def _parts(known: Known, kind: str) -> list[Path]:
    if kind == "removals":
        return [known.folder / REMOVALS]
    return parts(known.folder / kind)


def _usual(releases: Sequence[Known], release: str) -> list[str]:
    """Return the deliveries before a release whose new works say what is usual."""
    day = date.fromisoformat(release)
    before = [k.release for k in releases if not k.is_correction and date.fromisoformat(k.release) < day]
    return before[1:][-limits.USUAL_RELEASES :]


def _again(lake: duckdb.DuckDBPyConnection) -> dict[str, Again]:
    moves = _nested(lake, "SELECT release, moved, count(*) FROM compared GROUP BY ALL")
    origins = _nested(lake, "SELECT release, before, count(*) FROM compared GROUP BY ALL")
    return {
        row["release"]: Again(
            works=row["works"],
            unchanged=row["unchanged"],
            same_record=row["same_record"],
            changed={name: row[name] for name in FIELDS},
            year_moves=moves[row["release"]],
            topics_lost=row["topics_lost"],
            references_before=row["references_before"],
            references_added=row["references_added"],
            references_removed=row["references_removed"],
            of_release=origins[row["release"]],
        )
        for row in _rows(lake, _AGAIN_BY_RELEASE)
    }


def _ended(lake: duckdb.DuckDBPyConnection) -> dict[str, Ended]:
    return {row.pop("release"): Ended(**row) for row in _rows(lake, _ENDED_BY_RELEASE)}


def _new(lake: duckdb.DuckDBPyConnection) -> dict[str, New]:
    names = [name for name in limits.DRIFT_DISTANCES if name != "found"]
    values = {n: _nested(lake, f'SELECT release, "{n}", count(*) FROM fresh GROUP BY ALL') for n in names}  # noqa: S608
    values["found"] = _nested(
        lake,
        "SELECT release, CASE WHEN first IS NULL THEN 'unknown' ELSE 'known' END, sum(citations)::BIGINT "
        "FROM cited GROUP BY ALL",
    )
    lags = _nested(lake, "SELECT release, lag, count(*) FROM fresh GROUP BY ALL")
    counts = _rows(lake, "SELECT release, count(*) AS works, count(*) FILTER (ahead) AS ahead FROM fresh GROUP BY ALL")
    return {
        row["release"]: New(
            works=row["works"],
            values={name: values[name].get(row["release"], {}) for name in limits.DRIFT_DISTANCES},
            lags=lags[row["release"]],
            ahead=row["ahead"],
        )
        for row in counts
    }


def _cohorts(lake: duckdb.DuckDBPyConnection, sizes: Mapping[str, int]) -> dict[str, list[Cohort]]:
    rows = _rows(lake, "SELECT * FROM cited WHERE first IS NOT NULL ORDER BY release, first")
    found: dict[str, list[Cohort]] = {}
    for row in rows:
        found.setdefault(row["release"], []).append(Cohort(sizes[row["first"]], row["citations"], row["meetings"]))
    return found


def _together(parts: Sequence[New]) -> New:
    return New(
        works=sum(part.works for part in parts),
        values={name: _summed([part.values.get(name, {}) for part in parts]) for name in limits.DRIFT_DISTANCES},
        lags=_summed([part.lags for part in parts]),
        ahead=sum(part.ahead for part in parts),
    )


def _summed(counts: Sequence[Mapping[Any, int]]) -> dict[Any, int]:
    return {key: sum(c.get(key, 0) for c in counts) for key in dict.fromkeys(key for c in counts for key in c)}


def _nested(lake: duckdb.DuckDBPyConnection, query: str) -> dict[str, dict[Any, int]]:
    """Return counts by release and value, in this order, from a query for rows of (release, value, count)."""
    found: dict[str, dict[Any, int]] = {}
    for release, value, count in lake.execute(f"{query} ORDER BY ALL").fetchall():
        found.setdefault(release, {})[value] = count
    return found


def _rows(lake: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = lake.sql(query).to_arrow_table().to_pylist()
    return rows
