"""Candidates that were made worse on purpose, each refused for the right reason, and one made better."""

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from mlflow import MlflowClient

from hotarea.domain import records, training
from hotarea.domain.settings import Settings
from hotarea.stages import binding, gate, materialize, promote, train
from hotarea.stores import registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder
from tests.histories import History
from tests.templates import copied

DOCUMENTS = 5_000  # enough for slices to be judged

Change = Callable[[pa.Table], pa.Table]


def load(home: Path) -> Settings:
    return Settings.load(home=home, horizon_years=1, training_cutoffs=2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory, empty_registry: Path) -> Settings:
    """A home whose rows are joined and judged, with an honest champion that has learned from them."""
    settings = copied(empty_registry, load(tmp_path_factory.mktemp("base") / "home"))
    History(settings, DOCUMENTS).publish(range(2011, 2016))
    materialize.run(settings, "online")
    plan = train.plan(settings, "plan")
    train.dataset(settings, plan, "dataset")
    train.validate(settings, plan, "validate")
    crown(settings, lambda rows: rows)
    return settings


@pytest.fixture
def home(base: Settings, tmp_path: Path) -> Settings:
    """A copy; models that are registered in it lie beside those of the others."""
    shutil.copytree(base.home, tmp_path / "home")
    return load(tmp_path / "home")


def folder_of(settings: Settings) -> TrainingFolder:
    (path,) = (p for p in Layout(settings.home).runs.iterdir() if p.is_dir())
    return TrainingFolder(path)


def crown(settings: Settings, change: Change) -> int:
    """Put a model in service that has learned from the rows as they were changed."""
    folder, file = folder_of(settings), settings.home / "champion.ubj"
    plan, rows = folder.read_plan(), change(folder.rows("training"))
    model = training.fit(
        training.matrix(rows, plan.features), training.labels(rows), plan.features, plan.recipe, plan.seed
    )
    folder.write_keys(rows)
    tags = {binding.FINGERPRINT: folder.read_inputs().services[plan.feature_service]}
    version = registry.register(
        settings, f"earlier-{change.__name__}", training.save(model, file), {}, tags, folder.keys
    )
    folder.keys.unlink()
    with Ledger(settings.ledger) as ledger:
        ledger.add(
            records.Champion(
                sequence=len(ledger.all(records.Champion)) + 1,
                model_name=training.MODEL_NAME,
                model_version=version,
                feature_service=plan.feature_service,
                metrics={},
                reason="test",
                run_id="test",
            )
        )
    return version


def judged(settings: Settings, change: Change, register: Callable[[Path], None] = lambda _: None) -> records.Decision:
    """Let a candidate learn from changed rows, change its registered file, and let the gate decide."""
    folder = folder_of(settings)
    pq.write_table(change(folder.rows("training")), folder.dataset / "training.parquet")
    evaluated = train.evaluate(settings, folder.plan, "evaluate")
    version = folder.read_evidence().model_version
    source = MlflowClient(settings.mlflow).get_model_version(training.MODEL_NAME, str(version)).source
    register(Path(urlsplit(source).path) / "model.ubj")
    return gate.run(settings, evaluated, "gate")


def against(decision: records.Decision) -> set[str]:
    return {check["name"] for check in decision.checks if check["verdict"] != "passed"}


def honest(rows: pa.Table) -> pa.Table:
    return rows


def shuffled(rows: pa.Table, where: np.ndarray | None = None) -> pa.Table:
    """Shuffle the labels, or those of some rows among themselves."""
    hot = rows["hot_area"].to_numpy().copy()
    places = np.flatnonzero(np.ones(len(hot), bool) if where is None else where)
    hot[places] = hot[np.random.default_rng(1).permutation(places)]
    return rows.set_column(rows.schema.get_field_index("hot_area"), "hot_area", pa.array(hot))


def zeroed(rows: pa.Table) -> pa.Table:
    name = "rate_1y_pct"
    zeros = pa.array(np.zeros(rows.num_rows), rows.schema.field(name).type)
    return rows.set_column(rows.schema.get_field_index(name), name, zeros)


