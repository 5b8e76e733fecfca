"""Counting in ranges of cutoffs, by hand; random corpora are held against SQL in tests/beam_jobs."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from hotarea.domain import citation_counts
from hotarea.domain.citation_counts import Counts, Inside, Shares, gather, spread, tally
from hotarea.domain.cutoff_axis import CutoffAxis, days_since_epoch, past
from hotarea.domain.references import Pairs
from hotarea.domain.versions import Works
from hotarea.domain.windows import Cutoff

AXIS = CutoffAxis.of(Cutoff(date(y, 12, 31), date(y, 12, 31)) for y in range(2010, 2020))  # index 0 is 2010
WINDOWS = (past(5), past(1))
END = len(AXIS)


def mid(year: int) -> int:
    return days_since_epoch(date(year, 7, 1))


def works(*rows: tuple[int, int, int, int]) -> Works:
    """Make works of (id, year, first, stop)."""
    document_id, year, first, stop = np.array(rows, np.int64).reshape(-1, 4).T
    published = np.array([mid(y) for y in year], np.int32)
    return Works(
        document_id,
        np.zeros(len(rows), np.int32),
        published,
        document_id % 2 == 0,
        first.astype(np.int32),
        stop.astype(np.int32),
    )


def pairs(*rows: tuple[int, int, int, int, int]) -> Pairs:
    """Make pairs of (citing, cited, year, first, stop), ordered by cited."""
    citing, cited, year, first, stop = np.array(rows, np.int64).reshape(-1, 5).T
    published = np.array([mid(y) for y in year], np.int32)
    return Pairs(citing, cited, published, first.astype(np.int32), stop.astype(np.int32))


def series(tallies: Counts, document_id: int, values: np.ndarray) -> dict[int, int]:
    here = tallies.document_id == document_id
    return dict(zip((tallies.cutoff[here] + 2010).tolist(), values[here].tolist(), strict=True))


def test_a_document_has_rows_from_its_publication_on_while_it_is_valid() -> None:
    found, _, _ = tally(works((1, 2012, 0, END), (2, 2009, 3, 5), (4, 2030, 0, END)), Pairs.empty(), AXIS, WINDOWS)
    assert {i: list(series(found, i, found.cite_count)) for i in (1, 2, 4)} == {
        1: [2012, 2013, 2014, 2015, 2016, 2017, 2018, 2019],
        2: [2013, 2014],
        4: [],
    }
    assert set(found.is_retracted[found.document_id == 2]) == {True}


def test_a_citation_counts_in_its_window_only() -> None:
    found, _, _ = tally(works((1, 2000, 0, END)), pairs((9, 1, 2012, 0, END)), AXIS, WINDOWS)
    assert [y for y, n in series(found, 1, found.cite_count).items() if n] == list(range(2012, 2020))
    assert [y for y, n in series(found, 1, found.counts[:, 0]).items() if n] == list(range(2012, 2017))
    assert [y for y, n in series(found, 1, found.counts[:, 1]).items() if n] == [2012]


def test_a_citation_counts_while_both_ends_exist() -> None:
    cited = works((1, 2000, 0, 6), (1, 2014, 6, END))  # corrected at index 6: published in 2014 after all
    found, inside, _ = tally(cited, pairs((9, 1, 2011, 3, 8)), AXIS, WINDOWS)
    assert [y for y, n in series(found, 1, found.cite_count).items() if n] == [2013, 2014, 2015, 2016, 2017]
    assert sorted(zip(inside.first.tolist(), inside.stop.tolist(), strict=True)) == [(3, 6), (6, 8)]


def test_a_citation_of_a_later_document_waits_for_it() -> None:
    found, inside, dangling = tally(works((1, 2015, 0, END)), pairs((9, 1, 2012, 0, END)), AXIS, WINDOWS)
    assert [y for y, n in series(found, 1, found.counts[:, 0]).items() if n] == [2015, 2016]
    assert (inside.first.tolist(), inside.stop.tolist(), dangling) == ([5], [END], 0)


def test_publication_days_of_the_citing_are_summed() -> None:
    found, _, _ = tally(works((1, 2000, 0, END)), pairs((8, 1, 2011, 0, END), (9, 1, 2013, 0, 5)), AXIS, WINDOWS)
    sums = series(found, 1, found.citing_days)
    assert (sums[2010], sums[2012], sums[2014], sums[2015]) == (0, mid(2011), mid(2011) + mid(2013), mid(2011))


def test_references_inside_are_reduced_to_ranges() -> None:
    cited = works((1, 2000, 0, END), (3, 2000, 0, END), (5, 2018, 0, END))
    _, inside, _ = tally(cited, pairs((9, 1, 2012, 0, END), (9, 3, 2012, 0, END), (9, 5, 2012, 0, END)), AXIS, WINDOWS)
    rows = zip(*(c.tolist() for c in (inside.document_id, inside.first, inside.stop, inside.references)), strict=True)
    assert list(rows) == [(9, 2, END, 2), (9, 8, END, 1)]


@pytest.mark.parametrize(
    ("cited", "citation", "dangling"),
    [
        (works((1, 2000, 0, END)), pairs((9, 1, 2012, 0, END)), 0),
        (works((1, 2000, 0, END)), pairs((9, 2, 2012, 0, END)), 1),
        (works((1, 2000, 0, 9)), pairs((9, 1, 2012, 0, END)), 1),  # the cited work has ended
        (works((1, 2030, 0, END)), pairs((9, 1, 2012, 0, END)), 1),  # it is not published yet
        (works((1, 2000, 0, 9)), pairs((9, 1, 2012, 0, 9)), 0),  # the citing work has ended as well
        (works((1, 2000, 0, 9)), pairs((9, 1, 2030, 0, END)), 0),  # it is not published yet
        (works(), pairs((9, 1, 2012, 0, END)), 1),
    ],
)
def test_dangling_citations_at_the_newest_cutoff(cited: Works, citation: Pairs, dangling: int) -> None:
    assert tally(cited, citation, AXIS, WINDOWS)[2] == dangling


def test_rows_are_found_by_document_and_cutoff() -> None:
    tallies, _, _ = tally(works((1, 2000, 2, 4), (7, 2000, 0, 1)), Pairs.empty(), AXIS, WINDOWS)
    asked = [(1, 2), (1, 3), (1, 4), (1, 1), (7, 0), (7, 1), (5, 2), (0, 0), (99, 3), (7, 9)]
    document_id, cutoff = np.array(asked, np.int64).T
    assert tallies.rows_at(document_id, cutoff.astype(np.int32)).tolist() == [0, 1, -1, -1, 2, -1, -1, -1, -1, -1]
    nothing, _, _ = tally(works(), Pairs.empty(), AXIS, WINDOWS)
    assert nothing.rows_at(document_id, cutoff.astype(np.int32)).tolist() == [-1] * len(asked)


@pytest.mark.parametrize("block", [1, 3, 1_000_000])
def test_areas_sum_what_their_members_count(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(citation_counts, "_BLOCK", block)
    everyone = works((1, 2000, 0, END), (3, 2010, 0, END), (5, 2011, 0, END), (7, 2012, 0, END))
    cites = pairs((3, 1, 2010, 0, END), (5, 1, 2011, 0, END), (5, 3, 2011, 0, END), (7, 3, 2012, 0, END))
    cites = Pairs.concatenate([cites, pairs((7, 5, 2012, 0, END))])
    tallies, inside, _ = tally(everyone, cites, AXIS, WINDOWS)
    found = gather(tallies, list(spread(tallies, cites, AXIS)), [inside])
    # 1 is cited in 2010 and 2011, 3 in 2011 and 2012, 5 in 2012; the area of 1 is {1, 3, 5}.
    assert series(found, 1, found.sizes[:, 0]) == dict(
        zip(range(2010, 2020), [1, 3, 5, 5, 5, 4, 2, 0, 0, 0], strict=True)
    )
    assert [series(found, 1, found.sizes[:, 1])[y] for y in (2010, 2011, 2012, 2013)] == [1, 2, 2, 0]
    assert [series(found, 1, found.top)[y] for y in (2010, 2011, 2012, 2013)] == [0, 1, 1, 0]
    assert series(found, 7, found.references_inside)[2012] == 2


def test_a_member_counts_from_the_day_it_is_in_the_area() -> None:
    """3 cites 1 only as known from index 5 on; its own citations are older."""
    everyone = works((1, 2000, 0, END), (3, 2008, 0, END), (5, 2011, 0, END))
    cites = pairs((3, 1, 2008, 5, END), (5, 3, 2011, 0, END))
    tallies, inside, _ = tally(everyone, cites, AXIS, WINDOWS)
    found = gather(tallies, list(spread(tallies, cites, AXIS)), [inside])
    assert [y for y, n in series(found, 1, found.sizes[:, 0]).items() if n] == [2015]


def test_what_comes_for_documents_that_do_not_exist_is_left_out() -> None:
    tallies, _, _ = tally(works((1, 2000, 4, END)), Pairs.empty(), AXIS, WINDOWS)
    shares = Shares(
        np.array([1, 1, 2], np.int64), np.array([3, 4, 4], np.int32), np.full((3, 2), 5), np.full(3, 2, np.int64)
    )
    found = gather(tallies, [shares, replace(shares, top=shares.top + 1)], [])
    assert (int(found.sizes.sum()), found.top.tolist()) == (20, [3, 0, 0, 0, 0, 0])


def test_insides_of_several_shards_add_up() -> None:
    tallies, _, _ = tally(works((1, 2000, 4, 8)), Pairs.empty(), AXIS, WINDOWS)
    ranges = Inside(np.array([1, 1]), np.array([4, 5], np.int32), np.array([8, 6], np.int32), np.array([2, 1]))
    assert gather(tallies, [], [ranges, ranges]).references_inside.tolist() == [4, 6, 4, 4]
