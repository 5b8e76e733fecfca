"""Makes what the other containers expect: databases, tables, the login and, without other data, the sample corpus.

Every step is harmless to repeat, so that each start of the system can run it.
"""

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import URL, create_engine, make_url, text

from hotarea.domain.settings import Settings
from hotarea.stages import sample
from hotarea.stores.ledger import Ledger

DATABASES = ("airflow", "hotarea", "mlflow")

log = logging.getLogger("prepare")


def create_databases(names: Iterable[str], server: URL) -> list[str]:
    """Create the databases that are missing on a PostgreSQL server and return their names."""
    engine = create_engine(server.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        present = set(connection.execute(text("SELECT datname FROM pg_database")).scalars())
        missing = [name for name in names if name not in present]
        for name in missing:
            connection.execute(text(f'CREATE DATABASE "{name}"'))
    engine.dispose()
    return missing


def write_login(path: Path, user: str, password: str) -> None:
    """Write the password file of Airflow's simple auth manager, readable for its owner only."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({user: password}, file)


def main() -> None:
    """Prepare everything, in the order of what needs what."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    settings = Settings.load()
    made = create_databases(DATABASES, make_url(settings.ledger))
    log.info("databases: %s made", ", ".join(made) or "none to be")
    passwords = Path(os.environ["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"])
    write_login(passwords, "admin", os.environ["AIRFLOW_ADMIN_PASSWORD"])
    Ledger(settings.ledger).close()
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True)
    if settings.raw is None:
        sample.run(settings)


if __name__ == "__main__":
    main()
