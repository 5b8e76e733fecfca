"""What SQL measures of releases is what a few lines of Python count, on any small corpus."""

import tempfile
from collections import Counter
from datetime import date
from pathlib import Path

from hypothesis import HealthCheck, given
from hypothesis import settings as checked

from hotarea.domain import limits
from hotarea.domain.comparison import Measures
from hotarea.domain.in_degrees import Cohort
from hotarea.stores.layout import Layout
from hotarea.stores.release_measures import Known, measure
from tests.corpora import EVENTFUL, end
from tests.drawn import Corpus, corpora
from tests.lakes import Delivery, Removal, Work, write_lake


def measured(home: Path, releases: list[str], wanted: list[str] | None = None) -> dict[str, Measures]:
    known = [Known(release, Layout(home).release(release)) for release in releases]
    return {m.release: m for m in measure(known, wanted or releases, home)}


@given(corpora())
@checked(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_corpus(corpus: Corpus) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder), write_lake(Path(folder), corpus.deliveries))
    told: dict[int, Work] = {}
    first: dict[int, date] = {}
    ended: set[int] = set()
    for day, delivery in corpus.deliveries.items():
        m, works = found[str(day)], {w.id: w for w in delivery.works}
        again = {number: (told[number], w) for number, w in works.items() if number in told}
        lists = [(set(was.references), set(now.references)) for was, now in again.values()]
        assert (m.documents, m.again.works, m.new.works) == (len(works), len(again), len(works) - len(again))
        assert m.again.year_moves == Counter(n.published.year - w.published.year for w, n in again.values())
        assert m.again.references_before == sum(len(was) for was, _ in lists)
        assert m.again.references_added == sum(len(now - was) for was, now in lists)
        assert m.again.references_removed == sum(len(was - now) for was, now in lists)
        if again:
            assert m.again.changed["references"] == sum(was != now for was, now in lists)
            assert m.again.changed["date"] == sum(was.published != now.published for was, now in again.values())
            assert m.again.changed["retraction"] == sum(w.is_retracted != n.is_retracted for w, n in again.values())
        assert m.new.ahead == sum(w.published > day for number, w in works.items() if number not in told)
        told |= works
        first |= {number: day for number in works if number not in first}
        cites = Counter(cited for w in works.values() for cited in w.references if cited in first)
        by_release: dict[date, Counter[int]] = {}
        for cited, count in cites.items():
            by_release.setdefault(first[cited], Counter())[cited] = count
        assert set(m.cohorts) == {
            Cohort(len(corpus.deliveries[on].works), sum(c.values()), sum(k * (k - 1) for k in c.values()))
            for on, c in by_release.items()
        }
        now_ended = {r.id for r in delivery.removals}
        assert m.ended.known == len(now_ended & told.keys())
        ended |= now_ended


def test_the_eventful_corpus(tmp_path: Path) -> None:
    """By hand: works that came again, ended ids with what became of their citations, and what is usual."""
    found = measured(tmp_path, write_lake(tmp_path, EVENTFUL))
    second, third, fourth = (found[str(end(year))] for year in (2011, 2012, 2014))
    again = second.again
    assert (again.works, again.unchanged, again.of_release) == (1, 0, {"2010-12-31": 1})
    assert (again.changed["date"], again.changed["year"], again.changed["references"]) == (1, 1, 1)
    assert (again.references_before, again.references_added, again.references_removed) == (3, 0, 2)
    assert again.year_moves == {-1: 1}
    # 13 was merged: 14, 15 and 16 cite it; 15 was deleted, which cites three and nobody cites
    assert (third.ended.merged, third.ended.deleted, third.ended.known) == (1, 1, 2)
    assert (third.ended.citations_moved, third.ended.citations_lost, third.ended.citations_ended) == (3, 0, 3)
    assert fourth.again.of_release == {"2010-12-31": 1}
    assert fourth.new.values["found"] == {"known": 3, "unknown": 1}
    assert fourth.usual.works == second.new.works + third.new.works  # not the first release
    assert fourth.sizes == {"2010-12-31": 4, "2011-12-31": 3, "2012-12-31": 2}


def test_only_some_releases_are_measured_against_all_before(tmp_path: Path) -> None:
    releases = write_lake(tmp_path, EVENTFUL)
    every, one = measured(tmp_path, releases), measured(tmp_path, releases, [releases[3]])
    assert one == {releases[3]: every[releases[3]]}


def test_corrections_are_not_usual(tmp_path: Path) -> None:
    days = [end(year) for year in range(2010, 2016)]
    releases = write_lake(tmp_path, {day: Delivery([Work(day.year, day)]) for day in days})
    known = [Known(r, Layout(tmp_path).release(r), is_correction=r.startswith("2013")) for r in releases]
    (found,) = measure(known, releases[-1:], tmp_path)
    assert found.usual.works == limits.USUAL_RELEASES == 3  # of 2011, 2012 and 2014


def test_withdrawn_works_are_no_ended_ids(tmp_path: Path) -> None:
    deliveries = {end(2010): Delivery([Work(1, end(2010))]), end(2011): Delivery([], [Removal(1, date(1, 1, 1))])}
    found = measured(tmp_path, write_lake(tmp_path, deliveries))
    assert (found["2011-12-31"].ended.deleted, found["2011-12-31"].ended.known) == (0, 0)


def test_a_home_whose_path_has_a_quote(tmp_path: Path) -> None:
    home = tmp_path / "O'Hara's"
    assert measured(home, write_lake(home, {end(2010): Delivery([Work(1, end(2010))])}))["2010-12-31"].documents == 1
