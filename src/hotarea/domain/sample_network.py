"""The citation network of the synthetic sample corpus, month by month.

A work cites mostly its own front, less its topic, little of the rest. Within these a document is chosen with
probability proportional to fitness · (citations + 1)^α · ageing(age): preferential attachment with ageing (Dorogovtsev
and Mendes, Physical Review E 62, 2000), ageing being log-normal as in Wang, Song and Barabási (Science 342, 2013).
"""

from dataclasses import dataclass

import numpy as np

from hotarea.domain.columns import Bools, Floats, Ints
from hotarea.domain.sample_topics import Front, activity


@dataclass(frozen=True)
class Dynamics:
    """How works cite; times in years."""

    own_front: float = 0.75  # share of references
    own_topic: float = 0.13
    elsewhere: float = 0.07  # the rest dangles
    attachment: float = 0.5
    ageing_peak: float = 1.6
    ageing_spread: float = 0.9
    fitness_spread: float = 0.25
    references: float = 13.0  # mean length of a reference list
    growth: float = 0.04  # of the number of works per year, compound


@dataclass(frozen=True)
class Shift:
    """A year in which reference lists are `longer` times as long, and some topics `busier` times as active."""

    year: int
    topics: tuple[int, ...]
    longer: float = 2.5
    busier: float = 3.0


@dataclass(frozen=True)
class Growth:
    """What a network grows from: about so many works over some years, spread over fronts by their activity."""

    works: int
    years: range
    fronts: list[Front]
    shift: Shift
    dynamics: Dynamics

    @property
    def months(self) -> Ints:
        """Months since the first year began."""
        return np.arange(12 * len(self.years))

    def is_shifted(self, month: Ints) -> Bools:
        """Whether months lie in the year of the shift."""
        shifted: Bools = month // 12 == self.shift.year - self.years.start
        return shifted


@dataclass(frozen=True)
class Network:
    """Works in order of `published` (days since 1970), their fronts, and distinct citations among them.

    `dangling` is the number of each work's references to documents outside the corpus.
    """

    published: Ints
    front: Ints
    citing: Ints
    cited: Ints
    dangling: Ints


def grow(chance: np.random.Generator, growth: Growth) -> Network:
    """Draw the works, and what each cites among the works of earlier months."""
    dynamics = growth.dynamics
    volume = np.exp(dynamics.growth * growth.months / 12)
    month = np.repeat(growth.months, chance.poisson(volume / volume.sum() * growth.works))
    front = _fronts(chance, _activity(growth), month)
    order = np.argsort(front, kind="stable")  # a front's works lie together, and a topic's fronts
    month, front = month[order], front[order]
    lengths = chance.gamma(4, dynamics.references / 4, len(month))
    lengths = np.where(growth.is_shifted(month), growth.shift.longer, 1.0) * lengths
    topic = np.array([f.topic for f in growth.fronts])[front]
    citing = _Citing(chance, dynamics, month, _Pools(front, topic))
    pairs, dangling = citing.all(np.round(lengths).astype(np.int64))
    return _by_date(_days(chance, month, growth.years.start), front, pairs, dangling)


def _activity(growth: Growth) -> Floats:
    found = activity(growth.fronts, growth.months / 12)
    rows = np.isin([front.topic for front in growth.fronts], growth.shift.topics)
    found[np.ix_(rows, growth.is_shifted(growth.months))] *= growth.shift.busier
    return found


def _fronts(chance: np.random.Generator, busy: Floats, month: Ints) -> Ints:
    up_to = np.cumsum(busy, axis=0)
    drawn = chance.random(len(month)) * up_to[-1, month]
    return np.array([np.searchsorted(up_to[:, m], x, side="right") for m, x in zip(month, drawn, strict=True)])


def _days(chance: np.random.Generator, month: Ints, first_year: int) -> Ints:
    starts = np.datetime64(f"{first_year}-01", "M") + month
    first, after = (s.astype("datetime64[D]").astype(np.int64) for s in (starts, starts + 1))
    return first + (chance.random(len(month)) * (after - first)).astype(np.int64)


