"""The sample corpus as time passes: the drift check fires in the release whose world was shifted, and in no other."""

from pathlib import Path

import pytest

from hotarea.domain.records import Comparison, DriftCheck, FeatureSet, LabelSet, Release
from hotarea.domain.settings import Settings
from hotarea.stages import compare, drift, features, ingest, jobs, sample, staged_releases, train
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.conftest import PROJECT, Published

TRAINED_IN = (2017, 2021)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home that has seen all releases of a sample, with features and labels as each was known first."""
    settings = Settings.load(home=tmp_path_factory.mktemp("known"), project=PROJECT, workers=1)
    plan = ingest.plan(settings, "test", sample.run(settings, works=5000).folder)
    assert plan
    jobs.run(ingest.job(settings, plan))
    staged_releases.publish(settings, plan, "test")
    compare.again(settings, "test")
    plan = features.plan(settings, "test")
    assert plan
    jobs.run(features.feature_job(settings, plan))
    jobs.run(features.label_job(settings, plan))
    features.publish(settings, plan, "test")
    return settings


def pass_time(known: Settings, home: Path) -> dict[str, DriftCheck]:
    """Let a home learn release by release what the other knows, and look at each; now and then, train a champion."""
    settings = Settings.load(home=home, project=PROJECT, workers=1)
    for folder in (Layout(known.home).lake, Layout(known.home).features, Layout(known.home).labels):
        (home / folder.name).symlink_to(folder, target_is_directory=True)
    past, present, found = Ledger(known.ledger), Ledger(settings.ledger), {}
    compared = {c.release_id: c for c in past.all(Comparison)}
    for release in sorted(past.all(Release), key=lambda r: r.release_date):
        sets = [s for kind in (FeatureSet, LabelSet) for s in past.all(kind, known=release.release_date)]
        present.add(release, compared[release.release_id], *sets)
        checked = drift.run(settings, f"monitor-{release.release_id}")
        if checked:
            found[release.release_id] = checked
        if release.release_date.year in TRAINED_IN:
            assert train.run(settings, release.release_id)
            Published(settings).champion(1 + TRAINED_IN.index(release.release_date.year))
    past.close()
    present.close()
    return found


def test_the_check_fires_in_the_shifted_release_and_in_no_other(known: Settings, with_registry: Settings) -> None:
    found = pass_time(known, with_registry.home)

    fired = {release: check.alarms for release, check in found.items() if check.alarms}
    assert fired == {"2012-12-31": ["new_documents"]}
    assert sorted(found) == [f"{year}-12-31" for year in range(2011, 2025)]  # 2010 has nothing before it
    assert {check.model_version for check in found.values()} == {0, 1, 2}
