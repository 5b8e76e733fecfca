"""The text of the benchmark's corpus: records with the fields of OpenAlex's works, from made-up words.

What no contender reads (authors, abstracts, concepts, …) comes from pools of ready pieces, a new choice for every
record. A piece rarely comes again within the 32 KiB that gzip looks back, so that files shrink about as real ones do.
"""

import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec
import numpy as np

from benchmarks.corpus_history import REDATED, History, Ints, day_of, ids, year_of

POOL = 4_000
"""Ready pieces of each kind."""

RETRACTED = 0.001
"""Share of deliveries that say so."""

_URL = "https://openalex.org/"
_RECORD = (
    '{"id":"https://openalex.org/W%(id)d","doi":"https://doi.org/10.5555/synthetic.%(id)d",'
    '"title":"%(title)s %(subtitle)s","display_name":"%(title)s %(subtitle)s","publication_year":%(year)d,'
    '"publication_date":"%(published)s","ids":{"openalex":"https://openalex.org/W%(id)d",'
    '"doi":"https://doi.org/10.5555/synthetic.%(id)d"},"language":"en","primary_location":%(location)s,'
    '"type":"article","indexed_in":["crossref"],"open_access":{"is_oa":true,"oa_status":"gold","oa_url":null},'
    '"authorships":%(authorships)s,"fwci":%(fwci).3f,"has_fulltext":false,"cited_by_count":%(cited_by)d,'
    '"is_retracted":%(retracted)s,"is_paratext":false,"primary_topic":%(topic)s,"topics":[%(topic)s],'
    '"keywords":%(keywords)s,"concepts":%(concepts)s,"mesh":[],"locations_count":1,"locations":[%(location)s],'
    '"best_oa_location":null,"sustainable_development_goals":[],"grants":[],"referenced_works_count":%(count)d,'
    '"referenced_works":[%(references)s],"related_works":%(related)s,"abstract_inverted_index":%(abstract)s,'
    '"counts_by_year":%(counts)s,"updated_date":"%(updated)s","created_date":"%(published)s"}\n'
)


class Writer:
    """Writes deliveries of a history as lines."""

    def __init__(self, history: History, seed: int) -> None:
        """Fill the pools; the same seed gives the same pieces."""
        self._history, self._seed, self._pools = history, seed, _pools(seed)

    def lines(self, deliveries: Ints) -> Iterator[bytes]:
        """Yield the record of each delivery, by its row in the history, with its newline."""
        chance = np.random.default_rng([self._seed, *deliveries[:1].tolist(), len(deliveries)])
        columns = self._columns(deliveries, chance)
        for name, pool in self._pools.items():
            columns[name] = [pool[at] for at in chance.integers(0, len(pool), len(deliveries)).tolist()]
        references = self._references(deliveries)
        for row in zip(*columns.values(), strict=True):
            cited = next(references)
            listed = ",".join([f'"{_URL}W{number}"' for number in cited])
            values = dict(zip(columns, row, strict=True), count=len(cited), references=listed)
            yield (_RECORD % values).encode()

    def _columns(self, deliveries: Ints, chance: np.random.Generator) -> dict[str, list[Any]]:
        history = self._history
        work = history.delivered[deliveries]
        published = history.published[work]
        years = year_of(published)
        vague = history.draft[deliveries] & (chance.random(len(work)) < REDATED)
        moments = history.updated[deliveries].astype("datetime64[D]").astype("datetime64[us]")
        return {
            "id": ids(work).tolist(),
            "year": years.tolist(),
            "published": np.where(vague, day_of(years, 1, 1), published).astype("datetime64[D]").astype(str).tolist(),
            "updated": (moments + chance.integers(0, 86_400_000_000, len(work))).astype(str).tolist(),
            "cited_by": history.cited_by[work].tolist(),
            "fwci": chance.exponential(1.0, len(work)).tolist(),
            "retracted": np.where(chance.random(len(work)) < RETRACTED, "true", "false").tolist(),
        }

    def _references(self, deliveries: Ints) -> Iterator[list[int]]:
        """Yield each delivery's references; a draft misses every third."""
        history = self._history
        work = history.delivered[deliveries]
        ends = history.ends[work].tolist()
        starts = np.where(work > 0, history.ends[work - 1], 0).tolist()
        for start, end, draft in zip(starts, ends, history.draft[deliveries].tolist(), strict=True):
            cited = history.cited[start:end]
            yield ids(cited[np.arange(end - start) % 3 != 2] if draft else cited).tolist()


