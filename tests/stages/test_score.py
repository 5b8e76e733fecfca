import os
import shutil
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from hotarea.domain import records
from hotarea.domain.errors import NotReadyError, ValidationError
from hotarea.domain.model_features import FEATURE_SERVICE, MODEL_FEATURES
from hotarea.domain.settings import Settings
from hotarea.domain.tables import HOT_AREAS, PREDICTIONS
from hotarea.domain.training import MODEL_NAME, Recipe, fit, matrix, save
from hotarea.domain.windows import Cutoff
from hotarea.stages import jobs, rollback, score, scoring_plan, status, validate
from hotarea.stores import feature_store, registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.conftest import PROJECT
from tests.histories import History, end
from tests.templates import copied, shared

CUTOFF = Cutoff(end(2015), end(2015))


@pytest.fixture(scope="session")
def scorable(empty_registry: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with features at 2014 and 2015, two model versions, and the first one in service."""

    def build(home: Path) -> None:
        settings = copied(empty_registry, Settings.load(home=home, project=PROJECT))
        History(settings).publish([2014, 2015])
        values = matrix(pq.read_table(Layout(home).feature_set(CUTOFF)), MODEL_FEATURES)
        for version in (1, 2):
            model = fit(values, values[:, version] > 0.8, MODEL_FEATURES, Recipe(rounds=10, nthread=1), seed=1)
            file = save(model, tmp_path_factory.mktemp("model") / f"{version}.ubj")
            registry.register(settings, f"t{version}", file, {}, {})
            registry.describe(settings, version, {}, {registry.THRESHOLD: "0.2"})
        crown(settings, 1)

    return shared(tmp_path_factory, "scorable", build)


@pytest.fixture
def home(scorable: Path, settings: Settings) -> Settings:
    return copied(scorable, settings)


def crown(settings: Settings, version: int) -> None:
    with Ledger(settings.ledger) as ledger:
        ledger.add(
            records.Champion(
                sequence=len(ledger.all(records.Champion)) + 1,
                model_name=MODEL_NAME,
                model_version=version,
                feature_service=FEATURE_SERVICE,
                metrics={},
                reason="test",
                run_id="test",
            )
        )


def remembered(settings: Settings) -> list[records.PredictionSet]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(records.PredictionSet)


def swapped(settings: Settings, cutoff: Cutoff) -> None:
    """Publish features of a cutoff as known later: each document has another's."""
    rows = pq.read_table(Layout(settings.home).feature_set(Cutoff(cutoff.day, cutoff.day)))
    rows = rows.set_column(0, rows.schema.field(0), pa.array(rows["document_id"].to_pylist()[::-1]))
    folder = Layout(settings.home).feature_set(cutoff)
    folder.mkdir(parents=True)
    pq.write_table(rows.sort_by("document_id"), folder / "part-0000.parquet")
    with Ledger(settings.ledger) as ledger:
        ledger.add(
            records.FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=rows.num_rows, seconds=0, run_id="test")
        )


def staged(settings: Settings) -> Path:
    """Plan and score, but publish nothing yet."""
    plan = score.plan(settings, "run")
    assert plan is not None
    jobs.run(score.job(settings, plan))
    return plan


def tampered(plan: Path, change: dict[str, pa.Array]) -> None:
    for part in (plan.parent / "predictions").glob("part-*.parquet"):
        table = pq.read_table(part)
        for name, value in change.items():
            column = pa.repeat(value, table.num_rows)
            table = table.set_column(table.schema.get_field_index(name), PREDICTIONS.field(name), column)
        pq.write_table(table, part)


def test_the_newest_cutoff_is_scored_published_and_served(home):
    published = score.run(home, "run")

    folder = Layout(home.home).prediction_set(CUTOFF, 1)
    rows = pq.read_table(folder)
    assert published == [f"predictions {CUTOFF} model 1", str(Layout(home.home).hot_areas(CUTOFF, 1))]
    [found] = remembered(home)
    assert (found.cutoff, found.model_name, found.model_version, found.rows) == (CUTOFF.day, MODEL_NAME, 1, 900)
    assert found.hot == pc.sum(rows["hot_area"]).as_py() > 0
    assert not list((Layout(home.home).home / "staging").iterdir())

    by_id = {row["document_id"]: row for row in rows.to_pylist()}
    served = feature_store.online(home, "document_area_v1", [3, 4, 9])
    assert served["hot_area_score"] == [by_id[3]["hot_area_score"], by_id[4]["hot_area_score"], None]
    assert served["hot_area"] == [by_id[3]["hot_area"], by_id[4]["hot_area"], None]
    assert served["model_version"] == [1, 1, None]


