"""Feast writes its whole registry back: what another process has written since stays."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from feast import FeatureView

from hotarea.domain.errors import DefinitionError
from hotarea.domain.settings import Settings
from hotarea.stores import definitions, feature_store
from hotarea.stores.lock import exclusive
from tests.conftest import PROJECT
from tests.definitions import Repo

VIEW, DAY = "size_5y_cite_count", datetime(2013, 12, 31, tzinfo=UTC)


@pytest.fixture
def repo(settings: Settings, tmp_path) -> Repo:
    made = Repo(settings, tmp_path / "project")
    definitions.apply(made.settings)
    return made


def materialized(store, view: FeatureView, days: int) -> None:
    """What Feast does when a range is written."""
    store.registry.apply_materialization(view, store.project, DAY - timedelta(days=days), DAY)


def test_a_materialization_does_not_bring_old_definitions_back(repo: Repo) -> None:
    store = feature_store.open_store(repo.settings)
    view = store.get_feature_view(VIEW)
    prepared = store.registry._prepare_registry_for_changes

    def applied_meanwhile(project: str) -> object:
        """Between the moment at which Feast has read the file and that at which it writes it."""
        found = prepared(project)
        repo.edit(
            "views.py", 'fields("rate", "size_5y", "cite_count")', 'fields("rate", "size_5y", "cite_count", "size_2y")'
        )
        assert definitions.apply(repo.settings)
        return found

    store.registry._prepare_registry_for_changes = applied_meanwhile
    materialized(store, view, 1)

    found = feature_store.open_store(repo.settings).get_feature_view(VIEW)
    assert "size_2y" in [field.name for field in found.features]
    assert [end for _, end in found.materialization_intervals] == [DAY]
    assert definitions.plan(repo.settings) == []


def test_two_materializations_at_once_are_both_remembered(repo: Repo) -> None:
    one, other = feature_store.open_store(repo.settings), feature_store.open_store(repo.settings)
    views = [store.get_feature_view(VIEW) for store in (one, other)]
    one.registry._prepare_registry_for_changes = lambda _: None  # it has read the file already

    materialized(other, views[1], 2)
    materialized(one, views[0], 1)
    materialized(one, views[0], 3)

    found = feature_store.open_store(repo.settings).get_feature_view(VIEW)
    assert sorted((end - start).days for start, end in found.materialization_intervals) == [1, 2, 3]


def test_definitions_that_were_changed_on_old_ones_are_refused(repo: Repo) -> None:
    store = feature_store.open_store(repo.settings)
    view = store.get_feature_view(VIEW)
    repo.edit("services.py", 'description="The single features', 'description="Single features')
    definitions.apply(repo.settings)
    view.description = "other"
    store.registry._prepare_registry_for_changes = lambda _: None

    with pytest.raises(DefinitionError, match="another process has changed Feast's registry since it was read"):
        store.registry.apply_feature_view(view, store.project)

    assert definitions.plan(repo.settings) == []


def test_a_materialization_waits_for_who_applies(repo: Repo) -> None:
    command = (
        "from datetime import UTC, datetime as on; from hotarea.domain.settings import Settings; "
        "from hotarea.stores import feature_store; s = feature_store.open_store(Settings.load()); "
        f"v = s.get_feature_view('{VIEW}'); print('ready', flush=True); input(); "
        "s.registry.apply_materialization(v, 'hotarea', on(2012, 1, 1, tzinfo=UTC), on(2013, 1, 1, tzinfo=UTC))"
    )
    environment = os.environ | {"HOTAREA_HOME": str(repo.settings.home), "HOTAREA_PROJECT": str(PROJECT)}
    registry = repo.settings.home / "feast" / "registry.db"
    before = registry.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", command], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdin
        assert other.stdout.readline() == b"ready\n"
        with exclusive(registry.with_name("apply.lock")):
            other.stdin.write(b"\n")
            other.stdin.flush()
            with pytest.raises(subprocess.TimeoutExpired):
                other.wait(1)
            assert registry.read_bytes() == before
        assert other.wait(60) == 0
    assert registry.read_bytes() != before
