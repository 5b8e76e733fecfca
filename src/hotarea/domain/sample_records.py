"""Records of the synthetic sample corpus as OpenAlex delivers works: one JSON object a line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from hotarea.domain.columns import Ints
from hotarea.domain.rejects import Reason
from hotarea.domain.sample_network import Network
from hotarea.domain.sample_plants import Version
from hotarea.domain.sample_topics import Front, Topic

_URL = "https://openalex.org/"
_DOI = "https://doi.org/10.5555/synthetic."
"""10.5555 is the prefix that Crossref reserves for tests: no real work has it."""

_TYPES = ("article", "preprint", "review", "book-chapter")
_TYPE_SHARES = (0.85, 0.08, 0.04, 0.03)
_ASPECTS = ("Limits", "Stability", "A theory", "Measurements", "Scaling", "Foundations", "Trends", "A survey")

_BROKEN: tuple[tuple[Reason, dict[str, Any]], ...] = (
    (Reason.BROKEN_JSON, {}),
    (Reason.INVALID_UTF8, {}),
    (Reason.BAD_ID, {"id": f"{_URL}works/unknown"}),
    (Reason.IMPLAUSIBLE_DATE, {"publication_year": 0, "publication_date": "0000-01-01"}),
    (Reason.IMPLAUSIBLE_DATE, {"publication_year": 2209, "publication_date": "2209-01-01"}),
    (Reason.NO_REFERENCES, {"referenced_works": None}),
    (Reason.BAD_REFERENCE, {"referenced_works": [f"{_URL}A5000000001"]}),
    (Reason.BAD_DATE, {"publication_date": "2009-02-30"}),
    (Reason.WRONG_TYPE, {"referenced_works": "none"}),
)
BROKEN_KINDS = len(_BROKEN)


@dataclass(frozen=True)
class Traits:
    """What is drawn for each work besides its citations; `null` columns say where a field is unknown."""

    type: list[str]
    aspect: list[str]
    without_doi: list[bool]
    without_title: list[bool]
    without_topic: list[bool]
    without_language: list[bool]


def traits(chance: np.random.Generator, works: int) -> Traits:
    """Draw the traits of works, with about the shares of nulls that OpenAlex has."""
    nulls = [(chance.random(works) < share).tolist() for share in (0.06, 0.004, 0.02, 0.02)]
    return Traits(
        chance.choice(_TYPES, works, p=_TYPE_SHARES).tolist(), chance.choice(_ASPECTS, works).tolist(), *nulls
    )


@dataclass(frozen=True)
class Material:
    """What records are written from: per work its id, citations, the ids that it refers to, and its traits."""

    numbers: Ints
    network: Network
    references: Sequence[list[int]]
    fronts: Sequence[Front]
    topics: Sequence[Topic]
    traits: Traits


class Writer:
    """Writes versions of works as lines."""

    def __init__(self, material: Material) -> None:
        """Prepare what the records of a work, or of a topic, have in common."""
        self._numbers, self._dates = material.numbers.tolist(), material.network.published
        self._fronts = [material.fronts[at] for at in material.network.front.tolist()]
        self._topics = [_topic(topic) for topic in material.topics]
        self._names = [topic.name.removesuffix(" (synthetic)").lower() for topic in material.topics]
        self._references, self._traits = material.references, material.traits
        self._citations = _yearly(material.network)

    def line(self, version: Version) -> bytes:
        """Return one version of a work as a line, without its newline."""
        return msgspec.json.encode(self._record(version))

    def broken(self, version: Version, kind: int, number: int) -> tuple[bytes, Reason]:
        """Return a line that cannot be used, with an id of its own, and the reason; `kind` is in 0 … 8."""
        reason, changes = _BROKEN[kind]
        line = msgspec.json.encode({**self._record(version), "id": f"{_URL}W{number}", "title": "Broken"} | changes)
        if reason is Reason.BROKEN_JSON:
            line = line[: len(line) // 2]
        if reason is Reason.INVALID_UTF8:
            line = line.replace(b"Broken", b"Br\xffken", 1)
        return line, reason

    def references(self, version: Version) -> list[int]:
        """Return the ids that a version refers to; a draft misses every third."""
        found = self._references[version.work]
        return [number for i, number in enumerate(found) if i % 3] if version.draft else found

    def _record(self, version: Version) -> dict[str, Any]:
        work, traits = version.work, self._traits
        number = version.number or self._numbers[work]
        published = str(np.datetime64(int(self._dates[work] if version.published is None else version.published), "D"))
        title = self._title(version)
        references = [f"{_URL}W{cited}" for cited in self.references(version)]
        counts = [(year, count) for year, count in self._citations[work] if year <= version.release]
        topics = [] if traits.without_topic[work] else [self._topics[self._fronts[work].topic]]
        return {
            "id": f"{_URL}W{number}",
            "doi": None if traits.without_doi[work] else f"{_DOI}{number}",
            "title": title,
            "display_name": title,
            "publication_year": int(published[:4]),
            "publication_date": published,
            "language": None if traits.without_language[work] else "en",
            "type": traits.type[work],
            "is_retracted": version.retracted,
            "cited_by_count": sum(count for _, count in counts),
            "counts_by_year": [{"year": year, "cited_by_count": count} for year, count in reversed(counts[-10:])],
            "primary_topic": topics[0] if topics else None,
            "topics": topics,
            "authorships": [],
            "referenced_works": references,
            "referenced_works_count": len(references),
            "abstract_inverted_index": None,
            "updated_date": f"{version.changed or version.release}-12-31T{version.hour:02d}:00:00.000000",
            "created_date": published,
        }

    def _title(self, version: Version) -> str | None:
        if self._traits.without_title[version.work]:
            return None
        front = self._fronts[version.work]
        about = f"{self._traits.aspect[version.work]} of {front.theme} in {self._names[front.topic]}"
        return f"{about} (synthetic{', draft' if version.draft else ''})"


def _topic(topic: Topic) -> dict[str, Any]:
    subfield = f"{topic.field_number}{topic.number % 100:02d}"
    return {
        "id": f"{_URL}T{topic.number}",
        "display_name": topic.name,
        "score": 1.0,
        "subfield": {"id": f"{_URL}subfields/{subfield}", "display_name": topic.name},
        "field": {"id": f"{_URL}fields/{topic.field_number}", "display_name": topic.field},
        "domain": {"id": f"{_URL}domains/9", "display_name": "Synthetic science"},
    }


def _yearly(network: Network) -> list[list[tuple[int, int]]]:
    """Return each work's citations per calendar year, oldest first."""
    years = network.published.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    keys, counts = np.unique(network.cited * 10_000 + years[network.citing], return_counts=True)
    found: list[list[tuple[int, int]]] = [[] for _ in network.published]
    for key, count in zip(keys.tolist(), counts.tolist(), strict=True):
        found[key // 10_000].append((key % 10_000, count))
    return found