def test_hot_areas_are_the_topics_of_the_documents_hottest_first(home):
    score.run(home, "run")

    table = pq.read_table(Layout(home.home).hot_areas(CUTOFF, 1))
    assert table.schema.equals(HOT_AREAS)
    assert sorted(table["topic"].to_pylist()) == ["(no topic)", "topic T1", "topic T2", "topic T3"]
    assert pc.sum(table["documents"]).as_py() == 900
    assert pc.sum(table["hot_documents"]).as_py() == remembered(home)[0].hot
    assert table["hot_share"].to_pylist() == sorted(table["hot_share"].to_pylist(), reverse=True)


def test_what_was_scored_is_not_scored_again(home):
    score.run(home, "one")

    assert score.plan(home, "two") is None
    assert score.run(home, "two") == []
    assert len(remembered(home)) == 1


def test_a_corrected_cutoff_is_scored_beside_the_first_and_served(home):
    score.run(home, "one")
    corrected = Cutoff(CUTOFF.day, date(2016, 3, 1))
    swapped(home, corrected)

    assert score.run(home, "two")[0] == f"predictions {corrected} model 1"

    assert [(p.cutoff, p.known) for p in remembered(home)] == [(c.day, c.known) for c in (CUTOFF, corrected)]
    first, second = (pq.read_table(Layout(home.home).prediction_set(c, 1)) for c in (CUTOFF, corrected))
    one, two = (
        dict(zip(*(t[c].to_pylist() for c in ("document_id", "hot_area_score")), strict=True)) for t in (first, second)
    )
    assert (one[3], one[8]) == (two[996], two[991])
    assert feature_store.online(home, "document_area_v1", [996, 991])["hot_area_score"] == [one[3], one[8]]
    status_now = status.collect(home)["predictions"]
    assert (status_now["cutoff"], status_now["known"]) == ("2015-12-31", "2016-03-01")
    assert score.plan(home, "three") is None


def test_a_new_champion_scores_the_same_cutoff_beside_the_old(home):
    score.run(home, "one")
    crown(home, 2)

    score.run(home, "two")

    assert [p.model_version for p in remembered(home)] == [1, 2]
    assert feature_store.online(home, "document_area_v1", [3])["model_version"] == [2]
    assert registry.champion(home) == 2
    one, two = (pq.read_table(Layout(home.home).prediction_set(CUTOFF, v)) for v in (1, 2))
    assert not np.array_equal(one["hot_area_score"], two["hot_area_score"])


def test_after_a_rollback_the_earlier_predictions_are_served_again(home):
    score.run(home, "one")
    crown(home, 2)
    score.run(home, "two")

    rollback.run(home, "rollback", "worse topics")
    assert score.run(home, "three") == []

    assert feature_store.online(home, "document_area_v1", [3])["model_version"] == [1]


def test_a_new_cutoff_is_scored(home):
    score.run(home, "one")
    History(home).publish([2016])

    score.run(home, "two")

    assert [p.cutoff.year for p in remembered(home)] == [2015, 2016]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"hot_area_score": pa.scalar(1.5)}, "score_out_of_range"),
        ({"hot_area_score": pa.scalar(float("nan"))}, "score_out_of_range"),
        ({"hot_area_score": pa.scalar(0.9)}, "hot_differs"),
        ({"model_version": pa.scalar(7)}, "by_another_model"),
        ({"document_id": pa.scalar(1)}, "document_id"),
    ],
)
def test_predictions_with_a_fault_are_not_published(home, change, column):
    plan = staged(home)
    tampered(plan, change)

    with pytest.raises(ValidationError, match=r"predictions 2015-12-31@2015-12-31-v1 broke a critical expectation"):
        score.validate(home, plan, "run")
    with Ledger(home.ledger) as ledger:
        (told,) = ledger.all(records.Validation)
    assert column in {failure["column"] for failure in told.failures}
    assert not Layout(home.home).predictions.exists()


def test_predictions_that_are_missing_are_not_published(home):
    plan = staged(home)
    min((plan.parent / "predictions").glob("part-*.parquet")).unlink()

    with pytest.raises(ValidationError, match="predictions, as many as cited documents that are not retracted"):
        score.validate(home, plan, "run")


def test_a_job_that_left_nothing_is_an_error(home):
    plan = staged(home)
    shutil.rmtree(plan.parent / "predictions")

    with pytest.raises(NotReadyError, match=r"holds no part-\*\.parquet"):
        score.validate(home, plan, "run")


def test_publishing_again_changes_nothing(home):
    plan = staged(home)
    assert len(score.publish(home, plan, "run")) == 2

    assert sorted(f.name for f in plan.parent.iterdir()) == [
        "model.ubj",
        "plan.json",
        "predictions.json",
        "retracted.parquet",
    ]
    score.validate(home, plan, "run")
    assert score.publish(home, plan, "run") == []
    assert len(remembered(home)) == 1


