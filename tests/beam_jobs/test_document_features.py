"""The feature job on a runner: the worked example, an eventful corpus against SQL, and how it is run."""

import json
import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from beam_jobs import document_features
from hotarea.domain.errors import NotReadyError
from hotarea.domain.tables import FEATURES
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from tests import oracle
from tests.beam_jobs.conftest import Built
from tests.corpora import EVENTFUL, WORKED_EXAMPLE, A, B, C, cutoff, end
from tests.differences import differences


def test_the_worked_example_of_the_design(built: Built) -> None:
    built.deliver(WORKED_EXAMPLE)
    result = built.features([cutoff(2016)])
    rows = {row["document_id"]: row for row in built.feature_table(cutoff(2016)).to_pylist()}
    assert set(rows) == {A, B, C}
    assert {n: rows[A][n] for n in ("cite_count", "cite_count_5y", "size_5y", "rate")} == {
        "cite_count": 2,
        "cite_count_5y": 2,
        "size_5y": 3,
        "rate": 1.5,
    }
    assert {i: (r["cite_count_1y"], r["size_1y"], r["references_inside"]) for i, r in rows.items()} == {
        A: (1, 2, 0),
        B: (1, 1, 1),
        C: (0, 0, 2),
    }
    assert rows[A]["top_citing_1y"] == 1.0
    assert (rows[A]["rate_pct"], rows[B]["rate_pct"], rows[C]["rate_pct"]) == (3 / 4, 1 / 4, None)
    assert result["cutoffs"] == {"2016-12-31@2016-12-31": {"rows": 3}}
    assert result["records"]["citations read"] == 5


CUTOFFS = [cutoff(y, max(y, 2010)) for y in (2009, 2010, 2011)] + [cutoff(y) for y in (2012, 2014, 2015)]


@pytest.fixture
def eventful(built: Built) -> Built:
    built.deliver(EVENTFUL, parts=2)
    return built


