"""Airflow on one machine: its environment, its secrets and its processes."""

import json
import os
import secrets
import sys
from pathlib import Path

from cryptography.fernet import Fernet

from hotarea.domain.settings import Settings
from hotarea.stores.layout import Layout, write_aside

ADMIN = "admin"
COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    # no log servers: on one machine the UI reads the files, and they would listen on all addresses
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}


_TUNING = {
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__PARALLELISM": "4",  # as many workers are forked at the start; the default is 32
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{ADMIN}:ADMIN",
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__API__EXPOSE_CONFIG": "False",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",  # a finished task holds its worker this long
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
}


def command(*arguments: str) -> list[str]:
    """Return the command line that runs Airflow with this interpreter."""
    return [sys.executable, "-m", "airflow", *arguments]


def base_url(settings: Settings) -> str:
    """Return the address of Airflow's UI and API."""
    return f"http://127.0.0.1:{settings.airflow_port}"


def environment(settings: Settings) -> dict[str, str]:
    """Return the variables under which every Airflow process of this home runs.

    Creates the home's secrets on the first call. No Airflow variable of the caller's is passed on: one left over from
    another project must not send this one to another database.
    """
    callers = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    return {**callers, **_TUNING, **_places(settings), **_secret(settings), **_hotarea(settings)}


def _places(settings: Settings) -> dict[str, str]:
    home, url = Layout(settings.home).airflow, base_url(settings)
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(settings.project / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(settings.project / "plugins"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home / "passwords.json"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(settings.airflow_port),
        "AIRFLOW__API__BASE_URL": settings.airflow,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
    }


def _secret(settings: Settings) -> dict[str, str]:
    kept = _secrets(Layout(settings.home).airflow)
    return {
        "AIRFLOW__CORE__FERNET_KEY": kept["fernet_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": kept["jwt_secret"],
    }


def _hotarea(settings: Settings) -> dict[str, str]:
    return {
        "HOTAREA_HOME": str(settings.home),
        "HOTAREA_PROJECT": str(settings.project),
        **({"HOTAREA_RAW": str(settings.raw)} if settings.raw else {}),
        "OMP_NUM_THREADS": str(os.cpu_count() or 1),
        "PYTHONWARNINGS": "ignore",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def password(settings: Settings) -> str:
    """Return the administrator's password of this home."""
    return _secrets(Layout(settings.home).airflow)["admin_password"]


def _secrets(home: Path) -> dict[str, str]:
    path = home / "secrets.json"
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        made = {
            "fernet_key": Fernet.generate_key().decode(),
            "jwt_secret": secrets.token_urlsafe(64),
            "admin_password": secrets.token_urlsafe(12),
        }
        _write_private(home / "passwords.json", {ADMIN: made["admin_password"]})
        _write_private(path, made)
    read: dict[str, str] = json.loads(path.read_text())
    return read


def _write_private(path: Path, content: dict[str, str]) -> None:
    before = os.umask(0o077)
    try:
        write_aside(path, json.dumps(content).encode())
    finally:
        os.umask(before)
