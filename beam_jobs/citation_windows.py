"""Counts citations of documents and of their areas in windows of time, for all cutoffs, in two shuffles of batches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsList, TaggedOutput

from beam_jobs.steps import Step, counted
from hotarea.domain.citation_counts import Existence, Tallies, gather, spread, tally
from hotarea.domain.columns import Ints, shard_of
from hotarea.domain.cutoff_axis import CutoffAxis, Window
from hotarea.domain.records import DANGLING
from hotarea.domain.references import Pairs, References, by_cited, follow, pairs_of
from hotarea.domain.versions import Deliveries, Redirects, Removals, Works, changes, resolve

Group = Mapping[str, Iterable[Any]]

SELF_CITATIONS = "self-citations after merges"


@dataclass
class CountCitations(beam.PTransform):
    """Make the lake's batches, keyed by shard, into one (shard, Tallies) for each shard that holds documents."""

    axis: CutoffAxis
    windows: Sequence[Window]
    shards: int
    store: Path

    def expand(self, lake: Any) -> Any:  # Beam warns of hints that name a dict
        """Resolve versions, send citations to the cited document, then counts along references."""
        resolved = (
            lake
            | "Bring a document's versions together" >> beam.CoGroupByKey()
            | "Resolve versions"
            >> beam.ParDo(self._step("resolve", resolve_shard, self.axis)).with_outputs(
                "redirects", "works", main="references"
            )
        )
        references = resolved.references | "Follow merges" >> beam.ParDo(
            self._step("follow", follow_shard, len(self.axis), self.shards), AsList(resolved.redirects)
        )
        citing = references | "Keep references with the citing" >> beam.Map(at_citing)
        cited = references | "Send citations to the cited" >> beam.Map(at_cited)
        halves = (
            {"works": resolved.works, "citing": citing, "cited": cited}
            | "Bring citations to the cited" >> beam.CoGroupByKey()
            | "Count citations"
            >> beam.ParDo(self._step("count", count_shard, self.axis, self.windows)).with_outputs(
                "shares", "insides", main="counts"
            )
        )
        return (
            {"counts": halves.counts, "citing": citing, "shares": halves.shares, "insides": halves.insides}
            | "Bring counts along references" >> beam.CoGroupByKey()
            | "Sum over the area" >> beam.ParDo(self._step("sum", sum_shard))
        )

    def _step(self, name: str, function: Any, *arguments: Any) -> Step:
        return Step(name, function, *arguments, store=self.store)


def resolve_shard(shard: int, group: Group, axis: CutoffAxis) -> Iterator[Any]:
    """Yield the ids of the shard's works and their references.

    The works' valid versions go out as `works`, what merged ids lead to as `redirects`.
    """
    deliveries = Deliveries.concatenate(group["documents"])
    works, redirects = resolve(deliveries, Removals.concatenate(group["removals"]), axis)
    if len(redirects):
        yield TaggedOutput("redirects", redirects)
    if len(works):
        yield TaggedOutput("works", (shard, works))
    references = pairs_of(References.concatenate(group["citations"]), works)
    yield shard, (works.document_id[changes(works.document_id)], references)


def follow_shard(
    shard: int, found: tuple[Ints, Pairs], cutoffs: int, shards: int, redirects: Iterable[Redirects]
) -> Iterator[tuple[int, int, Pairs]]:
    """Yield (citing shard, cited shard, references), led to where merged works went, by cited work."""
    document_id, pairs = found
    pairs, dropped = follow(pairs, document_id, Redirects.concatenate(redirects), cutoffs)
    counted(SELF_CITATIONS, dropped)
    for to, part in pairs.split(shard_of(pairs.cited_id, shards)):
        yield shard, to, by_cited(part)


def at_citing(sent: tuple[int, int, Any]) -> tuple[int, tuple[int, Any]]:
    """Key references by the shard that cites; they may be `Stored`."""
    citing, cited, references = sent
    return citing, (cited, references)


def at_cited(sent: tuple[int, int, Any]) -> tuple[int, tuple[int, Any]]:
    """Key references by the shard that is cited; they may be `Stored`."""
    citing, cited, references = sent
    return cited, (citing, references)


def count_shard(shard: int, group: Group, axis: CutoffAxis, windows: Sequence[Window]) -> Iterator[Any]:
    """Yield the shard's counts.

    What they add to areas goes out as `shares`, where the cited ones exist as `insides`, each to the shard concerned.
    """
    works = Works.concatenate(group["works"])
    counts, existence, dangling = tally(works, dict(group["cited"]), axis, windows)
    counted(DANGLING, dangling)
    if not len(counts):
        return
    for citing, bits in existence.items():
        yield TaggedOutput("insides", (citing, (shard, bits)))
    for to, shares in spread(counts, dict(group["citing"])):
        yield TaggedOutput("shares", (to, shares))
    yield shard, counts


def sum_shard(shard: int, group: Group) -> Iterator[tuple[int, Tallies]]:
    """Yield the shard's tallies: its counts with what their areas and references add."""
    references: dict[int, Pairs] = dict(group["citing"])
    existence: dict[int, Existence] = dict(group["insides"])
    for counts in group["counts"]:
        yield shard, gather(counts, group["shares"], ((references[at], bits) for at, bits in existence.items()))
