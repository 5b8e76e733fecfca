"""A citation network as two files, papers with dates and edges, made into the same columns as works.

It has no dates of delivery, so it is split into one release per calendar year of publication, each dated the year's
last day, and the newest one by its newest paper. When it grows, the releases that were made of it keep their dates, and
papers after the last of them make new ones.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hotarea.domain import csv_rows, identifiers, limits, raw_kinds, raw_layout
from hotarea.domain.columns import Bools, Ints
from hotarea.domain.delivery import too_many_rejected
from hotarea.domain.errors import RawDataError
from hotarea.domain.raw_kinds import Kinds
from hotarea.domain.record_dates import published
from hotarea.domain.rejects import Reason, Reject, Wrong, reject
from hotarea.domain.works import WORKS

PAPERS = "papers.csv.gz"
EDGES = "edges.csv.gz"

_YEAR_DAYS = 365

_FIELDS = tuple(raw_layout.LAYOUTS["edge_list"])


@dataclass(frozen=True)
class EdgeList:
    """The papers as rows of `WORKS` with their references, and what was rejected and dropped."""

    works: pa.Table  # ordered by id
    edges: Ints  # of each paper, before repeated ones are dropped
    rejects: dict[str, list[Reject]]  # by file
    kinds: dict[str, Kinds]  # by file
    repeated_papers: int  # rows that gave way to a later one of the same id
    unknown_citing: int  # edges whose citing id is no paper: without a date they are dropped
    self_citations: int
    repeated_edges: int

    @property
    def newest(self) -> date:
        """When the newest paper was published."""
        day: date = pc.max(self.works["published"]).as_py()
        return day

    def of(self, release_date: date, after: date | None) -> tuple[pa.Table, int]:
        """Return the papers of a release: published until its date and after another; and how many edges they have."""
        published = self.works["published"]
        within = pc.less_equal(published, pa.scalar(release_date))
        if after:
            within = pc.and_(within, pc.greater(published, pa.scalar(after)))
        rows, at = self.works.filter(within), WORKS.get_field_index("updated")
        moment = pa.scalar(datetime.combine(release_date, time(), UTC), WORKS.field(at).type)
        edges = int(self.edges[within.to_numpy()].sum())
        return rows.set_column(at, WORKS.field(at), pa.repeat(moment, rows.num_rows)), edges


@dataclass(frozen=True)
class _Papers:
    ids: Ints  # int64, ascending, distinct
    days: Ints  # int64, days since 1970
    titles: list[str | None]
    rows: Ints
    repeated: int
    rejects: list[Reject]
    records: int
    kinds: Kinds


def read(folder: Path, as_of: date, rejected_share: float = limits.REJECTED_SHARE) -> EdgeList:
    """Read `papers.csv.gz` (id, date and perhaps title) and `edges.csv.gz` (citing, cited).

    Papers dated after `as_of` are rejected. Raises `RawDataError` if a file is unreadable, more than `rejected_share`
    of it is rejected, or the dates are of another corpus than the edges.
    """
    papers = _papers(folder / PAPERS, as_of)
    _check_rejects(folder / PAPERS, len(papers.rejects), papers.records, rejected_share)
    citing, cited, rejects, edges, kinds = _edges(folder / EDGES)
    _check_rejects(folder / EDGES, len(rejects), edges, rejected_share)
    known = np.isin(citing, papers.ids)
    _check(papers, citing, cited, known)
    lengths, references, self_citations, repeated = _references(papers, citing[known], cited[known])
    return EdgeList(
        works=_works(papers, references),
        edges=lengths,
        rejects={PAPERS: papers.rejects, EDGES: rejects},
        kinds={PAPERS: papers.kinds, EDGES: kinds},
        repeated_papers=papers.repeated,
        unknown_citing=int((~known).sum()),
        self_citations=self_citations,
        repeated_edges=repeated,
    )


def release_dates(folder: Path, as_of: date, known: Collection[date] = ()) -> list[date]:
    """Return the dates of the releases that an edge list is split into, oldest first; none is without papers.

    `known` are the dates of those that were made of it before.
    """
    days = _papers(folder / PAPERS, as_of).days
    newest = date(1970, 1, 1) + timedelta(days=int(days.max()))
    ends = {date(year, 12, 31) for year in _years(days) if year < newest.year}
    bounds = sorted({*ends, newest, *(day for day in known if day <= newest)})
    held = np.unique(np.searchsorted([(day - date(1970, 1, 1)).days for day in bounds], days))
    return [bounds[at] for at in held.tolist()]


def _years(days: Ints) -> list[int]:
    years: list[int] = (np.unique(days.astype("datetime64[D]").astype("datetime64[Y]").astype(int)) + 1970).tolist()
    return years


def _papers(path: Path, as_of: date) -> _Papers:
    table, rejects = csv_rows.read(path, ("id", "date"), optional=("title",))
    names, days = csv_rows.texts(table["id"]), csv_rows.texts(table["date"])
    titles = _titles(table)
    dates = [published(day or None, None, as_of) for day in days]
    numbers, rows = identifiers.plain(names).to_pylist(), table["row"].to_pylist()
    found = [_wrong(*paper) for paper in zip(names, numbers, dates, titles, strict=True)]
    bad = {at: wrong for at, wrong in enumerate(found) if wrong}
    rejects += [reject(rows[at], wrong, f"{names[at]},{days[at]},{titles[at]}") for at, wrong in bad.items()]
    good = {numbers[at]: at for at in range(len(rows)) if at not in bad}  # of rows with the same id the last
    if not good:
        raise RawDataError(f"{path} has no paper with an id and a date; expected at least one")
    kept = [good[number] for number in sorted(good)]
    return _Papers(
        ids=np.array(sorted(good)),
        days=np.array([dates[at] for at in kept], dtype="datetime64[D]").astype(np.int64),
        titles=[titles[at] or None for at in kept],
        rows=np.array(rows)[kept],
        repeated=len(rows) - len(bad) - len(good),
        rejects=rejects,
        records=table.num_rows,
        kinds=_kinds({"paper_id": names, "paper_date": days}, rows),
    )


def _kinds(columns: Mapping[str, Sequence[str | None]], lines: Sequence[int]) -> Kinds:
    found = Kinds(_FIELDS)
    found.add({name: raw_kinds.folded([*map(raw_kinds.of_text, texts)]) for name, texts in columns.items()}, lines)
    return found


def _titles(table: pa.Table) -> list[str | None]:
    return csv_rows.texts(table["title"]) if "title" in table.column_names else [*[""] * table.num_rows]


def _wrong(name: str | None, number: int | None, day: object, title: str | None) -> Wrong | None:
    if title is None:
        return Wrong(Reason.INVALID_UTF8, "the title is not UTF-8")
    if number is None:
        return Wrong(Reason.BAD_ID, f"id {name!r}; expected a positive whole number of up to 18 digits")
    return day if isinstance(day, Wrong) else None


def _edges(path: Path) -> tuple[Ints, Ints, list[Reject], int, Kinds]:
    table, rejects = csv_rows.read(path, ("citing", "cited"))
    texts = {name: csv_rows.texts(table[name]) for name in ("citing", "cited")}
    citing, cited = (identifiers.plain(ends).fill_null(0).to_numpy(zero_copy_only=False) for ends in texts.values())
    good = (citing > 0) & (cited > 0)
    for at in np.flatnonzero(~good).tolist():
        edge = [(table[name][at].as_py() or b"").decode("utf-8", errors="replace") for name in texts]
        wrong = Wrong(Reason.BAD_ID, f"edge {edge}; expected two positive whole numbers")
        rejects.append(reject(table["row"][at].as_py(), wrong, ",".join(edge)))
    return citing[good], cited[good], rejects, table.num_rows, _kinds(texts, table["row"].to_pylist())


def _references(papers: _Papers, citing: Ints, cited: Ints) -> tuple[Ints, pa.ListArray, int, int]:
    order = np.argsort(citing, kind="stable")
    lengths = np.bincount(np.searchsorted(papers.ids, citing), minlength=len(papers.ids))
    return lengths, *identifiers.distinct_references(papers.ids, lengths, cited[order])


def _check(papers: _Papers, citing: Ints, cited: Ints, known: Bools) -> None:
    """Raise `RawDataError` if papers and edges are of different corpora; `known`: the edges with a citing paper."""
    target = np.isin(cited, papers.ids)
    joined = (known.sum() + target.sum()) / max(2 * len(citing), 1)
    if len(citing) and joined < limits.JOINED_SHARE:
        raise RawDataError(
            f"{joined:.0%} of the ends of {len(citing)} edges in {EDGES} are ids in {PAPERS}; expected at least "
            f"{limits.JOINED_SHARE:.0%}. The dates file lacks papers or is of another corpus than the edges: deliver "
            "the right one."
        )
    both = known & target
    later = (_days(papers, cited[both]) - _days(papers, citing[both])) > _YEAR_DAYS
    if len(later) and later.mean() > limits.YEAR_LATER_SHARE:
        raise RawDataError(
            f"{later.mean():.0%} of {len(later)} citations in {EDGES} point to papers that {PAPERS} dates over a year "
            f"later; expected at most {limits.YEAR_LATER_SHARE:.0%}. The dates file is of another corpus, "
            f"whose ids join by accident: deliver the right one."
        )


def _check_rejects(path: Path, rejected: int, records: int, share: float) -> None:
    if too_many_rejected(rejected, records, share):
        raise RawDataError(
            f"{path}: {rejected} of {records} rows cannot be used; expected at most {share:.0%} "
            "(HOTAREA_REJECTED_SHARE). Nothing was published; check the file."
        )


def _days(papers: _Papers, ids: Ints) -> Ints:
    return papers.days[np.searchsorted(papers.ids, ids)]


def _works(papers: _Papers, references: pa.ListArray) -> pa.Table:
    """Return rows of `WORKS`; as long as they are of no release, they count as updated in 1970."""
    count = len(papers.ids)
    nothing = pa.nulls(count, pa.string())
    columns: list[Any] = [
        papers.ids,
        pa.array(papers.days.astype(np.int32)).cast(pa.date32()),
        np.zeros(count, np.int64),
        papers.titles,
        *[nothing] * 4,
        np.zeros(count, dtype=bool),
        references,
        np.zeros(count, dtype=np.int32),
        papers.rows,
    ]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, WORKS, strict=True)], schema=WORKS)