def test_all_steps_can_be_run_again_after_the_last(home):
    plan = staged(home)
    score.publish(home, plan, "run")
    before = {f: f.read_bytes() for f in Layout(home.home).predictions.rglob("*.parquet")}

    jobs.run(score.job(home, plan))
    score.validate(home, plan, "run")

    assert score.publish(home, plan, "run") == []
    assert {f: f.read_bytes() for f in Layout(home.home).predictions.rglob("*.parquet")} == before
    assert sorted(f.name for f in plan.parent.iterdir()) == [
        "model.ubj",
        "plan.json",
        "predictions.json",
        "retracted.parquet",
    ]


def test_planning_sweeps_what_was_left_aside(home):
    left = Layout(home.home).aside("score")
    os.utime(left, (0, 0))

    assert score.plan(home, "run")
    assert not left.exists()


def test_publishing_goes_on_where_it_was_interrupted(home, monkeypatch):
    plan = staged(home)
    with monkeypatch.context() as broken:
        broken.setattr(Ledger, "add", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            score.publish(home, plan, "run")
    assert remembered(home) == []

    assert len(score.publish(home, plan, "run")) == 2
    assert remembered(home)[0].rows == 900


def test_what_an_interrupted_run_left_is_replaced_by_the_next(home):
    left = Layout(home.home).prediction_set(CUTOFF, 1)
    left.mkdir(parents=True)
    pq.write_table(PREDICTIONS.empty_table(), left / "part-0000.parquet")

    score.run(home, "run")

    assert ds.dataset(left).count_rows() == 900


def test_the_plan_fixes_model_threshold_and_moment(home):
    before = records.now()
    plan = score.plan(home, "run")

    decided = msgspec.json.decode(plan.read_bytes(), type=scoring_plan.Plan)
    assert (decided.cutoff, decided.model_version, decided.threshold) == (CUTOFF, 1, 0.2)
    assert decided.releases == ["2014-12-31", "2015-12-31"]
    assert timedelta(0) <= decided.scored_at - before < timedelta(minutes=1)
    assert (plan.parent / "model.ubj").is_file()


def test_without_a_champion_nothing_can_be_scored(with_registry):
    assert not score.champion(with_registry)
    with pytest.raises(NotReadyError, match="there is no champion to score with"):
        score.plan(with_registry, "run")


def test_without_features_nothing_can_be_scored(with_registry, tmp_path):
    values = np.random.default_rng(1).random((50, 2))
    file = save(fit(values, values[:, 0] > 0.5, ("a", "b"), Recipe(rounds=1, nthread=1), 1), tmp_path / "m.ubj")
    registry.register(with_registry, "t1", file, {}, {})
    crown(with_registry, 1)

    assert score.champion(with_registry)
    with pytest.raises(NotReadyError, match="there are no features to score"):
        score.plan(with_registry, "run")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]"])
def test_a_plan_that_cannot_be_read_is_named(home, tmp_path, content):
    (tmp_path / "plan.json").write_bytes(content)

    with pytest.raises(NotReadyError, match=r"plan\.json cannot be read"):
        score.job(home, tmp_path / "plan.json")


def test_retracted_documents_get_no_prediction(home):
    with Ledger(home.ledger) as ledger:
        oldest = min(ledger.all(records.Release), key=lambda r: r.release_date)
    folder = Layout(home.home).release(oldest.release_id) / "documents"
    kept = score.plan(home, "run")
    assert pq.read_table(kept.parent / "retracted.parquet").num_rows == 0
    for file in folder.glob("part-*.parquet"):  # as if the release had told so
        told = pq.read_table(file)
        at = told.schema.get_field_index("is_retracted")
        even = pa.array([number % 2 == 0 for number in told["document_id"].to_pylist()], pa.bool_())
        pq.write_table(told.set_column(at, told.schema.field(at), even), file)

    plan = staged(home)

    retracted = set(pq.read_table(plan.parent / "retracted.parquet")["document_id"].to_pylist())
    scored = set(ds.dataset(plan.parent / "predictions").to_table()["document_id"].to_pylist())
    assert retracted
    assert scored
    assert not retracted & scored
    score.validate(home, plan, "run")


def test_what_is_served_can_be_judged_again(home):
    score.run(home, "run")

    (found,) = validate.run(home, "again", "predictions")

    assert (found.subject, found.success, found.run_id) == ("2015-12-31@2015-12-31-v1", True, "again")


def test_predictions_that_were_damaged_in_service_are_told(home):
    score.run(home, "run")
    part = min(Layout(home.home).predictions.rglob("part-*.parquet"))
    pq.write_table(pq.read_table(part).slice(1), part)

    with pytest.raises(ValidationError, match=r"predictions 2015-12-31@2015-12-31-v1 broke a critical expectation"):
        validate.run(home, "again", "predictions")
