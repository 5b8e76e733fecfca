"""Homes that several files begin with, each made once for all workers."""

from pathlib import Path

import pytest

from hotarea.domain.settings import Settings
from tests import champions
from tests.conftest import PROJECT
from tests.templates import copied, shared


@pytest.fixture(scope="session")
def three_versions(empty_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three model versions in the registry, of the trainings t1, t2 and t3."""

    def build(home: Path) -> None:
        settings = copied(empty_registry, Settings.load(home=home, project=PROJECT))
        champions.fill(settings, tmp_path_factory.mktemp("models"))

    return shared(tmp_path_factory, "three-versions", build)
