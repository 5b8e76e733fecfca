"""What docker-compose.yaml and the Dockerfile promise, read from the files; a container engine proves the rest."""

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from hotarea.console.airflow import environment
from hotarea.domain.settings import Settings

PROJECT = Path(__file__).parents[1]
COMPOSE = PROJECT / "docker-compose.yaml"
AIRFLOW = ["airflow-api-server", "airflow-dag-processor", "airflow-scheduler", "airflow-triggerer"]
OURS = [*AIRFLOW, "mlflow", "prepare"]
SECRETS = ["AIRFLOW_ADMIN_PASSWORD", "AIRFLOW_FERNET_KEY", "AIRFLOW_JWT_SECRET", "POSTGRES_PASSWORD", "REDIS_PASSWORD"]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return content


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def example() -> dict[str, str]:
    """The variables that .env.example sets."""
    lines = (PROJECT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def test_the_wheel_that_the_image_installs_holds_every_package() -> None:
    listed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    roots = [(PROJECT / "src", "hotarea"), (PROJECT, "beam_jobs"), (PROJECT, "expectations")]
    found = {
        ".".join(init.parent.relative_to(root).parts)
        for root, name in roots
        for init in (root / name).rglob("__init__.py")
    }
    assert sorted(listed) == sorted(found)


def test_the_services_are_these(services: dict[str, Any]) -> None:
    assert sorted(services) == sorted([*OURS, "postgres", "redis"])


def test_every_lasting_service_is_checked_and_restarted(services: dict[str, Any]) -> None:
    lasting = {name: service for name, service in services.items() if name != "prepare"}
    assert [name for name, service in lasting.items() if "test" not in service.get("healthcheck", {})] == []
    assert {service["restart"] for service in lasting.values()} == {"unless-stopped"}
    assert services["prepare"]["restart"] == "no"


@pytest.mark.parametrize("name", AIRFLOW)
def test_airflow_is_asked_about_the_component_that_runs(services: dict[str, Any], name: str) -> None:
    checked = services[name]["healthcheck"]["test"][-1]
    assert checked == {"airflow-api-server": "metadatabase"}.get(name, name.removeprefix("airflow-").replace("-", "_"))
    assert name.removeprefix("airflow-") in services[name]["command"]


def test_ports_are_open_on_loopback_only(services: dict[str, Any]) -> None:
    ports = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert sorted(ports) == ["airflow-api-server", "mlflow"]
    assert [p for listed in ports.values() for p in listed if not p.startswith("127.0.0.1:${")] == []


def test_every_image_can_be_replaced(services: dict[str, Any]) -> None:
    assert {
        n: s["image"] for n, s in services.items() if not re.fullmatch(r"\$\{[A-Z_]+_IMAGE:-.+\}", s["image"])
    } == {}
    assert {services[name]["build"]["args"]["PYTHON_IMAGE"] for name in OURS} == {
        "${PYTHON_IMAGE:-python:3.11-slim-bookworm}"
    }
    stages = re.findall(r"^FROM (\S+)", (PROJECT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert set(stages) == {"${PYTHON_IMAGE}"}


def test_secrets_come_from_the_environment_and_have_no_default(services: dict[str, Any]) -> None:
    used = re.findall(r"\$\{(\w+)([^}]*)\}", COMPOSE.read_text())
    secret = [(name, rest) for name, rest in used if re.search("PASSWORD|SECRET|KEY", name)]
    assert sorted({name for name, _ in secret}) == SECRETS
    assert {rest for _, rest in secret} <= {"", ":?set it in .env"}
    assert {name for name, rest in secret if rest} == set(SECRETS)  # each is asked for at least once
    for service in services.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD$|SECRET$|_KEY$|CONN$|AUTH$", name):
                assert "${" in value, name


def test_the_example_names_every_secret_and_holds_none() -> None:
    assert example() == dict.fromkeys(SECRETS, "")


def test_every_variable_is_in_the_example() -> None:
    used = {name for name, _ in re.findall(r"\$\{(\w+)([^}]*)\}", COMPOSE.read_text())}
    named = set(re.findall(r"^#?([A-Z][A-Z_]+)=", (PROJECT / ".env.example").read_text(), flags=re.MULTILINE))
    assert used - named == set()


def test_the_example_names_only_settings_that_exist() -> None:
    named = re.findall(r"^#?HOTAREA_([A-Z_]+)=", (PROJECT / ".env.example").read_text(), flags=re.MULTILINE)
    assert {name.lower() for name in named} - {"image"} - set(Settings.model_fields) == set()


@pytest.mark.parametrize("name", AIRFLOW)
def test_settings_are_those_of_make_run_but_for_where_things_are(
    services: dict[str, Any], name: str, tmp_path: Path
) -> None:
    local = environment(Settings.load(home=tmp_path / "home", project=PROJECT))
    here = services[name]["environment"]
    elsewhere = re.compile("CONN$|URL$|KEY$|SECRET$|PASSWORDS_FILE$|LOG_FOLDER$|API__HOST$|API__PORT$")
    same = [key for key in here if key.startswith("AIRFLOW__") and key in local and not elsewhere.search(key)]
    assert {key: here[key] for key in same} == {key: local[key] for key in same}
    assert len(same) >= 8


@pytest.mark.parametrize("name", AIRFLOW)
def test_state_is_in_postgresql_redis_and_mlflow(services: dict[str, Any], name: str) -> None:
    variables = services[name]["environment"]
    assert "@postgres:5432/hotarea" in variables["HOTAREA_LEDGER_URL"]
    assert "@postgres:5432/airflow" in variables["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]
    assert variables["HOTAREA_MLFLOW_URL"] == "http://mlflow:5000"
    assert variables["HOTAREA_ONLINE_STORE"] == "redis"
    assert variables["HOTAREA_ONLINE_STORE_URL"].endswith("@redis:6379/0")


def test_the_settings_of_a_container_can_be_loaded(services: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in services["airflow-scheduler"]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+[^}]*\}", "s3cret", value))
    settings = Settings.load()
    assert settings.ledger == "postgresql+psycopg2://hotarea:s3cret@postgres:5432/hotarea"
    assert settings.mlflow == "http://mlflow:5000"


@pytest.mark.parametrize("name", OURS)
def test_our_containers_share_one_home_and_have_no_rights(services: dict[str, Any], name: str) -> None:
    service = services[name]
    assert "home:/var/lib/hotarea" in service["volumes"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["init"] is True


def test_nothing_starts_before_what_it_needs(services: dict[str, Any]) -> None:
    needs = {name: {k: v["condition"] for k, v in s.get("depends_on", {}).items()} for name, s in services.items()}
    assert needs["prepare"] == {"postgres": "service_healthy"}
    assert needs["mlflow"] == {"prepare": "service_completed_successfully"}
    for name in AIRFLOW:
        assert (
            needs[name].items()
            >= {
                "prepare": "service_completed_successfully",
                "redis": "service_healthy",
                "mlflow": "service_healthy",
            }.items()
        )


def test_named_volumes_are_declared(compose: dict[str, Any], services: dict[str, Any]) -> None:
    mounted = {volume.split(":")[0] for service in services.values() for volume in service.get("volumes", ())}
    assert {name for name in mounted if not name.startswith("${")} <= set(compose["volumes"])
    assert "raw" in compose["volumes"]  # the default of RAW_FOLDER


def dockerfile() -> list[list[str]]:
    """The Dockerfile's instructions, each as words."""
    text = re.sub(r"\\\n", " ", (PROJECT / "Dockerfile").read_text())
    return [shlex.split(line) for line in text.splitlines() if line and not line.startswith("#")]


def test_the_image_installs_the_lock_with_hashes_and_the_wheel_alone() -> None:
    commands = [" ".join(words[1:]) for words in dockerfile() if words[0] == "RUN"]
    installs = [part for command in commands for part in command.split(" && ") if part.startswith("pip install")]
    assert installs == [
        "pip install --require-hashes --requirement requirements.txt",
        "pip install --no-deps /wheels/*.whl",
    ]


def test_the_image_runs_as_nobody_special() -> None:
    assert [words for words in dockerfile() if words[0] == "USER"] == [["USER", "hotarea"]]


def test_what_the_image_copies_exists_and_is_sent_to_the_daemon() -> None:
    copied = {
        word for words in dockerfile() if words[0] == "COPY" and "--from=build" not in words for word in words[1:-1]
    }
    sent = {line[1:] for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied == sent
    assert {name for name in copied if not (PROJECT / name).exists()} - {"README.md"} == set()


def test_compose_itself_accepts_the_file(tmp_path: Path) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    shutil.copy(COMPOSE, tmp_path)
    (tmp_path / ".env").write_text("".join(f"{name}=s3cret\n" for name in SECRETS))
    checked = subprocess.run([program, "config"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert yaml.safe_load(checked.stdout)["services"]["redis"]["environment"] == {"REDISCLI_AUTH": "s3cret"}


def test_without_secrets_compose_says_what_is_missing(tmp_path: Path) -> None:
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed")
    shutil.copy(COMPOSE, tmp_path)
    shutil.copy(PROJECT / ".env.example", tmp_path / ".env")
    checked = subprocess.run([program, "config"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert checked.returncode != 0
    assert "set it in .env" in checked.stderr