@pytest.fixture(scope="module")
def result(whole: Built) -> dict[str, Any]:
    return whole.features(CUTOFFS, "--shards=3")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The eventful corpus, built once from all its releases."""
    built = Built(tmp_path_factory.mktemp("eventful"))
    built.deliver(EVENTFUL)
    return built


def test_an_eventful_corpus_is_what_sql_counts(whole: Built, result: dict[str, Any]) -> None:
    lake = whole.home / "lake"
    for at in CUTOFFS:
        assert differences(whole.feature_table(at), oracle.features(lake, whole.releases, at)) == {}
    newest = oracle.dangling(lake, whole.releases, CUTOFFS[-1])
    found = result["records"]
    assert (found["dangling references"], found["self-citations after merges"]) == newest
    assert newest[1] > 0
    assert (found["documents read"], found["removals read"]) == (12, 3)
    assert result["seconds"] > sum(result["steps"].values()) > 0


def test_what_the_events_do(whole: Built, result: dict[str, Any]) -> None:
    """By hand, so that the definitions of correction, merge and deletion do not rest on SQL alone."""
    cited = {
        at.day.year: {r["document_id"]: r["cite_count"] for r in whole.feature_table(at).to_pylist()} for at in CUTOFFS
    }
    assert cited[2009] == {10: 2, 11: 1, 12: 0}
    assert cited[2010] == {10: 2, 11: 1, 12: 0, 13: 0}
    assert cited[2011] == {10: 3, 11: 1, 12: 0, 13: 2, 14: 1, 15: 0}  # 12 no longer cites 11
    assert cited[2012] == {10: 2, 11: 2, 12: 0, 14: 0, 16: 0}  # 13 is 11 now, 15 is gone, 17 comes in 2013
    # 11 is 16 now: cited by 14, 17 and 18, once each; 16 does not cite itself, and 11's citation of 10 ended with it
    assert cited[2014] == {10: 1, 12: 0, 14: 0, 16: 3, 17: 0, 18: 0}
    assert cited[2015] == {10: 2, 12: 1, 14: 1, 16: 4, 17: 0, 18: 1, 19: 1}  # 18 had cited 19 before there was one
    assert sum(result["cutoffs"][str(at)]["rows"] for at in CUTOFFS) == sum(map(len, cited.values()))


@pytest.mark.parametrize("known", [2010, 2012])
def test_later_releases_change_no_row(whole: Built, result: dict[str, Any], eventful: Built, known: int) -> None:
    early = [at for at in CUTOFFS if at.known <= end(known)]
    eventful.releases = [r for r in eventful.releases if r <= str(end(known))]
    eventful.features(early)
    assert len(early) < len(result["cutoffs"])
    for at in early:
        assert differences(eventful.feature_table(at), whole.feature_table(at)) == {}


@pytest.mark.parametrize("shards", [1, 8])
def test_the_number_of_shards_and_files_does_not_matter(
    whole: Built, result: dict[str, Any], eventful: Built, shards: int
) -> None:
    eventful.features(CUTOFFS, f"--shards={shards}")
    assert 1 <= len(list(Layout(eventful.output).feature_set(CUTOFFS[-1]).iterdir())) <= shards
    for at in CUTOFFS:
        assert eventful.feature_table(at).num_rows == result["cutoffs"][str(at)]["rows"]
        assert differences(eventful.feature_table(at), whole.feature_table(at)) == {}


def test_files_have_the_declared_schema_and_nothing_lies_beside_them(whole: Built, result: dict[str, Any]) -> None:
    names = {p.relative_to(whole.output).as_posix() for p in whole.output.rglob("*") if p.is_file()}
    parts = [name for name in names if re.fullmatch(r"features/cutoff=[-\d]+/known=[-\d]+/part-\d{4}.parquet", name)]
    assert names == {*parts, document_features.MARKER}
    assert {pq.read_schema(whole.output / part) == FEATURES for part in parts} == {True}
    assert json.loads((whole.output / document_features.MARKER).read_text()) == result


def test_a_cutoff_before_all_documents_has_an_empty_set(eventful: Built) -> None:
    early = Cutoff(end(1999), end(2010))
    result = eventful.features([early])
    assert result["cutoffs"] == {str(early): {"rows": 0}}
    assert eventful.feature_table(early).num_rows == 0


def test_no_cutoff_is_no_work(built: Built) -> None:
    assert built.features([]) == {"cutoffs": {}, "seconds": 0.0}
    assert json.loads((built.output / document_features.MARKER).read_text()) == {"cutoffs": {}, "seconds": 0.0}


def test_a_release_that_is_not_in_the_lake_is_named(eventful: Built) -> None:
    eventful.output.mkdir()
    (eventful.output / document_features.MARKER).write_text("{}")  # of a try that ended well
    eventful.releases.append("2016-12-31")
    with pytest.raises(NotReadyError, match=r"release 2016-12-31 has no documents in .*release=2016-12-31"):
        eventful.features([cutoff(2015)])
    assert not (eventful.output / document_features.MARKER).exists()


def test_a_second_try_leaves_nothing_of_the_first(eventful: Built) -> None:
    folder = Layout(eventful.output).feature_set(cutoff(2012))
    folder.mkdir(parents=True)
    (folder / "part-0099.parquet").write_bytes(b"half")
    eventful.features([cutoff(2012)])
    assert not (folder / "part-0099.parquet").exists()


def test_worker_processes_give_the_same(built: Built, tmp_path: Path) -> None:
    built.deliver(WORKED_EXAMPLE)
    built.features([cutoff(2014), cutoff(2016)])
    here = built.feature_table(cutoff(2016))
    built.output = tmp_path / "elsewhere"
    result = built.features(
        [cutoff(2014), cutoff(2016)], "--direct_running_mode=multi_processing", "--direct_num_workers=2"
    )
    assert differences(built.feature_table(cutoff(2016)), here) == {}
    assert result["records"]["citations read"] == 5
