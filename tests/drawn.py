"""Random small corpora with all that happens to real ones: corrections, merges, deletions, dangling references."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from hypothesis import strategies as st

from hotarea.domain.windows import Coverage, Cutoff
from tests.lakes import Delivery, Removal, Work

RELEASES = [date(2010, 12, 31), date(2012, 2, 29), date(2013, 6, 30), date(2014, 6, 30), date(2016, 2, 29)]
# Days at, just before and just after the bounds of windows that end on the cutoffs below, and one in the future.
DAYS = [
    *(date(2005, 2, 28), date(2007, 2, 27), date(2007, 2, 28), date(2007, 3, 1), date(2008, 2, 29), date(2008, 6, 30)),
    *(date(2009, 7, 1), date(2010, 12, 31), date(2011, 2, 28), date(2011, 3, 1), date(2012, 2, 28), date(2012, 2, 29)),
    *(date(2012, 6, 30), date(2012, 7, 1), date(2013, 6, 30), date(2013, 12, 31), date(2015, 3, 1), date(2016, 2, 29)),
    date(2030, 1, 1),
]
CUTOFF_DAYS = [date(2010, 12, 31), date(2012, 2, 29), date(2012, 7, 1), date(2013, 6, 30), date(2014, 2, 28)]
IDS = range(1, 11)


@dataclass(frozen=True)
class Corpus:
    deliveries: Mapping[date, Delivery]
    cutoffs: tuple[Cutoff, ...]

    @property
    def releases(self) -> list[str]:
        return [day.isoformat() for day in self.deliveries]


def _work(number: int) -> st.SearchStrategy[Work]:
    references = st.lists(st.sampled_from([i for i in range(1, 13) if i != number]), unique=True, max_size=6)
    updated = st.none() | st.sampled_from([*RELEASES, date(2011, 6, 1)])
    return st.builds(Work, st.just(number), st.sampled_from(DAYS), references, updated, st.booleans())


def _delivery(density: int) -> st.SearchStrategy[Delivery]:
    works = st.sets(st.sampled_from(IDS), max_size=density).flatmap(lambda ids: st.tuples(*map(_work, sorted(ids))))
    into = st.none() | st.sampled_from(IDS)
    # Few ids end, so that some end again, come back, or are merged into one another.
    removal = st.builds(Removal, st.sampled_from(IDS[:4]), st.sampled_from([RELEASES[0], *RELEASES[2:4]]), into)
    return st.builds(Delivery, works, st.lists(removal, max_size=3, unique=True))


@st.composite
def corpora(draw: st.DrawFn) -> Corpus:
    """Draw releases of few works that cite each other much, and cutoffs that they cover."""
    days = sorted(draw(st.sets(st.sampled_from(RELEASES), min_size=2)))
    deliveries = {day: draw(_delivery(10 if day == days[0] else 6)) for day in days}
    wanted = draw(st.sets(st.sampled_from(CUTOFF_DAYS), min_size=1))
    coverage = Coverage.of(days)
    cutoffs = tuple(sorted(coverage.knowable(day) for day in wanted if day <= days[-1]))
    return Corpus(deliveries, cutoffs or (Cutoff(days[-1], days[-1]),))
