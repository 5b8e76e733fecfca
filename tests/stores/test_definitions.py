"""What feature_repo may change: shown before it is applied, refused by name where it takes something away."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from hotarea.domain.errors import DefinitionError, SettingsError
from hotarea.domain.model_features import FEATURE_SERVICE
from hotarea.domain.settings import Settings
from hotarea.stages import materialize
from hotarea.stores import definitions, feature_store
from tests.conftest import Published
from tests.definitions import Repo
from tests.servers import postgres_server


@pytest.fixture
def repo(settings: Settings, tmp_path: Path) -> Repo:
    """Applied once, as it is."""
    made = Repo(settings, tmp_path / "project")
    definitions.apply(made.settings)
    return made


def told(changes: list[definitions.Change]) -> list[str]:
    return [str(change) for change in changes]


def test_a_plan_shows_what_would_come_and_changes_nothing(settings: Settings) -> None:
    planned = definitions.plan(settings)

    assert "adds feature service hot_area_model_v1" in told(planned)
    assert definitions.plan(settings) == planned
    assert definitions.apply(settings) == planned
    assert definitions.plan(settings) == []


def test_what_is_added_or_said_better_is_applied_without_asking(repo: Repo) -> None:
    repo.edit("services.py", 'description="The single features', 'description="Single features')
    repo.edit(
        "services.py",
        "document_area_v1 = FeatureService(",
        'document_area_v2 = FeatureService(name="document_area_v2", features=[size_5y_cite_count])\n\n'
        "document_area_v1 = FeatureService(",
    )

    assert told(definitions.apply(repo.settings)) == [
        "adds feature service document_area_v2",
        "changes feature service hot_area_baselines_v1: description",
    ]
    assert definitions.plan(repo.settings) == []


@pytest.mark.parametrize(
    ("file", "before", "after", "named"),
    [
        (
            "views.py",
            '"references_inside", "age_years"',
            '"age_years"',
            "changes feature view document_citations: loses",
        ),
        (
            "views.py",
            '    online=True,\n    description="Citations',
            '    online=False,\n    description="Citations',
            "no more",
        ),
        (
            "fields.py",
            "Distinct documents that cite it, dated on",
            "All that cite it, dated on",
            "document_area_v1: .*cite",
        ),
        (
            "services.py",
            '"cite_count_2y", "cite_count_1y"]',
            '"cite_count_1y"]',
            "document_area_v1: loses .*cite_count_2y",
        ),
    ],
)
def test_what_takes_something_away_is_named_and_needs_the_flag(
    repo: Repo, file: str, before: str, after: str, named: str
) -> None:
    repo.edit(file, before, after)
    applied = definitions.fingerprint(repo.settings, "document_area_v1")

    with pytest.raises(DefinitionError, match=f"{named}.*expected nothing to be taken away.*--destructive"):
        definitions.apply(repo.settings)

    assert definitions.fingerprint(repo.settings, "document_area_v1") == applied
    assert definitions.apply(repo.settings, destructive=True)
    assert definitions.plan(repo.settings) == []


def test_a_service_that_a_champion_reads_neither_changes_nor_goes(repo: Repo) -> None:
    Published(repo.settings).champion(3)
    repo.edit("fields.py", 'f"Mid-rank percentile of {name}', 'f"Percentile of {name}')

    for destructive in (False, True):
        with pytest.raises(
            DefinitionError,
            match=f"changes feature service {FEATURE_SERVICE}: .*model version 3 was trained on {FEATURE_SERVICE}",
        ):
            definitions.apply(repo.settings, destructive=destructive)


def test_the_old_version_of_a_service_stays_until_no_model_reads_it(
    repo: Repo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 1 was trained on the old service and can be rolled back to, until its model is gone."""
    from hotarea.domain.errors import GateError
    from hotarea.stores import registry

    models = {1, 2}

    def tags(_: Settings, version: int) -> dict[str, str]:
        if version not in models:
            raise GateError("gone")
        return {}

    monkeypatch.setattr(registry, "tags", tags)
    published = Published(repo.settings)
    published.champion(1, service="document_area_v1")
    published.champion(2)
    repo.without("document_area_v1")

    with pytest.raises(DefinitionError, match=r"removes feature service document_area_v1 .model version 1 was trained"):
        definitions.apply(repo.settings, destructive=True)

    models.remove(1)
    assert told(definitions.apply(repo.settings, destructive=True)) == ["removes feature service document_area_v1"]


