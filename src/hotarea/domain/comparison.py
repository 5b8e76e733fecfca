"""What a release says against what was known before it, and what of that gives reason not to trust it.

Works that come again tell how the source re-curated its history; new ones tell how the world changed. The two are kept
apart, and only the second counts as drift.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scipy.spatial.distance import jensenshannon

from hotarea.domain import in_degrees, limits, repetition, topics, years
from hotarea.domain.finding import Finding, ordered

Counts = Mapping[str, int]

FIELDS = ("date", "year", "topic", "type", "language", "title", "references", "retraction")
"""What is compared of works that come again. The year is part of the date."""


@dataclass(frozen=True)
class Again:
    """Works of a release of which an earlier release held a version, against the one told last."""

    works: int = 0
    unchanged: int = 0  # equal in all of `FIELDS`
    same_record: int = 0  # of the same moment of change as before
    changed: Counts = field(default_factory=dict)  # works by field that differs
    year_moves: Mapping[int, int] = field(default_factory=dict)  # works by years moved
    topics_lost: int = 0  # works that had a topic and have none now
    references_before: int = 0
    references_added: int = 0
    references_removed: int = 0
    of_release: Counts = field(default_factory=dict)  # works by the release that held them last


@dataclass(frozen=True)
class New:
    """Works of a release that no earlier one held, by the values of what is compared."""

    works: int = 0
    values: Mapping[str, Counts] = field(default_factory=dict)  # of each key of `DRIFT_DISTANCES`
    lags: Mapping[int, int] = field(default_factory=dict)  # works by years from publication to delivery
    ahead: int = 0  # published after the release


@dataclass(frozen=True)
class Ended:
    """Ids that a release tells to have ended."""

    deleted: int = 0
    merged: int = 0
    known: int = 0  # of which the lake holds a version
    citations_ended: int = 0  # citations by them: they no longer count
    citations_moved: int = 0  # citations of merged ids: they count for the work that each was merged into
    citations_lost: int = 0  # citations of deleted ids: they lead nowhere


@dataclass(frozen=True)
class Measures:
    """All that is measured of one release; `usual` are the new works of the deliveries before it, taken together."""

    release: str
    documents: int
    again: Again
    new: New
    usual: New
    ended: Ended
    cohorts: tuple[in_degrees.Cohort, ...]  # the documents that it cites, by the release that first held them
    sizes: Counts  # works of each earlier release that works of this one were in
    held: int | None = None  # of a correction: works that the corrected deliveries held


def drift(new: New, usual: New) -> dict[str, float]:
    """Return how far new works are from the usual ones, as the Jensen-Shannon distance of each field's values.

    Fields of which there are too few to tell are left out.
    """
    found = {name: _distance(new.values.get(name, {}), usual.values.get(name, {})) for name in new.values}
    return {name: round(distance, 3) for name, distance in found.items() if distance is not None}


def _distance(now: Counts, before: Counts) -> float | None:
    keys = sorted({*now, *before})
    works = min(sum(now.values()), sum(before.values()))
    if works < max(limits.AT_LEAST, limits.WORKS_A_VALUE * len(keys)):
        return None
    return float(jensenshannon([now.get(k, 0) for k in keys], [before.get(k, 0) for k in keys], base=2))


def judge(measures: Measures) -> list[Finding]:
    """Return every reason not to trust a release, critical ones first."""
    return ordered([*_wrong(measures), *_recurated(measures), *_changed_world(measures)])


RULES = 8 + len(limits.RECURATED_SHARES) + len(limits.DRIFT_DISTANCES)
"""How many rules a release is held against: those of wrong data and of lost references, and one for each field."""


def _wrong(measures: Measures) -> Iterable[Finding]:
    """Yield wrong data that looks right."""
    again, new, usual = measures.again, measures.new, measures.usual
    yield from in_degrees.random(measures.cohorts)
    if measures.held is None:
        release = repetition.Release(
            measures.documents, new.works, again.works - again.unchanged, again.same_record, again.of_release
        )
        yield from repetition.repeated(release, measures.sizes)
    yield from years.moved(again.year_moves, max(again.works, measures.held or 0))
    yield from years.lagging(new.lags, usual.lags)
    yield from years.ahead(new.ahead, new.works)
    yield from topics.lost(new.values.get("topic", {}), usual.values.get("topic", {}))
    yield from topics.emptied(again.topics_lost, max(again.works, measures.held or 0))


def _recurated(measures: Measures) -> Iterable[Finding]:
    """Yield what the source changed in works that come again."""
    again, works = measures.again, max(measures.again.works, measures.held or 0)
    if works < limits.AT_LEAST:
        return
    for name, share in limits.RECURATED_SHARES.items():
        changed = again.changed.get(name, 0)
        if changed > share * works:
            yield Finding(
                "source_recurated",
                "warning",
                name,
                f"At most {share:.0%} of the works that come again have another {name} than before.",
                f"{changed:,} of {works:,} ({changed / works:.1%}) have: the source re-curated its history",
            )
    removed, before = again.references_removed, again.references_before
    if before >= limits.AT_LEAST and removed > limits.REFERENCES_LOST_SHARE * before:
        yield Finding(
            "references_lost",
            "critical",
            "references",
            f"Works that come again lose at most {limits.REFERENCES_LOST_SHARE:.0%} of their references.",
            f"{removed:,} of {before:,} ({removed / before:.0%}) are gone: lists of references were cut",
        )


def _changed_world(measures: Measures) -> Iterable[Finding]:
    """Yield in what new works differ from those of the deliveries before."""
    for name, distance in drift(measures.new, measures.usual).items():
        limit = limits.DRIFT_DISTANCES[name]
        if distance > limit:
            yield Finding(
                "world_changed",
                "warning",
                name,
                f"The distance of new works' {name} from those of the deliveries before is at most {limit}.",
                f"{distance}: new works differ from those before ({_most_moved(measures, name)})",
            )


def _most_moved(measures: Measures, name: str) -> str:
    """Return the three values whose share moved most, in words."""
    now, before = measures.new.values[name], measures.usual.values[name]
    shares = {
        value: (before.get(value, 0) / sum(before.values()), now.get(value, 0) / sum(now.values()))
        for value in {*now, *before}
    }
    most = sorted(shares, key=lambda value: (-abs(shares[value][1] - shares[value][0]), value))[:3]
    return ", ".join(f"{value} from {shares[value][0]:.0%} to {shares[value][1]:.0%}" for value in most)
