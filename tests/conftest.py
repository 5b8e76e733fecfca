"""Fixtures that all tests share: a home of their own, small published sets, and the real data where it is present."""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path

import hypothesis
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hotarea.domain import records
from hotarea.domain.settings import Settings
from hotarea.domain.tables import COUNTS, FEATURES, PREDICTIONS
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.histories import SHORT, History
from tests.templates import copied, moved, shared

hypothesis.settings.load_profile("ci")
"""Without a deadline, and the same examples in each run; `pytest --hypothesis-profile=default` draws others."""

PROJECT = Path(__file__).parents[1]
SHARED_DATA = PROJECT.parent / "shared" / "data"


LONGEST = (
    "test_loop.py",
    "flink/test_killed.py",
    "flink",
    "stages/test_killed_training.py",
    "stages/test_train.py",
    "stages/test_wrong_data.py",
    "test_replay_command.py",
    "dags",
    "stages/test_arbiter.py",
    "stages/test_score.py",
    "stages/test_killed_materialization.py",
    "stages/test_replay.py",
    "expectations/test_every_check_fires.py",
    "benchmarks",
    "stages",
    "stores",
)
"""What takes longest, first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no worker is left with it at the end."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    path = item.path.relative_to(PROJECT / "tests").as_posix()
    return next((n for n, name in enumerate(LONGEST) if path == name or path.startswith(f"{name}/")), len(LONGEST))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a fresh home."""
    return Settings.load(home=tmp_path / "home", project=PROJECT)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real bibliographic data; skips where it is absent."""
    if not SHARED_DATA.is_dir():
        pytest.skip(f"real data is absent: {SHARED_DATA}")
    return SHARED_DATA


@dataclass(frozen=True)
class Published:
    """Writes sets below the home as the stages publish them, with the columns a test cares about."""

    settings: Settings

    def features(self, cutoff: str, *rows: Mapping[str, object]) -> Cutoff:
        """Publish features of a cutoff (`2012-12-31`, or `2012-12-31@2013-06-30` if known later)."""
        at = Cutoff.parse(cutoff)
        base = {"event_timestamp": _midnight(at.day), "created_timestamp": _midnight(at.known)} | dict.fromkeys(
            COUNTS, 0
        )
        self._write(FEATURES, Layout(self.settings.home).feature_set(at), [base | row for row in rows])
        self.remember(records.FeatureSet(cutoff=at.day, known=at.known, rows=len(rows), seconds=0, run_id="test"))
        return at

    def predictions(self, cutoff: str, version: int, scores: Mapping[int, float]) -> None:
        """Publish a model version's predictions of a cutoff: document id -> score, hot above one half."""
        day = date.fromisoformat(cutoff)
        base = {"event_timestamp": _midnight(day), "created_timestamp": records.now(), "model_name": "hot_area"}
        base |= {"model_version": version, "feature_service": "hot_area_model_v1"}
        rows = [base | {"document_id": i, "hot_area": s > 0.5, "hot_area_score": s} for i, s in scores.items()]
        self._write(PREDICTIONS, Layout(self.settings.home).prediction_set(Cutoff(day, day), version), rows)
        self.remember(
            records.PredictionSet(
                cutoff=day,
                known=day,
                model_name="hot_area",
                model_version=version,
                rows=len(rows),
                hot=sum(s > 0.5 for s in scores.values()),
                run_id="test",
            )
        )

    def champion(self, version: int, service: str = "hot_area_model_v1") -> None:
        """Promote a model version."""
        with Ledger(self.settings.ledger) as ledger:
            champions = ledger.all(records.Champion)
        self.remember(
            records.Champion(
                sequence=len(champions) + 1,
                model_name="hot_area",
                model_version=version,
                feature_service=service,
                metrics={},
                reason="test",
                run_id="test",
            )
        )

    def remember(self, record: records.Record) -> None:
        """Add a record to the ledger."""
        with Ledger(self.settings.ledger) as ledger:
            ledger.add(record)

    @staticmethod
    def _write(schema: pa.Schema, folder: Path, rows: list[dict[str, object]]) -> None:
        folder.mkdir(parents=True)
        half = len(rows) // 2
        for number, part in enumerate((rows[:half], rows[half:])):
            pq.write_table(pa.Table.from_pylist(part, schema=schema), folder / f"part-{number}.parquet")


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


@pytest.fixture
def published(settings: Settings) -> Published:
    """Publishes small feature sets and predictions in the home of `settings`."""
    return Published(settings)


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with nothing but the database of an MLflow without any model: to make one takes seconds."""

    def build(home: Path) -> None:
        from hotarea.stores import registry

        assert registry.champion(Settings.load(home=home, project=PROJECT)) is None

    return shared(tmp_path_factory, "empty-registry", build)


@pytest.fixture(scope="session")
def airflow_database(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Mapping[str, str]], None]:
    """Gives an Airflow, by its environment, a database without any run: to migrate one takes long."""
    from hotarea.console.airflow import command, environment

    def build(home: Path) -> None:
        variables = environment(Settings.load(home=home, project=PROJECT))
        subprocess.run(command("db", "migrate"), env=variables, check=True, capture_output=True)
        Path(variables["AIRFLOW_HOME"], "airflow.db").rename(home / "airflow.db")

    template = shared(tmp_path_factory, "airflow-database", build) / "airflow.db"

    def give(variables: Mapping[str, str]) -> None:
        shutil.copyfile(template, Path(variables["AIRFLOW_HOME"], "airflow.db"))

    return give


@pytest.fixture
def with_registry(settings: Settings, empty_registry: Path) -> Settings:
    """Settings with a fresh home that has a registry without any model."""
    return copied(empty_registry, settings)


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
        from hotarea.stages import materialize

        materialize.run(copied(six_years, Settings.load(home=home, project=PROJECT, **SHORT)), "online")

    return shared(tmp_path_factory, "six-years-online", build)


@pytest.fixture(scope="session")
def six_years_trained(six_years_online: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and a candidate is trained by the run "one": version 1, which nobody has decided on."""

    def build(home: Path) -> None:
        from hotarea.stages import train

        assert train.run(copied(six_years_online, Settings.load(home=home, project=PROJECT, **SHORT)), "one")

    return shared(tmp_path_factory, "six-years-trained", build)


@pytest.fixture(scope="session")
def six_years_promoted(six_years_trained: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, and the candidate is in service."""

    def build(home: Path) -> None:
        from hotarea.stages import gate, promote

        settings = moved(six_years_trained, Settings.load(home=home, project=PROJECT, **SHORT))
        (folder,) = (path for path in Layout(settings.home).runs.iterdir() if path.is_dir())
        promote.run(settings, gate.run(settings, folder.name, "one").training_id, "one")

    return shared(tmp_path_factory, "six-years-promoted", build)