def _pools(seed: int) -> dict[str, list[str]]:
    chance = random.Random(seed)  # noqa: S311
    pieces = _Pieces(chance)
    kinds = {
        "title": pieces.title,
        "subtitle": pieces.title,
        "location": pieces.location,
        "authorships": pieces.authorships,
        "topic": pieces.topic,
        "keywords": pieces.keywords,
        "concepts": pieces.concepts,
        "related": pieces.related,
        "abstract": pieces.abstract,
        "counts": pieces.counts,
    }
    return {name: [draw() for _ in range(POOL)] for name, draw in kinds.items()}


class _Pieces:
    """Draws pieces of JSON; words are drawn by Zipf's law, and some names have letters beyond ASCII."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        letters = "eeeettaaooiinnsshhrrddlluucmfwypvbgk"
        self._words = ["".join(chance.choices(letters, k=2 + chance.randrange(10))) for _ in range(6_000)]
        self._weights = list(accumulate(1 / (rank + 2) for rank in range(len(self._words))))

    def title(self) -> str:
        return " ".join(self._text(3 + self._chance.randrange(5))).capitalize()

    def location(self) -> str:
        source = {
            "id": self._id("S", 10),
            "display_name": self._name(3),
            "issn_l": None,
            "is_oa": True,
            "type": "journal",
        }
        return _json({"is_oa": True, "landing_page_url": None, "pdf_url": None, "source": source, "license": "cc-by"})

    def authorships(self) -> str:
        count = min(1 + int(self._chance.expovariate(0.8)), 12)
        return _json([self._author("first" if at == 0 else "middle") for at in range(count)])

    def topic(self) -> str:
        levels = {
            name: {"id": self._id(f"{name}s/", 4), "display_name": self._name(2)} for name in ("subfield", "field")
        }
        number = 10_000 + self._chance.randrange(4_500)
        return _json({"id": f"{_URL}T{number}", "display_name": self._name(4), "score": self._score(), **levels})

    def keywords(self) -> str:
        words = [self._name(1) for _ in range(self._chance.randrange(5))]
        return _json([{"id": f"{_URL}keywords/{w.lower()}", "display_name": w, "score": self._score()} for w in words])

    def concepts(self) -> str:
        return _json([self._concept(level) for level in range(1 + self._chance.randrange(5))])

    def related(self) -> str:
        return _json([self._id("W", 10) for _ in range(self._chance.randrange(7))])

    def abstract(self) -> str:
        if self._chance.random() < 0.25:
            return "null"
        index: dict[str, list[int]] = {}
        for place, word in enumerate(self._text(int(self._chance.triangular(20, 190, 70)))):
            index.setdefault(word, []).append(place)
        return _json(index)

    def counts(self) -> str:
        years = range(2024, 2024 - self._chance.randrange(9), -1)
        return _json([{"year": year, "cited_by_count": 1 + int(self._chance.expovariate(0.1))} for year in years])

    def _author(self, position: str) -> dict[str, Any]:
        name, number = self._name(2), f"{self._chance.randrange(10**8):08d}"
        orcid = f"https://orcid.org/0000-0002-{number[:4]}-{number[4:]}"
        author = {"id": self._id("A", 10), "display_name": name, "orcid": orcid}
        institution = {"id": self._id("I", 9), "display_name": f"University of {self._name(1)}", "country_code": "DE"}
        return {
            "author_position": position,
            "author": author,
            "institutions": [{**institution, "type": "education", "lineage": [institution["id"]]}],
            "countries": ["DE"],
            "is_corresponding": position == "first",
            "raw_author_name": name,
            "raw_affiliation_strings": [f"{institution['display_name']}, {self._name(2)}"],
        }

    def _concept(self, level: int) -> dict[str, Any]:
        number = self._chance.randrange(10**8)
        names = {"wikidata": f"https://www.wikidata.org/wiki/Q{number}", "display_name": self._name(2)}
        return {"id": self._id("C", 9), **names, "level": level, "score": self._score()}

    def _text(self, words: int) -> list[str]:
        return self._chance.choices(self._words, cum_weights=self._weights, k=words)

    def _name(self, words: int) -> str:
        name = " ".join(word.capitalize() for word in self._chance.choices(self._words, k=words))
        return name.replace("e", "é", 1) if self._chance.random() < 0.05 else name

    def _id(self, kind: str, digits: int) -> str:
        return f"{_URL}{kind}{self._chance.randrange(10 ** (digits - 1), 10**digits)}"

    def _score(self) -> float:
        return round(self._chance.random(), 4)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
