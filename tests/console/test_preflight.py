"""Each reason not to start is one line that names the value and what to do, and nothing is made."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotarea.console import preflight
from hotarea.domain.errors import HotareaError, RawDataError, SettingsError
from hotarea.domain.settings import Settings


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.fixture
def startable(settings: Settings) -> Settings:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return settings.model_copy(update={"airflow_port": port})


def refusal(settings: Settings, kind: type[HotareaError]) -> str:
    with pytest.raises(kind) as caught:
        preflight.check(settings)
    assert not settings.home.exists(), "nothing is made before everything is known to hold"
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_good_home_passes_and_nothing_is_made(startable: Settings) -> None:
    preflight.check(startable)
    assert not startable.home.exists()


def test_a_taken_port_is_named(startable: Settings, taken_port: int) -> None:
    message = refusal(startable.model_copy(update={"airflow_port": taken_port}), SettingsError)
    assert f"port {taken_port} on 127.0.0.1 is taken" in message
    assert "HOTAREA_AIRFLOW_PORT" in message


def test_a_full_disk_is_named_with_what_is_free(startable: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "FREE_BYTES", 10**18)
    message = refusal(startable, SettingsError)
    assert "GB are free" in message
    assert "HOTAREA_HOME" in message


def test_a_home_below_a_file_cannot_be_written(startable: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    message = refusal(startable.model_copy(update={"home": tmp_path / "file" / "home"}), SettingsError)
    assert "is not a writable folder" in message


def test_another_folder_than_the_checkout_is_refused(startable: Settings, tmp_path: Path) -> None:
    message = refusal(startable.model_copy(update={"project": tmp_path}), SettingsError)
    assert "no folder dags/" in message


@pytest.mark.parametrize("name", ["absent", "file"])
def test_raw_that_is_no_folder_is_refused(startable: Settings, tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    message = refusal(startable.model_copy(update={"raw": tmp_path / name}), RawDataError)
    assert f"{tmp_path / name} is not a folder" in message


def test_raw_of_no_known_layout_is_refused_with_the_layouts_that_are(startable: Settings, tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "notes.txt").write_text("")
    message = refusal(startable.model_copy(update={"raw": tmp_path / "raw"}), RawDataError)
    assert "manifest.json" in message
    assert "papers.csv.gz" in message
