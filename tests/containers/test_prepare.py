import importlib.util
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import URL, create_engine, text

from hotarea.domain.records import Materialization, now
from hotarea.stores.ledger import Ledger

PROGRAM = Path(__file__).parents[2] / "containers" / "prepare.py"


@pytest.fixture(scope="module")
def prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _programs() -> Path:
    found = shutil.which("initdb") or next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    return Path(found).resolve().parent


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a PostgreSQL server of our own, with user hotarea and password secret."""
    programs, folder = _programs(), tmp_path_factory.mktemp("postgres")
    user = "postgres" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    if user:
        for path in (folder, folder.parent, folder.parent.parent):
            path.chmod(0o755)
        shutil.chown(folder, user)
    (folder / "password").write_text("secret")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        free = taken.getsockname()[1]

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, "-D", folder / "data", *arguments], user=user, check=True, capture_output=True
        )

    run("initdb", "--username=hotarea", f"--pwfile={folder / 'password'}", "--auth=scram-sha-256", "--no-sync")
    run("pg_ctl", "start", "-w", "-l", str(folder / "log"), "-o", f"-p {free} -k {folder} -h 127.0.0.1 -F")
    yield free
    run("pg_ctl", "stop", "-m", "immediate")


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
    ledger = Ledger(server(port, "ledger").render_as_string(hide_password=False))
    record = Materialization(view="v", cutoff=now().date(), rows=3, seconds=0.5, run_id="manual__1")
    ledger.add(record)
    assert ledger.all(Materialization) == [record]
    ledger.close()


def test_the_login_is_for_its_owner_only_and_replaces_the_old(prepare: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "airflow" / "passwords.json"
    path.parent.mkdir()
    path.write_text("{}")
    path.chmod(0o644)
    prepare.write_login(path, "admin", "s3cret")
    assert json.loads(path.read_text()) == {"admin": "s3cret"}
    assert path.stat().st_mode & 0o777 == 0o600
