"""The synthetic sample corpus: OpenAlex-shaped works over yearly releases, with planted truths.

Everything follows from the shape, which holds the seed: the same shape gives the same bytes. Ids lie between
9,000,000,000 and 9,999,999,999, where OpenAlex has none.
"""

from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from hotarea.domain.columns import Ints
from hotarea.domain.errors import SettingsError
from hotarea.domain.sample_network import Dynamics, Growth, Network, Shift, grow
from hotarea.domain.sample_plants import Deliveries, Ending, Plants, plant
from hotarea.domain.sample_records import BROKEN_KINDS, Material, Writer, traits
from hotarea.domain.sample_topics import Front, Rhythm, Topic, activity, fronts, topics

FEWEST_WORKS = 200

_WORK, _TWIN, _MALFORMED, _DANGLING = 9_000_000_000, 9_500_000_000, 9_700_000_000, 9_900_000_000
_MALFORMED_PER_RELEASE = 2
_WITHOUT_DAY = 0.04  # share of works that are dated 1 January
_CITED_AS_TWIN = 0.4  # share of references to a work that name the id which is merged into it later
_CITED_AS_BOTH = 0.1  # and of these, the share that names both
_HOT = 2.0  # a topic is hot in a year in which it is this many times as active as on average


@dataclass(frozen=True)
class Shape:
    """What a corpus is made of; years are those of publication and, at their end, of release.

    The first release delivers all works before it as well. Raises `SettingsError` if there are too few works.
    """

    works: int = 20_000
    seed: int = 20
    first_year: int = 1996
    first_release: int = 2010
    last_release: int = 2024
    shifted_release: int = 2012  # outside of all training cutoffs at a horizon of three years

    def __post_init__(self) -> None:
        if self.works < FEWEST_WORKS:
            raise SettingsError(f"a sample of {self.works} works is too small; expected at least {FEWEST_WORKS}")

    @property
    def topics(self) -> int:
        """Number of topics: fewer in a small corpus, so that each has works."""
        return min(48, max(8, self.works // 100))

    @property
    def years(self) -> range:
        """All years of publication."""
        return range(self.first_year, self.last_release + 1)


@dataclass(frozen=True)
class Corpus:
    """A corpus as delivered: the lines of each release, the ids that ended, and what is true of it."""

    releases: dict[str, list[bytes]]  # release date -> lines without newline
    deleted: list[tuple[str, str]]  # work_id, deleted_date
    merged: dict[str, list[tuple[str, str, str]]]  # merge date -> merge_date, id, merge_into_id
    truth: dict[str, Any]


def partition(release: str) -> str:
    """Return the path of a release's only partition, relative to the manifest's root."""
    return f"works/updated_date={release}/part_0000.gz"


def generate(shape: Shape) -> Corpus:
    """Generate a corpus; about a second for 20,000 works."""
    named = topics(shape.topics)
    shift = Shift(shape.shifted_release, tuple(range(0, shape.topics, 4)))
    drawn = fronts(_chance(shape, 1), shape.topics, len(shape.years), Rhythm())
    network = grow(_chance(shape, 2), Growth(shape.works, shape.years, drawn, shift, Dynamics()))
    numbers = _WORK + np.cumsum(_chance(shape, 3).integers(1, 10, len(network.published)))
    published = _published(_chance(shape, 4), network.published)
    delivered = np.maximum(_year(network.published), shape.first_release)
    plants = plant(_chance(shape, 5), Deliveries(numbers, published, delivered, shape.last_release, _TWIN))
    references = _references(_chance(shape, 6), network, numbers, plants.endings)
    drawn_traits = traits(_chance(shape, 7), len(numbers))
    material = Material(numbers, replace(network, published=published), references, drawn, named, drawn_traits)
    releases, malformed = _releases(_chance(shape, 8), plants, Writer(material), shape)
    truth = {
        "synthetic": True,
        "shape": asdict(shape),
        "topics": _topic_truths(shape, named, drawn),
        "shifted_release": _shift_truth(shift, named),
        **plants.truth,
        "malformed": malformed,
    }
    return Corpus(releases, *_endings(plants.endings, numbers), truth)


def _chance(shape: Shape, part: int) -> np.random.Generator:
    """Return the generator of one part, so that a change in one part leaves the others as they are."""
    return np.random.default_rng([shape.seed, part])


def _year(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def _published(chance: np.random.Generator, days: Ints) -> Ints:
    """Return the dates as delivered: 1 January where the day is unknown."""
    unknown = chance.random(len(days)) < _WITHOUT_DAY
    january = days.astype("datetime64[D]").astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return np.where(unknown, january, days)


def _references(chance: np.random.Generator, network: Network, numbers: Ints, endings: list[Ending]) -> list[list[int]]:
    """Return the ids that each work refers to, as it named them when it was published; dangling ones last."""
    named = numbers[network.cited]
    also = defaultdict(list)
    for ending in (e for e in endings if e.merged):
        ends = np.datetime64(ending.day).astype(np.int64)
        at = np.flatnonzero((network.cited == ending.work) & (network.published[network.citing] < ends))
        at = at[chance.random(len(at)) < _CITED_AS_TWIN]
        named[at] = ending.number
        for citing in network.citing[at[chance.random(len(at)) < _CITED_AS_BOTH]].tolist():
            also[citing].append(int(numbers[ending.work]))
    inside = np.split(named, np.cumsum(np.bincount(network.citing, minlength=len(numbers)))[:-1])
    outside = np.split(
        _DANGLING + chance.integers(0, 90_000_000, network.dangling.sum()), np.cumsum(network.dangling)[:-1]
    )
    return [a.tolist() + also[work] + b.tolist() for work, (a, b) in enumerate(zip(inside, outside, strict=True))]


def _releases(
    chance: np.random.Generator, plants: Plants, writer: Writer, shape: Shape
) -> tuple[dict[str, list[bytes]], list[dict[str, Any]]]:
    """Return each release's lines, malformed ones among them, and where these stand."""
    by_year = defaultdict(list)
    for version in plants.versions:
        by_year[version.release].append(version)
    releases: dict[str, list[bytes]] = {}
    malformed: list[dict[str, Any]] = []
    for year in range(shape.first_release, shape.last_release + 1):
        versions = sorted(by_year[year], key=lambda v: v.work)  # stable: keeps the order of a work's versions
        lines = [writer.line(version) for version in versions]
        at = sorted(chance.integers(0, len(lines) + 1, _MALFORMED_PER_RELEASE).tolist())
        for i, place in enumerate(at):
            kind = len(malformed) % BROKEN_KINDS
            line, reason = writer.broken(versions[place - 1], kind, _MALFORMED + len(malformed))
            lines.insert(place + i, line)
            malformed.append({"file": partition(f"{year}-12-31"), "line": place + i + 1, "reason": reason.value})
        releases[f"{year}-12-31"] = lines
    return releases, malformed


def _endings(
    endings: list[Ending], numbers: Ints
) -> tuple[list[tuple[str, str]], dict[str, list[tuple[str, str, str]]]]:
    ordered = sorted(endings, key=lambda e: (e.day, e.number))
    merged = defaultdict(list)
    for ending in (e for e in ordered if e.merged):
        merged[ending.day].append((ending.day, f"W{ending.number}", f"W{numbers[ending.work]}"))
    return [(f"W{e.number}", e.day) for e in ordered if not e.merged], dict(merged)


def _shift_truth(shift: Shift, named: list[Topic]) -> dict[str, Any]:
    return {
        "release": f"{shift.year}-12-31",
        "reference_lists": shift.longer,
        "topics": [f"T{named[at].number}" for at in shift.topics],
        "topic_activity": shift.busier,
    }


def _topic_truths(shape: Shape, named: list[Topic], drawn: list[Front]) -> list[dict[str, Any]]:
    """Return each topic's hot years, as its fronts make them (the shift left out), and its fronts."""
    busy = activity(drawn, (np.arange(12 * len(shape.years)) + 0.5) / 12).reshape(len(drawn), -1, 12).mean(axis=2)
    of_topic = [[i for i, front in enumerate(drawn) if front.topic == at] for at in range(len(named))]
    shares = [busy[rows].sum(axis=0) / busy.sum(axis=0) for rows in of_topic]
    return [
        {
            "id": f"T{topic.number}",
            "name": topic.name,
            "hot_years": [year for year, s in zip(shape.years, share, strict=True) if s >= _HOT * share.mean()],
            "fronts": [_front_truth(shape, drawn[i]) for i in rows if 0 <= drawn[i].peak < len(shape.years)],
        }
        for topic, share, rows in zip(named, shares, of_topic, strict=True)
    ]


def _front_truth(shape: Shape, front: Front) -> dict[str, Any]:
    peak = round(shape.first_year + front.peak, 1)
    return {"theme": front.theme, "peak": peak, "height": round(front.height, 2), "fad": front.is_fad}
