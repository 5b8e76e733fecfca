"""Real corpora and the sample, from raw files by the real jobs: exactly what SQL counts, and unmoved by the future."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from hotarea.domain.records import Release
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import ingest, jobs, sample, staged_releases
from hotarea.stores.ledger import Ledger
from tests import oracle
from tests.beam_jobs.conftest import Built
from tests.differences import differences

HORIZON = 3


def ingested(folder: Path, raw: Path | None) -> Built:
    """Ingest a raw folder, or the sample if it is None, into a home of its own; its suites are proven elsewhere."""
    built = Built(folder)
    settings = Settings.load(home=built.home)
    if raw is None:
        sample.run(settings)
    plan = ingest.plan(settings, "test", raw)
    assert plan
    jobs.run(ingest.job(settings, plan))
    built.releases = staged_releases.publish(settings, plan, "test")
    with Ledger(settings.ledger) as ledger:
        assert built.releases == [r.release_id for r in ledger.all(Release)]
    return built


def assert_features(built: Built, cutoffs: Iterable[Cutoff]) -> None:
    for cutoff in cutoffs:
        expected = oracle.features(built.home / "lake", built.releases, cutoff)
        assert expected.num_rows > 0
        assert differences(built.feature_table(cutoff), expected) == {}


def assert_labels(built: Built, cutoff: Cutoff) -> None:
    result = built.labels([cutoff], years=HORIZON)
    expected = oracle.labels(built.home / "lake", built.releases, cutoff, HORIZON, 0.9)
    assert differences(built.label_table(cutoff), expected) == {}
    assert 0 < result["cutoffs"][str(cutoff)]["hot"] < result["cutoffs"][str(cutoff)]["eligible"]


def assert_unmoved(built: Built, cutoffs: list[Cutoff]) -> None:
    """Build the cutoffs again from the releases that the newest of them may know, and compare every value."""
    then = {cutoff: built.feature_table(cutoff) for cutoff in cutoffs}
    later = [r for r in built.releases if r > str(cutoffs[-1].known)]
    assert later
    built.releases = [r for r in built.releases if r not in later]
    built.features(cutoffs)
    for cutoff in cutoffs:
        assert differences(built.feature_table(cutoff), then[cutoff]) == {}


def at(*texts: str) -> list[Cutoff]:
    return [Cutoff.parse(text) for text in texts]


@pytest.mark.real_data
def test_arxiv_computer_science(tmp_path: Path, shared_data: Path) -> None:
    built = ingested(tmp_path, shared_data / "arxiv_cs")
    early, late = at("2009-12-31", "2013-12-31"), at("2015-12-31")
    result = built.features([*early, *late])
    read = {kind: result["records"][f"{kind} read"] for kind in ("documents", "citations")}
    assert read == {"documents": 169_343, "citations": 1_166_243}
    assert_features(built, [early[1], *late])
    assert_labels(built, Cutoff.parse("2012-12-31@2015-12-31"))
    assert_unmoved(built, early)


@pytest.mark.real_data
def test_high_energy_physics_dated_by_the_day(tmp_path: Path, shared_data: Path) -> None:
    built = ingested(tmp_path, shared_data / "hepth")
    early, late = at("1995-12-31", "1997-06-30@1997-12-31"), at("2000-12-31")
    built.features([*early, *late])
    assert_features(built, [early[1], *late])
    assert_labels(built, Cutoff.parse("1996-12-31@1999-12-31"))
    assert_unmoved(built, early)


def test_the_sample_corpus(tmp_path: Path) -> None:
    built = ingested(tmp_path, None)
    early, late = [Cutoff.parse(r) for r in built.releases[4:8:3]], Cutoff.parse(built.releases[-1])
    result = built.features([*early, late])
    assert result["records"]["removals read"] > 0
    assert_features(built, [early[1], late])
    known = Cutoff.parse(f"{built.releases[7]}@{built.releases[10]}")
    assert_labels(built, known)
    assert_unmoved(built, early)