class _Pools:
    """Where the works of each front, of each topic, and of all lie in the order of fronts."""

    def __init__(self, front: Ints, topic: Ints) -> None:
        self.count, self.topics = len(front), int(topic.max()) + 1
        self._front, self._topic = front, topic
        self._front_starts = np.searchsorted(front, np.arange(front.max() + 2))
        self._topic_starts = np.searchsorted(topic, np.arange(self.topics + 1))

    def spans(self, kind: Ints, citing: Ints, other_topics: Ints) -> tuple[Ints, Ints]:
        """Return start and end of the pool of each reference: 0 own front, 1 own topic, 2 another topic."""
        front, topic = self._front[citing], np.where(kind == 2, other_topics, self._topic[citing])
        start = np.where(kind == 0, self._front_starts[front], self._topic_starts[topic])
        return start, np.where(kind == 0, self._front_starts[front + 1], self._topic_starts[topic + 1])

    def wider(self, start: Ints, end: Ints, citing: Ints, weight_before: Floats) -> tuple[Ints, Ints]:
        """Replace pools without any weight by the citing work's topic, and that by all works."""
        topic = self._topic[citing]
        for first, last in ((self._topic_starts[topic], self._topic_starts[topic + 1]), (0, self.count)):
            empty = weight_before[end] <= weight_before[start]
            start, end = np.where(empty, first, start), np.where(empty, last, end)
        return start, end


class _Citing:
    """Lets the works of each month cite works of earlier months."""

    def __init__(self, chance: np.random.Generator, dynamics: Dynamics, month: Ints, pools: _Pools) -> None:
        self._chance, self._dynamics, self._month, self._pools = chance, dynamics, month, pools
        self._kinds = np.cumsum([dynamics.own_front, dynamics.own_topic, dynamics.elsewhere])
        self._fitness = chance.lognormal(0, dynamics.fitness_spread, len(month))
        self._cited_by = np.zeros(len(month))
        self._dangling = np.zeros(len(month), np.int64)

    def all(self, lengths: Ints) -> tuple[tuple[Ints, Ints], Ints]:
        """Return the distinct pairs (citing, cited), and each work's dangling references, for lists of lengths."""
        by_month = np.split(np.argsort(self._month, kind="stable"), np.cumsum(np.bincount(self._month))[:-1])
        keys = np.concatenate([self._cite(now, np.repeat(new, lengths[new])) for now, new in enumerate(by_month)])
        return (keys // self._pools.count, keys % self._pools.count), self._dangling

    def _cite(self, now: int, citing: Ints) -> Ints:
        """Return citing · count + cited for the references of one month, each pair once."""
        weight_before = np.concatenate([[0.0], np.cumsum(self._weight(now))])
        kind = np.searchsorted(self._kinds, self._chance.random(len(citing)), side="right")
        self._dangling += np.bincount(citing[kind == 3], minlength=self._pools.count)
        citing, kind = citing[kind < 3], kind[kind < 3]
        span = self._pools.spans(kind, citing, self._chance.integers(self._pools.topics, size=len(citing)))
        start, end = self._pools.wider(*span, citing, weight_before)
        low, high = weight_before[start], weight_before[end]
        drawn = low + self._chance.random(len(citing)) * (high - low)
        cited = np.searchsorted(weight_before, drawn, side="right") - 1
        keys = np.unique((citing * self._pools.count + cited)[high > low])
        self._cited_by += np.bincount(keys % self._pools.count, minlength=self._pools.count)
        return keys

    def _weight(self, now: int) -> Floats:
        attached: Floats = self._fitness * (self._cited_by + 1) ** self._dynamics.attachment
        return attached * _ageing((now - self._month) / 12, self._dynamics)


def _ageing(age: Floats, dynamics: Dynamics) -> Floats:
    """Return the log-normal bell of age in years; 0 for works of this month or later."""
    known = age > 0
    logarithm = np.log(np.where(known, age, 1.0) / dynamics.ageing_peak)
    return np.where(known, np.exp(-0.5 * (logarithm / dynamics.ageing_spread) ** 2), 0.0)


def _by_date(published: Ints, front: Ints, pairs: tuple[Ints, Ints], dangling: Ints) -> Network:
    order = np.argsort(published, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    citing, cited = place[pairs[0]], place[pairs[1]]
    sort = np.lexsort((cited, citing))
    return Network(published[order], front[order], citing[sort], cited[sort], dangling[order])
