"""Homes that several files begin with, each made once for all workers."""

from pathlib import Path

import pytest

from hotarea.domain.settings import Settings
from hotarea.stages import gate, materialize, promote, train
from hotarea.stores.layout import Layout
from tests import champions
from tests.conftest import PROJECT
from tests.histories import History
from tests.templates import copied, moved, shared

SHORT = {"horizon_years": 1, "training_cutoffs": 3}
"""With these a history of six years trains on three, evaluates one and scores the newest."""


@pytest.fixture(scope="session")
def three_versions(empty_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with three model versions in the registry, of the trainings t1, t2 and t3."""

    def build(home: Path) -> None:
        settings = copied(empty_registry, Settings.load(home=home, project=PROJECT))
        champions.fill(settings, tmp_path_factory.mktemp("models"))

    return shared(tmp_path_factory, "three-versions", build)


@pytest.fixture(scope="session")
def six_years(empty_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a history from 2010 to 2015."""

    def build(home: Path) -> None:
        History(copied(empty_registry, Settings.load(home=home, project=PROJECT, **SHORT))).publish(range(2010, 2016))

    return shared(tmp_path_factory, "six-years", build)


@pytest.fixture(scope="session")
def six_years_online(six_years: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and the newest year is in the online store, without which the gate accepts nothing."""

    def build(home: Path) -> None:
        materialize.run(copied(six_years, Settings.load(home=home, project=PROJECT, **SHORT)), "online")

    return shared(tmp_path_factory, "six-years-online", build)


@pytest.fixture(scope="session")
def six_years_trained(six_years_online: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and a candidate is trained by the run "one": version 1, which nobody has decided on."""

    def build(home: Path) -> None:
        assert train.run(copied(six_years_online, Settings.load(home=home, project=PROJECT, **SHORT)), "one")

    return shared(tmp_path_factory, "six-years-trained", build)


@pytest.fixture(scope="session")
def six_years_promoted(six_years_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and the candidate is in service."""

    def build(home: Path) -> None:
        settings = moved(six_years_trained, Settings.load(home=home, project=PROJECT, **SHORT))
        (folder,) = Layout(settings.home).runs.iterdir()
        promote.run(settings, gate.run(settings, folder.name, "one").training_id, "one")

    return shared(tmp_path_factory, "six-years-promoted", build)