def in_the_slice(rows: pa.Table) -> np.ndarray:
    """Which documents are two to five years old."""
    age = rows["age_years"].to_numpy()
    return (age >= 2) & (age < 5)


def damaged(rows: pa.Table) -> pa.Table:
    """Let two thirds of the slice's hot areas change places with its slowest documents."""
    hot, places = rows["hot_area"].to_numpy().copy(), np.flatnonzero(in_the_slice(rows))
    theirs = places[hot[places]]
    theirs = theirs[np.arange(len(theirs)) % 3 > 0]
    slowest = places[np.argsort(rows["rate_1y_pct"].to_numpy()[places])[: len(theirs)]]
    hot[theirs], hot[slowest] = False, True
    return rows.set_column(rows.schema.get_field_index("hot_area"), "hot_area", pa.array(hot))


def shuffled_elsewhere(rows: pa.Table) -> pa.Table:
    """Shuffle most labels outside of the slice."""
    return shuffled(rows, ~in_the_slice(rows) & (np.random.default_rng(3).random(rows.num_rows) < 0.7))


def test_an_honest_candidate_is_promoted(home):
    decision = judged(home, honest)

    assert (decision.verdict, decision.reasons) == ("promote", [])


def test_a_candidate_with_shuffled_labels_loses_to_baselines_and_champion(home):
    decision = judged(home, shuffled)

    assert decision.verdict == "reject"
    assert {"champion: average_precision", "beats rate_1y: average_precision", "floor: lift"} <= against(decision)


def test_a_candidate_that_never_saw_a_feature_loses_to_the_champion(home):
    decision = judged(home, zeroed)

    assert decision.verdict == "reject"
    assert "champion: average_precision" in against(decision)


def test_a_candidate_that_is_bad_in_one_slice_is_refused_for_that_slice_alone(home):
    crown(home, shuffled_elsewhere)  # so that the candidate is better on all rows together

    decision = judged(home, damaged)

    assert (decision.verdict, against(decision)) == ("reject", {"slice: age: 2 to 5 years"})
    gain = next(check for check in decision.checks if check["name"] == "champion: average_precision")
    assert gain["value"] > -gain["threshold"]


def test_a_candidate_that_learned_from_evaluation_rows_is_refused_for_each_of_them(home):
    evaluation = folder_of(home).rows("evaluation").slice(0, 700)

    decision = judged(home, lambda rows: pa.concat_tables([rows, evaluation]))

    assert (decision.verdict, against(decision)) == ("reject", {"overlap: model"})
    assert "evaluation rows among those that the model learned from: 700, expected at most 0" in decision.reasons


def test_a_registered_file_of_other_features_is_refused_by_a_fresh_process(home):
    def replace(file: Path) -> None:
        values = np.random.default_rng(1).random((100, 2))
        names = ("rate_pct", "colour_of_the_cover")
        training.save(training.fit(values, values[:, 0] > 0.8, names, training.Recipe(rounds=3), seed=1), file)

    decision = judged(home, honest, replace)

    assert (decision.verdict, against(decision)) == ("reject", {"rehearsal: loads"})
    assert "features colour_of_the_cover of the model are not among the columns" in decision.reasons[0]


def test_a_candidate_that_is_better_than_the_champion_is_promoted(home):
    def half_shuffled(rows: pa.Table) -> pa.Table:
        return shuffled(rows, pc.bit_wise_and(rows["document_id"], 1).to_numpy() == 0)

    champion = crown(home, half_shuffled)

    decision = judged(home, honest)
    promoted = promote.run(home, None, "promote")

    assert (decision.verdict, decision.champion_version) == ("promote", champion)
    gain = next(check for check in decision.checks if check["name"] == "champion: average_precision")
    assert gain["value"] > 0.02
    assert promoted.model_version == decision.model_version == registry.champion(home)
    assert promoted.dataset_sha256 == folder_of(home).read_facts().digest
