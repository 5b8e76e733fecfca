"""The jobs' steps called by hand, shard by shard, without a runner: fast enough for many small corpora."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from apache_beam.pvalue import TaggedOutput

from beam_jobs import citation_windows, document_features, document_labels, lake
from hotarea.domain import features, labels
from hotarea.domain.citation_counts import Tallies
from hotarea.domain.cutoff_axis import CutoffAxis, Window
from hotarea.domain.labels import LabelRule
from hotarea.domain.percentiles import percentiles
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout

Keyed = list[tuple[Any, Any]]


def feature_tables(home: Path, releases: Sequence[str], cutoffs: Iterable[Cutoff], shards: int) -> dict[Cutoff, Any]:
    """Return each cutoff's features, ordered by document; a cutoff without documents is missing."""
    axis = CutoffAxis.of(cutoffs)
    tallies = counted(home, releases, axis, features.WINDOWS, shards)
    values = [v for element in tallies for v in document_features.values_of(*element, axis)]
    ladders = grouped(ladders=[r for key, parts in by_key(values) for r in document_features.ranks(key, parts)])
    found: dict[Cutoff, list[pa.Table]] = defaultdict(list)
    for shard, tally in tallies:
        known = dict(ladders[shard]["ladders"])
        for number, cutoff in enumerate(axis.cutoffs):
            rows = tally.at(number)
            if not len(rows):
                continue
            here = features.values(rows, cutoff.day)
            ranked = {n: percentiles(v, *known.get((number, n), document_features._NOTHING)) for n, v in here.items()}
            found[cutoff].append(features.table(rows, cutoff, here, ranked))
    return {cutoff: pa.concat_tables(parts).sort_by("document_id") for cutoff, parts in found.items()}


def label_tables(
    home: Path, releases: Sequence[str], cutoffs: Iterable[Cutoff], rule: LabelRule, shards: int
) -> dict[Cutoff, Any]:
    """Return each cutoff's labels, ordered by document; a cutoff without documents is missing."""
    axis = CutoffAxis.of(cutoffs)
    tallies = counted(home, releases, axis, rule.windows, shards)
    rates = [r for element in tallies for r in document_labels.rates_of(*element, axis)]
    bars = dict(bar for key, parts in by_key(rates) for _, bar in document_labels.thresholds_of(key, parts, rule))
    found: dict[Cutoff, list[pa.Table]] = defaultdict(list)
    for _, tally in tallies:
        for number, cutoff in enumerate(axis.cutoffs):
            rows = tally.at(number)
            if len(rows):
                found[cutoff].append(labels.table(rows, cutoff, bars[number]))
    return {cutoff: pa.concat_tables(parts).sort_by("document_id") for cutoff, parts in found.items()}


def counted(
    home: Path, releases: Sequence[str], axis: CutoffAxis, windows: Sequence[Window], shards: int
) -> list[tuple[int, Tallies]]:
    """Return every shard's tallies."""
    read = grouped(
        **{kind: list(_read(home, releases, kind, shards)) for kind in ("documents", "citations", "removals")}
    )
    resolved = tagged(read.items(), citation_windows.resolve_shard, axis)
    followed = _each(resolved["main"], citation_windows.follow_shard, len(axis), shards, resolved["redirects"])
    citing, cited = map(citation_windows.at_citing, followed), map(citation_windows.at_cited, followed)
    halves = grouped(works=resolved["works"], citing=citing, cited=cited)
    tallied = tagged(halves.items(), citation_windows.count_shard, axis, windows)
    together = grouped(
        counts=tallied["main"],
        citing=map(citation_windows.at_citing, followed),
        shares=tallied["shares"],
        insides=tallied["insides"],
    )
    return _each(together.items(), citation_windows.sum_shard)


def grouped(**collections: Iterable[tuple[Any, Any]]) -> dict[Any, dict[str, list[Any]]]:
    """Group keyed collections as a CoGroupByKey does, but give each group's batches in reverse order."""
    groups: dict[Any, dict[str, list[Any]]] = defaultdict(lambda: {name: [] for name in collections})
    for name, elements in collections.items():
        for key, value in elements:
            groups[key][name].insert(0, value)
    return groups


def by_key(elements: Keyed) -> Iterator[tuple[Any, list[Any]]]:
    return ((key, group["all"]) for key, group in grouped(all=elements).items())


def tagged(
    elements: Iterable[tuple[Any, Any]], step: Callable[..., Iterator[Any]], *arguments: Any
) -> Mapping[str, list[Any]]:
    outputs: dict[str, list[Any]] = defaultdict(list)
    for found in _each(elements, step, *arguments):
        is_tagged = isinstance(found, TaggedOutput)
        outputs[found.tag if is_tagged else "main"].append(found.value if is_tagged else found)
    return outputs


def _each(elements: Iterable[tuple[Any, Any]], step: Callable[..., Iterator[Any]], *arguments: Any) -> list[Any]:
    return [found for key, value in elements for found in step(key, value, *arguments)]


def _read(home: Path, releases: Sequence[str], kind: str, shards: int) -> Iterator[tuple[int, Any]]:
    for release in releases:
        folder = Layout(home).release(release)
        files = [folder / "removals.parquet"] if kind == "removals" else sorted((folder / kind).iterdir())
        for file in files:
            yield from lake.read(kind, release, str(file), shards)
