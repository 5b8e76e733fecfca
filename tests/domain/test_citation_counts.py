"""Counting in ranges of cutoffs, by hand; random corpora are held against SQL in tests/beam_jobs."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from hotarea.domain.citation_counts import Counts, Shares, Tallies, gather, spread, tally
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
    """Make pairs of (place of the citing, cited, year, first, stop), ordered by cited."""
    citing, cited, year, first, stop = np.array(rows, np.int64).reshape(-1, 5).T
    published = np.array([mid(y) for y in year], np.int32)
    return Pairs(citing.astype(np.int32), cited, published, first.astype(np.int16), stop.astype(np.int16))


def series(counts: Counts, document_id: int, values: NDArray[Any]) -> dict[int, int]:
    """Return the values, (cutoffs, documents), of a document in the years at which it exists."""
    at = counts.document_id.tolist().index(document_id)
    return {year + 2010: int(values[year, at]) for year in range(END) if counts.exists[year, at]}


def years(counts: Counts, document_id: int, values: NDArray[Any]) -> list[int]:
    """Return the years in which a document's value is not 0."""
    return [year for year, value in series(counts, document_id, values).items() if value]


def counted(cited: Works, citations: Pairs) -> tuple[Counts, Tallies, int]:
    """Count citations from another shard; the tallies are what becomes of them if they are of this shard as well."""
    counts, existence, dangling = tally(cited, {0: citations}, AXIS, WINDOWS)
    shares = [share for _, share in spread(counts, {0: citations})]
    return counts, gather(counts, shares, [(citations, existence[0])]), dangling


def test_a_document_exists_from_its_publication_on_while_it_is_valid() -> None:
    found, _, _ = tally(works((1, 2012, 0, END), (2, 2009, 3, 5), (4, 2030, 0, END)), {}, AXIS, WINDOWS)
    assert {i: list(series(found, i, found.cite_count)) for i in (1, 2, 4)} == {
        1: [2012, 2013, 2014, 2015, 2016, 2017, 2018, 2019],
        2: [2013, 2014],
        4: [],
    }
    assert years(found, 2, found.is_retracted) == [2013, 2014]
    assert series(found, 2, found.published) == dict.fromkeys((2013, 2014), mid(2009))


def test_a_citation_counts_in_its_window_only() -> None:
    found, _, _ = tally(works((1, 2000, 0, END)), {0: pairs((0, 1, 2012, 0, END))}, AXIS, WINDOWS)
    assert years(found, 1, found.cite_count) == list(range(2012, 2020))
    assert years(found, 1, found.counts[0]) == list(range(2012, 2017))
    assert years(found, 1, found.counts[1]) == [2012]


def test_a_citation_counts_while_both_ends_exist() -> None:
    cited = works((1, 2000, 0, 6), (1, 2014, 6, END))  # corrected at index 6: published in 2014 after all
    found, existence, _ = tally(cited, {0: pairs((0, 1, 2011, 3, 8))}, AXIS, WINDOWS)
    assert years(found, 1, found.cite_count) == [2013, 2014, 2015, 2016, 2017]
    assert np.unpackbits(existence[0][:, 0], count=END).tolist() == [1] * END
    assert [series(found, 1, found.published)[y] for y in (2015, 2016)] == [mid(2000), mid(2014)]


def test_a_citation_of_a_later_document_waits_for_it() -> None:
    found, existence, dangling = tally(works((1, 2015, 0, END)), {7: pairs((0, 1, 2012, 0, END))}, AXIS, WINDOWS)
    assert years(found, 1, found.counts[0]) == [2015, 2016]
    assert np.unpackbits(existence[7][:, 0], count=END).tolist() == [0] * 5 + [1] * 5
    assert dangling == 0


def test_publication_days_of_the_citing_are_summed() -> None:
    citations = {1: pairs((8, 1, 2011, 0, END)), 2: pairs((9, 1, 2013, 0, 5))}
    found, _, _ = tally(works((1, 2000, 0, END)), citations, AXIS, WINDOWS)
    sums = series(found, 1, found.citing_days)
    assert (sums[2010], sums[2012], sums[2014], sums[2015]) == (0, mid(2011), mid(2011) + mid(2013), mid(2011))


def test_references_inside_are_those_that_exist_while_they_are_made() -> None:
    everyone = works((1, 2000, 0, END), (3, 2000, 0, 8), (5, 2018, 0, END), (9, 2012, 0, END))
    made = pairs((3, 1, 2012, 0, END), (3, 3, 2012, 0, END), (3, 5, 2012, 4, END), (3, 6, 2012, 0, END))
    _, found, dangling = counted(everyone, made)
    assert series(found, 9, found.references_inside) == dict.fromkeys(range(2012, 2020), 2)  # 3 ends as 5 begins
    assert dangling == 2


