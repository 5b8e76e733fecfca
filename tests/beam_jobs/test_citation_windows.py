"""The two shuffles, step by step over random corpora, against SQL that counts pair by pair at one cutoff."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotarea.domain import tables
from hotarea.domain.labels import LabelRule
from hotarea.domain.windows import Coverage, Cutoff, Maturity, years_before
from tests import oracle
from tests.differences import differences
from tests.drawn import Corpus, corpora
from tests.lakes import write_lake
from tests.shuffles import feature_tables, label_tables

many = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@contextmanager
def lake_of(corpus: Corpus, parts: int = 1) -> Iterator[Path]:
    with TemporaryDirectory() as folder:
        write_lake(Path(folder), corpus.deliveries, parts)
        yield Path(folder)


@many
@given(corpora(), st.integers(1, 5), st.data())
def test_features_are_what_sql_counts(corpus: Corpus, shards: int, data: st.DataObject) -> None:
    cutoff = data.draw(st.sampled_from(corpus.cutoffs))
    with lake_of(corpus) as home:
        found = feature_tables(home, corpus.releases, corpus.cutoffs, shards)
        expected = oracle.features(home / "lake", corpus.releases, cutoff)
        assert differences(found.get(cutoff, tables.FEATURES.empty_table()), expected) == {}


@many
@given(corpora(), st.integers(1, 3), st.sampled_from([0.5, 0.9]))
def test_labels_are_what_sql_counts(corpus: Corpus, years: int, quantile: float) -> None:
    dates = list(corpus.deliveries)
    days = [c.day for c in corpus.cutoffs if Maturity.of(dates[-1], years).reaches(c.day)]
    cutoffs = [Cutoff(day, Coverage.of(dates).knowable(years_before(day, -years)).known) for day in days]
    with lake_of(corpus) as home:
        found = label_tables(home, corpus.releases, cutoffs, LabelRule(years, quantile), shards=2)
        for cutoff in cutoffs:
            expected = oracle.labels(home / "lake", corpus.releases, cutoff, years, quantile)
            assert differences(found.get(cutoff, tables.LABELS.empty_table()), expected) == {}


@many
@given(corpora())
def test_later_releases_change_no_value(corpus: Corpus) -> None:
    with lake_of(corpus) as home:
        at_last = feature_tables(home, corpus.releases, corpus.cutoffs, 2)
        for known in {c.known for c in corpus.cutoffs}:
            earlier = [r for r in corpus.releases if date.fromisoformat(r) <= known]
            then = feature_tables(home, earlier, [c for c in corpus.cutoffs if c.known <= known], 2)
            assert {c: t.to_pylist() for c, t in then.items()} == {
                c: t.to_pylist() for c, t in at_last.items() if c.known <= known
            }


@pytest.mark.parametrize("shards", [3, 8])
@settings(max_examples=10, deadline=None, derandomize=True)
@given(corpora())
def test_neither_shards_nor_files_matter(shards: int, corpus: Corpus) -> None:
    with lake_of(corpus) as whole, lake_of(corpus, parts=3) as cut:
        one = feature_tables(whole, corpus.releases, corpus.cutoffs, 1)
        other = feature_tables(cut, corpus.releases[::-1], corpus.cutoffs, shards)
    assert {c: t.to_pylist() for c, t in one.items()} == {c: t.to_pylist() for c, t in other.items()}