def test_a_fingerprint_is_of_what_is_read_and_not_of_what_is_said_about_it(repo: Repo) -> None:
    before = definitions.fingerprint(repo.settings, FEATURE_SERVICE)

    repo.edit("services.py", 'description="What the hot-area model reads', 'description="What the model reads')
    definitions.apply(repo.settings)
    assert definitions.fingerprint(repo.settings, FEATURE_SERVICE) == before

    repo.edit("fields.py", 'f"Mid-rank percentile of {name}', 'f"Percentile of {name}')
    definitions.apply(repo.settings, destructive=True)
    assert definitions.fingerprint(repo.settings, FEATURE_SERVICE) != before


# ---- in SQL


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres_server() as url:
        yield url


def test_processes_that_apply_at_once_to_postgresql_do_it_one_after_another(settings: Settings, server: str) -> None:
    shared = settings.model_copy(update={"registry_url": SecretStr(server)})
    command = "from hotarea.domain.settings import Settings; from hotarea.stores import definitions, feature_store; "
    command += "s = Settings.load(); definitions.apply(s); print(len(feature_store.open_store(s).list_feature_views()))"

    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", command],
            env=os.environ
            | {
                "HOTAREA_HOME": str(settings.home / str(number)),  # as on machines of their own
                "HOTAREA_PROJECT": str(settings.project),
                "HOTAREA_REGISTRY_URL": server,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    ended = [(*process.communicate(timeout=120), process.returncode) for process in processes]

    assert [(out.strip(), code) for out, _, code in ended] == [("4", 0)] * 4, ended
    assert definitions.plan(shared) == []
    assert {s.name for s in feature_store.open_store(shared).list_feature_services()} >= {FEATURE_SERVICE}


def test_the_registry_lies_beside_a_ledger_on_a_server(tmp_path: Path) -> None:
    one, own = "postgresql+psycopg2://me:hidden@db/hotarea", "postgresql://me:hidden@db/feast"

    assert Settings.load(home=tmp_path).registry is None
    assert Settings.load(home=tmp_path, ledger_url=one).registry == one
    assert Settings.load(home=tmp_path, ledger_url=one, registry_url=own).registry == own


def test_a_registry_that_cannot_be_reached_is_named_without_its_password(settings: Settings) -> None:
    url = "postgresql+psycopg://me:hidden@127.0.0.1:9/feast"
    away = settings.model_copy(update={"registry_url": SecretStr(url)})

    for call in (definitions.apply, definitions.plan, feature_store.open_store, materialize.plan):
        with pytest.raises(
            SettingsError, match=r"me:\*\*\*@127.0.0.1:9/feast cannot be used.*expected.*HOTAREA_REGISTRY_URL"
        ) as error:
            call(away)
        assert "hidden" not in str(error.value)


@pytest.mark.parametrize(("password", "database"), [("hidden", "postgres"), ("secret", "nowhere")])
def test_a_server_that_lets_nobody_in_is_named_without_the_password(
    settings: Settings, server: str, password: str, database: str
) -> None:
    url = server.replace(":secret@", f":{password}@").replace("/postgres", f"/{database}")

    for setting in ("registry_url", "ledger_url"):
        away = settings.model_copy(update={setting: SecretStr(url.replace("postgresql:", "postgresql+psycopg:"))})
        with pytest.raises(
            SettingsError, match=rf":\*\*\*@127.0.0.1:\d+/{database} cannot be used.*{setting.upper()}"
        ) as error:
            definitions.apply(away)
        assert password not in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("url", ["hidden", "postgresql://me:hidden@host:port/db", "nosuch://me:hidden@host/db"])
def test_an_address_of_a_registry_that_is_none_is_told_and_not_shown(settings: Settings, url: str) -> None:
    away = settings.model_copy(update={"registry_url": SecretStr(url)})

    for call in (definitions.apply, definitions.plan, feature_store.open_store):
        with pytest.raises(
            SettingsError, match=r"HOTAREA_REGISTRY_URL is no URL of a database .*expected postgresql://"
        ) as error:
            call(away)
        assert "hidden" not in str(error.value)
