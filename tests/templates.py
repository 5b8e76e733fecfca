"""Folders that take long to make, made once for all workers of a run and then copied."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from hotarea.domain.settings import Settings
from hotarea.stores.lock import exclusive


def shared(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Return a folder that `build` has filled, in whichever worker needed it first; nobody may change it.

    What it holds may know where it lies, as a registry does of its models: a copy reads those from here.
    """
    base = factory.getbasetemp()
    templates = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "templates"
    folder, done = templates / name, templates / f"{name}.done"
    with exclusive(templates / f"{name}.lock"):
        if not done.exists():  # an attempt before this one may have left a part
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            build(folder)
            done.touch()
    return folder


def copied(template: Path, settings: Settings) -> Settings:
    """Fill the home of settings with what a template holds."""
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    return settings


_ARTIFACTS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
"""Where a registry in SQLite says where its files lie."""


def moved(template: Path, settings: Settings) -> Settings:
    """Fill the home of settings likewise, where its registry will be added to: its files are those of the copy."""
    copied(template, settings)
    with sqlite3.connect(settings.mlflow.removeprefix("sqlite:///")) as registry:
        for table, column in _ARTIFACTS:
            registry.execute(
                f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(template), str(settings.home))
            )
    registry.close()
    return settings