@pytest.mark.parametrize(
    ("cited", "citation", "dangling"),
    [
        (works((1, 2000, 0, END)), pairs((0, 1, 2012, 0, END)), 0),
        (works((1, 2000, 0, END)), pairs((0, 2, 2012, 0, END)), 1),
        (works((1, 2000, 0, 9)), pairs((0, 1, 2012, 0, END)), 1),  # the cited work has ended
        (works((1, 2030, 0, END)), pairs((0, 1, 2012, 0, END)), 1),  # it is not published yet
        (works((1, 2000, 0, 9)), pairs((0, 1, 2012, 0, 9)), 0),  # the citing work has ended as well
        (works((1, 2000, 0, 9)), pairs((0, 1, 2030, 0, END)), 0),  # it is not published yet
        (works(), pairs((0, 1, 2012, 0, END)), 1),
    ],
)
def test_dangling_citations_at_the_newest_cutoff(cited: Works, citation: Pairs, dangling: int) -> None:
    assert tally(cited, {0: citation}, AXIS, WINDOWS)[2] == dangling


def test_documents_are_found_by_their_id() -> None:
    found, _, _ = tally(works((1, 2000, 2, 4), (7, 2000, 0, 1)), {}, AXIS, WINDOWS)
    row, here = found.rows_of(np.array([7, 1, 5, 0, 99]))
    assert (here.tolist(), row[here].tolist()) == ([True, True, False, False, False], [1, 0])
    nothing, _, _ = tally(works(), {}, AXIS, WINDOWS)
    assert nothing.rows_of(np.array([7, 1]))[1].tolist() == [False, False]


def test_areas_sum_what_their_members_count() -> None:
    everyone = works((1, 2000, 0, END), (3, 2010, 0, END), (5, 2011, 0, END), (7, 2012, 0, END))
    cites = pairs((1, 1, 2010, 0, END), (2, 1, 2011, 0, END), (2, 3, 2011, 0, END), (3, 3, 2012, 0, END))
    cites = Pairs.concatenate([cites, pairs((3, 5, 2012, 0, END))])
    _, found, _ = counted(everyone, cites)
    # 1 is cited in 2010 and 2011, 3 in 2011 and 2012, 5 in 2012; the area of 1 is {1, 3, 5}.
    assert series(found, 1, found.sizes[0]) == dict(zip(range(2010, 2020), [1, 3, 5, 5, 5, 4, 2, 0, 0, 0], strict=True))
    assert [series(found, 1, found.sizes[1])[y] for y in (2010, 2011, 2012, 2013)] == [1, 2, 2, 0]
    assert [series(found, 1, found.top)[y] for y in (2010, 2011, 2012, 2013)] == [0, 1, 1, 0]
    assert series(found, 7, found.references_inside)[2012] == 2


def test_a_member_counts_from_the_day_it_is_in_the_area() -> None:
    """3 cites 1 only as known from index 5 on; its own citations are older."""
    everyone = works((1, 2000, 0, END), (3, 2008, 0, END), (5, 2011, 0, END))
    _, found, _ = counted(everyone, pairs((1, 1, 2008, 5, END), (2, 3, 2011, 0, END)))
    assert years(found, 1, found.sizes[0]) == [2015]


def test_what_comes_for_documents_that_do_not_exist_is_left_out() -> None:
    tallies, _, _ = tally(works((1, 2000, 4, END)), {}, AXIS, WINDOWS)
    shares = Shares(np.array([1, 2]), np.full((2, 2 * END), 5, np.int32), np.full((2, END), 2, np.int32))
    more = Shares(np.array([1]), np.ones((1, 2 * END), np.int32), np.full((1, END), 3, np.int32))
    found = gather(tallies, [shares, more], [])
    assert series(found, 1, found.sizes[1]) == dict.fromkeys(range(2014, 2020), 6)
    assert series(found, 1, found.top) == dict.fromkeys(range(2014, 2020), 3)
    assert (int(found.sizes[:, :4].sum()), int(found.top[:4].sum())) == (0, 0)


def test_a_snapshot_holds_the_documents_of_its_cutoff() -> None:
    everyone = works((1, 2012, 0, END), (2, 2009, 3, 5), (4, 2030, 0, END))
    _, found, _ = counted(everyone, pairs((1, 1, 2013, 0, END)))
    snapshot = found.at(4)
    assert (snapshot.document_id.tolist(), snapshot.cite_count.tolist(), len(snapshot)) == ([1, 2], [1, 0], 2)
    assert snapshot.counts.tolist() == [[1, 0], [0, 0]]
    assert snapshot.references_inside.tolist() == [0, 1]
    assert len(found.at(0)) == 0


def test_a_document_without_references_adds_to_no_area() -> None:
    tallies, _, _ = tally(works((1, 2000, 0, END)), {}, AXIS, WINDOWS)
    assert list(spread(tallies, {0: Pairs.empty()})) == []
