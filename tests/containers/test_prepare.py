import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import URL, create_engine, make_url, text

from hotarea.domain.records import Materialization, now
from hotarea.stores.ledger import Ledger
from tests.servers import postgres_server

PROGRAM = Path(__file__).parents[2] / "containers" / "prepare.py"


@pytest.fixture(scope="module")
def prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a PostgreSQL server of our own, with user hotarea and password secret."""
    with postgres_server() as url:
        yield make_url(url).port


def server(port: int, database: str = "hotarea") -> URL:
    return URL.create("postgresql+psycopg2", "hotarea", "secret", "127.0.0.1", port, database)


def databases(port: int) -> set[str]:
    engine = create_engine(server(port, "postgres"))
    with engine.connect() as connection:
        names = set(connection.execute(text("SELECT datname FROM pg_database WHERE NOT datistemplate")).scalars())
    engine.dispose()
    return names


def test_the_missing_databases_are_made_once(prepare: ModuleType, port: int) -> None:
    assert prepare.create_databases(["airflow", "hotarea"], server(port)) == ["airflow", "hotarea"]
    assert prepare.create_databases(["hotarea", "mlflow"], server(port)) == ["mlflow"]
    assert databases(port) == {"postgres", "airflow", "hotarea", "mlflow"}


def test_the_ledger_lives_in_postgresql_as_well(prepare: ModuleType, port: int) -> None:
    prepare.create_databases(["ledger"], server(port))
    with Ledger(server(port, "ledger").render_as_string(hide_password=False)) as ledger:
        record = Materialization(view="v", cutoff=now().date(), rows=3, seconds=0.5, run_id="manual__1")
        ledger.add(record)
        assert ledger.all(Materialization) == [record]


def test_the_login_is_for_its_owner_only_and_replaces_the_old(prepare: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "airflow" / "passwords.json"
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o644)
    prepare.write_login(path, "admin", "s3cret")
    assert json.loads(path.read_text()) == {"admin": "s3cret"}
    assert path.stat().st_mode & 0o777 == 0o600
