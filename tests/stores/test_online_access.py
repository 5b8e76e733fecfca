"""One ledger for each online store, and servers that cannot be used: on real ones."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from hotarea.cli import app
from hotarea.domain.errors import SettingsError, UnreachableError
from hotarea.domain.records import Materialization
from hotarea.domain.settings import Settings
from hotarea.stages import audit, materialize
from hotarea.stores import definitions, feature_store
from hotarea.stores.ledger import Ledger, read
from tests.conftest import PROJECT, Published
from tests.servers import free_port, postgres_server, redis_server

DAY = "2012-12-31"
SERVERS = {"redis": redis_server, "postgres": postgres_server}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    with SERVERS[request.param]() as url:
        yield {"online_store": request.param, "online_store_url": url}


@pytest.fixture
def homes(server: dict[str, str], tmp_path: Path) -> Callable[..., Settings]:
    """Makes homes that name one server; each publishes its own rates of the documents that it is given."""

    def home(name: str, rates: dict[int, float], **others: str) -> Settings:
        settings = Settings.load(home=tmp_path / name, project=PROJECT, **server | others)
        Published(settings).features(DAY, *({"document_id": i, "rate": rate} for i, rate in rates.items()))
        return settings

    return home


def rates(settings: Settings, *ids: int) -> list[object]:
    return feature_store.online(settings, "document_area_v1", ids)["rate"]


def test_two_homes_on_one_store_do_not_overwrite_each_other(homes: Callable[..., Settings]) -> None:
    first, second = homes("first", {1: 1.0, 2: 2.0}), homes("second", {2: 20.0})
    take_over(first)
    materialize.run(first, "run-1")

    both = r"written by the ledger \w+ at sqlite:///.*/first/.*this is the ledger \w+ at sqlite:///.*/second/"
    for write in (materialize.run, audit.run):
        with pytest.raises(SettingsError, match=rf"{both}.*HOTAREA_ONLINE_STORE_URL.*--take-over") as refused:
            write(second, "run-2")
        assert "secret" not in str(refused.value)
    with pytest.raises(SettingsError, match="expected one ledger for each online store"):
        definitions.apply(second)
    assert rates(first, 1, 2) == [1.0, 2.0]
    assert read(second.ledger, Materialization) == []
    assert materialize.run(first, "run-3") == []


def test_a_store_is_taken_over_on_purpose_and_taken_back(homes: Callable[..., Settings]) -> None:
    first, second = homes("first", {1: 1.0, 2: 2.0}), homes("second", {2: 20.0})
    take_over(first)
    materialize.run(first, "run-1")

    Published(first).predictions(DAY, 7, {2: 0.7})
    materialize.run(first, "predictions")
    taken = CliRunner().invoke(
        app, ["--home", str(second.home), "materialize", "--take-over", "--json"], env=told(second)
    )
    assert taken.exit_code == 0, taken.output
    assert [write["rows"] for write in json.loads(taken.stdout)] == [1, 1]
    answer = feature_store.online(second, "document_area_v1", [1, 2])
    assert (answer["rate"], answer["hot_area_score"]) == ([None, 20.0], [None, None])  # what the other had is gone
    with pytest.raises(SettingsError, match="/second/"):
        materialize.run(first, "run-2")

    materialize.take_over(first, "back")  # though its ledger says that all is served
    assert [plan.is_due for plan in materialize.plan(first)] == [True, True, True]
    materialize.run(first, "run-3")
    assert rates(first, 1, 2) == [1.0, 2.0]
    assert all(found.success for found in audit.run(first, "run-4"))


def test_several_materializations_of_one_ledger_are_safe(homes: Callable[..., Settings]) -> None:
    home = homes("one", {i: i / 3 for i in range(60)})
    take_over(home)

    with ThreadPoolExecutor(3) as threads:
        written = [len(run) for run in threads.map(lambda n: materialize.run(home, f"run-{n}"), range(3))]

    assert sorted(written) == [0, 0, 2]
    assert rates(home, 59) == [59 / 3]


def take_over(settings: Settings) -> None:
    """Whichever test came before."""
    materialize.take_over(settings, "test")


def told(settings: Settings) -> dict[str, str]:
    """The environment that gives these settings."""
    assert settings.online_store_url
    return {
        "HOTAREA_PROJECT": str(settings.project),
        "HOTAREA_ONLINE_STORE": settings.online_store,
        "HOTAREA_ONLINE_STORE_URL": settings.online_store_url.get_secret_value(),
    }


def calls(settings: Settings) -> list[Callable[[], object]]:
    """What reaches for an online store."""
    return [
        lambda: materialize.run(settings, "run"),
        lambda: materialize.run_some(settings, "run", pa.array([1]), date.fromisoformat(DAY)),
        lambda: audit.run(settings, "run"),
        lambda: definitions.apply(settings),
    ]


def test_a_server_that_is_not_there_is_named(server: dict[str, str], settings: Settings, published: Published) -> None:
    published.features(DAY, {"document_id": 1, "rate": 1.0})
    port, kind = free_port(), server["online_store"]
    url = f"{server['online_store_url'].split(':')[0]}://:hidden@127.0.0.1:{port}/0"
    away = Settings.load(home=settings.home, project=PROJECT, online_store=kind, online_store_url=url)

    for call in calls(away):
        with pytest.raises(
            UnreachableError,
            match=rf"{kind} 127.0.0.1:{port}.* cannot be used: .*efused.*expected a .* server that answers.*"
            "correct HOTAREA_ONLINE_STORE_URL",
        ) as error:
            call()
        assert "hidden" not in str(error.value)
    assert [plan.is_due for plan in materialize.plan(away)] == [True, True]  # which needs no server


def test_a_wrong_password_is_told_and_not_shown(homes: Callable[..., Settings], server: dict[str, str]) -> None:
    url = server["online_store_url"].replace(":secret@", ":hidden@")
    home = homes("one", {1: 1.0}, online_store_url=url)

    refused = CliRunner().invoke(app, ["--home", str(home.home), "materialize"], env=told(home))

    assert isinstance(refused.exception, SettingsError)
    assert "cannot be used" in str(refused.exception)
    assert "assword" in str(refused.exception)
    assert "hidden" not in str(refused.exception)
    definitions_known = Settings.load(home=home.home, project=PROJECT)
    definitions.apply(definitions_known)
    with pytest.raises(SettingsError, match="HOTAREA_ONLINE_STORE_URL"):
        rates(home, 1)


@pytest.mark.parametrize(
    ("kind", "url", "told_of"),
    [
        ("redis", "postgresql://me:hidden@host/db", "expected redis://"),
        ("postgres", "redis://:hidden@host:6379/0", "expected postgresql://"),
        ("redis", "redis://me:12#hidden@host:6379/0", "%23"),
        ("redis", "redis://me:hidden@host:port/0", "or no port"),
        ("postgres", "hidden", "names no host"),
    ],
)
def test_an_address_that_is_none_is_told_and_not_shown(settings: Settings, kind: str, url: str, told_of: str) -> None:
    wrong = Settings.load(home=settings.home, project=PROJECT, online_store=kind, online_store_url=url)

    with pytest.raises(SettingsError, match=f"HOTAREA_ONLINE_STORE_URL .*{told_of}") as error:
        feature_store.online_store(wrong)

    assert "hidden" not in str(error.value)
    assert "12" not in str(error.value)


def test_a_ledger_keeps_its_name_and_several_that_ask_first_are_told_the_same(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ledger.db"
    Ledger(url).close()

    def asked(_: int) -> str:
        with Ledger(url) as ledger:
            return ledger.ledger_id

    with ThreadPoolExecutor(4) as threads:
        names = {*threads.map(asked, range(8))}

    assert len(names) == 1
    assert len(names.pop()) == 12
