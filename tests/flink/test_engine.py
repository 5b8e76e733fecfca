"""What keeps Flink from running is said, with what to do about it."""

import os
import zipfile
from pathlib import Path

import pytest

from tools.flink.engine import Engine, EngineError, assemble, fetch


def test_the_folder_is_the_users_cache_unless_it_is_named(tmp_path: Path) -> None:
    assert Engine.of({"HOTAREA_FLINK_HOME": str(tmp_path)}).folder == tmp_path
    assert Engine.of({}).folder.is_relative_to(Path.home() / ".cache" / "hotarea")


def test_without_java_and_maven_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "Java 17" in (Engine(tmp_path).lacks or "")
    with pytest.raises(EngineError, match=r"Java 17.* and Apache Maven.*Install it"):
        fetch(Engine(tmp_path / "flink"))
    assert not (tmp_path / "flink").exists()


def test_an_empty_cache_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.touch(mode=0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert "make flink-engine" in (Engine(tmp_path).lacks or "")


def test_assembled_jars_keep_the_first_of_each_file_and_all_services(tmp_path: Path) -> None:
    jars = [tmp_path / "a.jar", tmp_path / "b.jar"]
    for jar in jars:
        with zipfile.ZipFile(jar, "w") as out:
            out.writestr("same", jar.name)
            out.writestr("META-INF/services/Registrar", f"of.{jar.stem}")
            out.writestr(f"META-INF/{jar.stem}.RSA", "signed")
    assemble(jars, tmp_path / "both.jar")
    with zipfile.ZipFile(tmp_path / "both.jar") as both:
        assert both.namelist() == ["META-INF/MANIFEST.MF", "same", "META-INF/services/Registrar"]
        assert both.read("same") == b"a.jar"
        assert both.read("META-INF/services/Registrar") == b"of.a\nof.b"
