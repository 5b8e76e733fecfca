"""Counts citations of documents and of their areas in windows of time, for all cutoffs, in two shuffles of batches."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import AsList, TaggedOutput

from beam_jobs.steps import Step, counted
from hotarea.domain.citation_counts import Tallies, gather, spread, tally
from hotarea.domain.columns import shard_of
from hotarea.domain.cutoff_axis import CutoffAxis, Window
from hotarea.domain.references import Pairs, References, follow, pairs_of
from hotarea.domain.versions import Deliveries, Redirects, Removals, Works, resolve

Group = Mapping[str, Sequence[Any]]

DANGLING = "dangling references"
SELF_CITATIONS = "self-citations after merges"


@dataclass
class CountCitations(beam.PTransform):
    """Make the lake's batches, keyed by shard, into one (shard, Tallies) for each shard that holds documents."""

    axis: CutoffAxis
    windows: Sequence[Window]
    shards: int
    store: Path | None

    def expand(self, lake: Any) -> Any:  # Beam warns of hints that name a dict
        """Resolve versions, send citations to the cited document, then counts along references."""
        resolved = (
            lake
            | "Bring a document's versions together" >> beam.CoGroupByKey()
            | "Resolve versions"
            >> beam.ParDo(Step("resolve", resolve_shard, self.axis, store=self.store)).with_outputs(
                "redirects", main="works"
            )
        )
        citing = resolved.works | "Follow merges" >> beam.ParDo(
            Step("follow", follow_shard, len(self.axis), store=self.store), AsList(resolved.redirects)
        )
        cited = citing | "Send citations to the cited" >> beam.ParDo(
            Step("send", send_to_cited, self.shards, store=self.store)
        )
        halves = (
            {"citing": citing, "cited": cited}
            | "Bring citations to the cited" >> beam.CoGroupByKey()
            | "Count citations"
            >> beam.ParDo(
                Step("count", count_shard, self.axis, self.windows, self.shards, store=self.store)
            ).with_outputs("shares", "insides", main="counts")
        )
        return (
            {"counts": halves.counts, "shares": halves.shares, "insides": halves.insides}
            | "Bring counts along references" >> beam.CoGroupByKey()
            | "Sum over the area" >> beam.ParDo(Step("sum", sum_shard, store=self.store))
        )


def resolve_shard(shard: int, group: Group, axis: CutoffAxis) -> Iterator[Any]:
    """Yield the shard's valid versions with their references; what merged ids lead to as the output `redirects`."""
    deliveries = Deliveries.concatenate(group["documents"])
    works, redirects = resolve(deliveries, Removals.concatenate(group["removals"]), axis)
    if len(redirects):
        yield TaggedOutput("redirects", redirects)
    yield shard, (works, pairs_of(References.concatenate(group["citations"]), works))


def follow_shard(
    shard: int, found: tuple[Works, Pairs], cutoffs: int, redirects: Iterable[Redirects]
) -> Iterator[tuple[int, tuple[Works, Pairs]]]:
    """Yield the shard with its references led to where merged works went."""
    works, pairs = found
    pairs, dropped = follow(pairs, Redirects.concatenate(redirects), cutoffs)
    counted(SELF_CITATIONS, dropped)
    yield shard, (works, pairs)


def send_to_cited(_shard: int, found: tuple[Works, Pairs], shards: int) -> Iterator[tuple[int, Pairs]]:
    """Yield each citation for the shard of the cited document."""
    _, pairs = found
    yield from pairs.split(shard_of(pairs.cited_id, shards))


def count_shard(shard: int, group: Group, axis: CutoffAxis, windows: Sequence[Window], shards: int) -> Iterator[Any]:
    """Yield the shard's counts; what they add to areas as the output `shares`, what citing ones learn as `insides`."""
    works, references = next(iter(group["citing"]), (Works.empty(), Pairs.empty()))
    counts, inside, dangling = tally(works, Pairs.concatenate(group["cited"]), axis, windows)
    counted(DANGLING, dangling)
    for to, part in inside.split(shard_of(inside.document_id, shards)):
        yield TaggedOutput("insides", (to, part))
    for shares in spread(counts, references, axis):
        for to, share in shares.split(shard_of(shares.document_id, shards)):
            yield TaggedOutput("shares", (to, share))
    if len(counts):
        yield shard, counts


def sum_shard(shard: int, group: Group) -> Iterator[tuple[int, Tallies]]:
    """Yield the shard's tallies with what their areas and references add."""
    for counts in group["counts"]:
        yield shard, gather(counts, group["shares"], group["insides"])
