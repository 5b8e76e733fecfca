import json
from datetime import date
from pathlib import Path

import mlflow
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from hotarea.domain import records, training
from hotarea.domain.errors import GateError, TooLittleDataError, ValidationError
from hotarea.domain.evaluation import CHAMPION, LAST_CHAMPION, MODEL, metrics
from hotarea.domain.model_features import BASELINE_FEATURES, MODEL_FEATURES
from hotarea.domain.row_keys import keys
from hotarea.domain.settings import Settings
from hotarea.domain.triggers import ACCEPTED
from hotarea.domain.windows import Cutoff
from hotarea.stages import approval, arbiter, gate, materialize, promote, status, train, validate
from hotarea.stores import registry
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder
from tests.conftest import Published
from tests.histories import SHORT, History, end
from tests.templates import copied, moved

YEARS = range(2010, 2016)


@pytest.fixture
def short(six_years: Path, settings: Settings) -> Settings:
    """A home with a history whose horizon is one year: trains on 2011 to 2013, evaluates 2014, scores 2015."""
    return copied(six_years, settings.model_copy(update=SHORT))


@pytest.fixture
def served(six_years_online: Path, settings: Settings) -> Settings:
    """The same, and what the model reads is online, without which the gate accepts nothing."""
    return copied(six_years_online, settings.model_copy(update=SHORT))


@pytest.fixture
def trained(six_years_trained: Path, settings: Settings) -> Settings:
    """The same, and version 1 is trained."""
    return moved(six_years_trained, settings.model_copy(update=SHORT))


@pytest.fixture
def promoted(six_years_promoted: Path, settings: Settings) -> Settings:
    """The same, and version 1 is in service."""
    return moved(six_years_promoted, settings.model_copy(update=SHORT))


def remembered(settings: Settings, kind: type, **where: object) -> list:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(kind, **where)


def first(settings: Settings) -> TrainingFolder:
    """Return the folder of the one training that there was."""
    (found,) = (path for path in Layout(settings.home).runs.iterdir() if path.is_dir())
    return TrainingFolder(found)


def planned(settings: Settings) -> Path:
    found = train.plan(settings, "run")
    assert found is not None
    return found


def test_a_candidate_is_trained_evaluated_and_registered_and_accepted(trained):
    folder = first(trained)
    training_id = folder.path.name
    evidence, plan, facts = folder.read_evidence(), folder.read_plan(), folder.read_facts()
    assert [c.day for c in plan.window.training] == [end(2011), end(2012), end(2013)]
    assert plan.window.evaluation.day == end(2014)
    assert (facts.rows, facts.evaluation_rows, facts.evaluation_hot, facts.unknown) == (2700, 900, 90, 0)
    assert set(evidence.metrics) == {MODEL, *BASELINE_FEATURES, "logistic_regression"}
    assert set(evidence.drift) == set(MODEL_FEATURES)
    assert set(evidence.differences) == {*BASELINE_FEATURES, "logistic_regression"}
    ahead = evidence.differences["rate_1y"]["average_precision"]
    better = evidence.metrics[MODEL]["average_precision"] - evidence.metrics["rate_1y"]["average_precision"]
    assert ahead.estimate == pytest.approx(better, abs=1e-12)
    assert ahead.lower < ahead.estimate < ahead.upper
    assert evidence.overlap == {MODEL: 0}
    assert sum(evidence.importance.values()) == pytest.approx(1)
    assert max(evidence.importance, key=evidence.importance.__getitem__) in {"rate_1y_pct", "citing_share_1y_pct"}

    [run] = remembered(trained, records.TrainingRun)
    assert (run.training_id, run.model_version, run.rows, run.metrics) == (training_id, 1, 2700, evidence.metrics)
    assert registry.threshold(trained, 1) == evidence.decision_threshold
    assert 0.05 < evidence.at_threshold["share"] < 0.11
    assert gate.run(trained, training_id, "run").accepted


def test_the_model_in_the_registry_gives_the_metrics_in_the_evidence(trained, tmp_path):
    folder = first(trained)
    model = training.load(registry.fetch(trained, 1, tmp_path / "again.ubj"))
    rows = folder.rows("evaluation")

    scores = training.score(model, training.matrix(rows, MODEL_FEATURES))

    assert metrics(training.labels(rows), scores) == folder.read_evidence().metrics[MODEL]
    assert folder.model.read_bytes() == (tmp_path / "again.ubj").read_bytes()


def test_slices_hold_all_rows_by_age_by_citations_and_by_topic(trained):
    evidence = first(trained).read_evidence()

    sizes: dict[str, list[int]] = {}
    for name, part in evidence.slices.items():
        sizes.setdefault(name.split(":")[0], []).append(part.rows)
    assert {kind: sum(of) for kind, of in sizes.items()} == dict.fromkeys(("age", "citations", "topic"), 900)
    rows = first(trained).rows("evaluation").to_pandas()
    assert evidence.slices["age: under 2 years"].rows == (rows["age_years"] < 2).sum()
    assert evidence.slices["topic: topic T2"].rows == (rows["document_id"] % 4 == 1).sum()
    judged = evidence.slices["age: 10 and more years"]
    assert set(judged.metrics) == set(evidence.metrics)
    assert judged.difference is None


def test_a_model_that_learned_from_evaluation_rows_is_found_out(short):
    plan = planned(short)
    train.dataset(short, plan, "run")
    folder = TrainingFolder(plan.parent)
    train.validate(short, plan, "run")
    seen = pa.concat_tables([folder.rows("training"), folder.rows("evaluation").slice(0, 7)])
    pq.write_table(seen, folder.parts[0])

    train.evaluate(short, plan, "run")

    assert folder.read_evidence().overlap == {MODEL: 7}


def test_the_registry_says_what_a_model_came_from(trained):
    folder = first(trained)
    client = mlflow.MlflowClient(trained.mlflow)
    version = client.get_model_version("hot_area_model", "1")
    run = client.get_run(version.run_id)
    facts = folder.read_facts()
    assert version.tags["training_id"] == folder.path.name
    assert version.tags["dataset_sha256"] == facts.digest
    assert version.tags["evaluation_cutoff"] == "2014-12-31@2014-12-31"
    assert version.tags["run_id"] == "one"
    assert run.data.params["max_depth"] == "4"
    assert run.data.metrics["model/average_precision"] > run.data.metrics["rate_1y/average_precision"]
    assert len(run.data.tags["mlflow.source.git.commit"]) == 40


def test_rows_are_the_cited_documents_of_each_cutoff_with_the_features_of_that_cutoff(short):
    plan = planned(short)

    train.dataset(short, plan, "run")

    rows = TrainingFolder(plan.parent).rows("training").to_pandas()
    assert not (rows["document_id"] % 10 == 9).any()
    for year, part in rows.groupby(rows["event_timestamp"].dt.year):
        cutoff = Cutoff(end(year), end(year))
        published = pq.read_table(Layout(short.home).feature_set(cutoff)).to_pandas().set_index("document_id")
        names = [*MODEL_FEATURES, *BASELINE_FEATURES]
        assert np.array_equal(part[names], published.loc[part["document_id"], names])
        label = pq.read_table(Layout(short.home).label_set(Cutoff(end(year), end(year + 1)))).to_pandas()
        assert part["hot_area"].tolist() == label.set_index("document_id").loc[part["document_id"], "hot_area"].tolist()


def test_a_later_correction_of_a_training_cutoff_changes_no_row(short, tmp_path):
    clean = planned(short)
    train.dataset(short, clean, "run")
    facts = TrainingFolder(clean.parent).read_facts()
    corrected = Settings.load(home=tmp_path / "corrected", project=short.project, horizon_years=1, training_cutoffs=3)
    History(corrected).publish(YEARS)
    for year in (2012, 2014):
        History(corrected).correct(Cutoff(end(year), end(2015)))

    plan = planned(corrected)
    train.dataset(corrected, plan, "run")

    assert plan.parent.name == clean.parent.name
    assert TrainingFolder(plan.parent).read_facts() == facts


def test_labelled_documents_that_the_features_did_not_know_are_counted_and_left_out(short):
    part = Layout(short.home).feature_set(Cutoff(end(2014), end(2014))) / "part-0000.parquet"
    pq.write_table(pq.read_table(part).slice(10), part)
    plan = planned(short)

    train.dataset(short, plan, "run")

    facts = TrainingFolder(plan.parent).read_facts()
    assert (facts.evaluation_rows, facts.unknown) == (891, 9)


def test_a_column_that_knows_the_label_stops_the_training(short):
    for cutoff, label in [(end(year), Cutoff(end(year), end(year + 1))) for year in range(2011, 2015)]:
        future = pq.read_table(Layout(short.home).label_set(label))["future_rate"]
        done = 0
        for part in sorted(Layout(short.home).feature_set(Cutoff(cutoff, cutoff)).glob("part-*.parquet")):
            table = pq.read_table(part)
            at = table.schema.get_field_index("rate_2y_pct")
            ranks = pc.rank(future, sort_keys="ascending", tiebreaker="max").slice(done, table.num_rows)
            leak = pc.divide(ranks.cast(pa.float64()), len(future))
            pq.write_table(table.set_column(at, table.schema.field(at), leak), part)
            done += table.num_rows

    plan = planned(short)
    train.dataset(short, plan, "run")

    with pytest.raises(ValidationError, match=r"column rate_2y_pct of .* agrees with future_rate by 1\.000 at 201\d"):
        train.validate(short, plan, "run")
    assert TrainingFolder(plan.parent).rejected.is_dir()


def test_a_model_that_is_too_good_is_not_believed_and_the_gate_says_so(trained, monkeypatch):
    """It is evaluated: what was fitted already costs nothing more, and a refusal without a decision says nothing."""
    monkeypatch.setattr("hotarea.domain.gate.PRECISION", 0.5)

    decision = gate.run(trained, first(trained).path.name, "run", serves=False)

    (against,) = [check for check in decision.checks if check["name"] == "leakage: too good"]
    assert (decision.verdict, against["verdict"], against["threshold"]) == ("reject", "failed", 0.5)
    assert remembered(trained, records.Decision) == [decision]


def test_a_null_feature_of_a_cited_document_stops_the_training(short):
    part = Layout(short.home).feature_set(Cutoff(end(2014), end(2014))) / "part-0000.parquet"
    table = pq.read_table(part)
    at = table.schema.get_field_index("rate_1y_pct")
    column = table["rate_1y_pct"].to_pylist()
    pq.write_table(table.set_column(at, table.schema.field(at), [[None, None, *column[2:]]]), part)

    plan = planned(short)
    train.dataset(short, plan, "run")

    with pytest.raises(ValidationError, match=r"No feature of the model or of a baseline is null.*2 of \d"):
        train.validate(short, plan, "run")

    folder = TrainingFolder(plan.parent)
    assert not folder.dataset.exists()
    assert folder.rejected.is_dir()
    (told,) = remembered(short, records.Validation)
    assert (told.dataset, told.subject, told.success) == ("training_set", plan.parent.name, False)


def test_rejected_rows_are_joined_anew_once_the_features_are_mended(short):
    part = Layout(short.home).feature_set(Cutoff(end(2014), end(2014))) / "part-0000.parquet"
    good = pq.read_table(part)
    at = good.schema.get_field_index("rate_1y_pct")
    lost = pa.nulls(good.num_rows, pa.float64())
    pq.write_table(good.set_column(at, good.schema.field(at), lost), part)
    with pytest.raises(ValidationError):
        train.run(short, "run")

    pq.write_table(good, part)

    assert train.run(short, "again")


def test_steps_that_are_done_again_change_nothing(short):
    plan = planned(short)
    train.dataset(short, plan, "run")
    train.fit(short, plan, "run")
    before = {f: f.stat().st_mtime_ns for f in plan.parent.rglob("*") if f.is_file()}

    train.dataset(short, plan, "again")
    version = train.fit(short, plan, "again")

    assert version == 1
    assert {f: f.stat().st_mtime_ns for f in plan.parent.rglob("*") if f.is_file()} == before


def test_the_same_history_gives_the_same_model_elsewhere(short, tmp_path):
    other = Settings.load(home=tmp_path / "other", project=short.project, horizon_years=1, training_cutoffs=3)
    History(other).publish(YEARS)

    files = []
    for settings in (short, other):
        plan = planned(settings)
        train.dataset(settings, plan, "run")
        rows = TrainingFolder(plan.parent).rows("training")
        recipe, seed = TrainingFolder(plan.parent).read_plan().recipe, settings.seed
        model = training.fit(training.matrix(rows, MODEL_FEATURES), training.labels(rows), MODEL_FEATURES, recipe, seed)
        files.append(training.save(model, tmp_path / f"{len(files)}.ubj").read_bytes())

    assert files[0] == files[1]


def test_nothing_is_trained_twice_until_a_release_comes(trained, caplog):
    training_id = first(trained).path.name
    assert train.plan(trained, "two") is not None  # the gate has not decided yet
    gate.run(trained, training_id, "one")
    assert train.plan(trained, "two") is not None  # accepted, but not promoted yet
    promote.run(trained, training_id, "one")

    with caplog.at_level("INFO"):
        assert train.run(trained, "two") is None
    assert "nothing to train" in caplog.text
    folder = TrainingFolder.of(Layout(trained.home), training_id)
    decided_on = folder.evidence.read_bytes()
    assert train.evaluate(trained, folder.plan, "cleared") == training_id
    assert folder.evidence.read_bytes() == decided_on  # and not a comparison with itself

    History(trained).publish([2016])
    again = train.run(trained, "three")

    evidence = TrainingFolder.of(Layout(trained.home), again).read_evidence()
    assert again != training_id
    assert (evidence.champion_version, evidence.model_version) == (1, 2)
    assert set(evidence.metrics[CHAMPION]) == set(evidence.metrics[MODEL])
    assert evidence.metrics[CHAMPION] != evidence.metrics[MODEL]
    assert CHAMPION in evidence.differences
    assert evidence.slices["age: 10 and more years"].difference is not None
    assert evidence.overlap == {MODEL: 0, CHAMPION: 0}
    assert LAST_CHAMPION not in evidence.metrics
    assert len(remembered(trained, records.TrainingRun)) == 2


def test_the_champion_before_is_shown_and_a_champion_that_saw_the_evaluation_is_found_out(promoted):
    """The keys of what a champion learned from come from the registry, whatever became of its folder."""
    folder = first(promoted)
    cheat = folder.path / "cheat.npy"
    np.save(cheat, keys(folder.rows("evaluation")))
    Published(promoted).champion(registry.register(promoted, "cheat", folder.model, {}, {}, cheat))
    History(promoted).publish([2016])

    newer = train.run(promoted, "two")

    evidence = TrainingFolder.of(Layout(promoted.home), newer).read_evidence()
    assert evidence.metrics[LAST_CHAMPION] == evidence.metrics[CHAMPION]  # the same file under two versions
    assert LAST_CHAMPION in evidence.differences
    assert evidence.overlap == {MODEL: 0, CHAMPION: 0}  # it saw 2014, and 2015 evaluates
    seen = Settings.load(home=promoted.home, project=promoted.project, horizon_years=1, training_cutoffs=3, seed=7)
    np.save(cheat, keys(TrainingFolder.of(Layout(promoted.home), newer).rows("evaluation")))
    Published(seen).champion(registry.register(seen, "cheat again", folder.model, {}, {}, cheat))
    assert TrainingFolder.of(Layout(seen.home), train.run(seen, "three")).read_evidence().overlap[CHAMPION] == 900


def test_a_champion_whose_rows_nobody_kept_has_no_overlap_told(trained):
    folder = first(trained)
    Published(trained).champion(registry.register(trained, "old", folder.model, {}, {}))

    train.evaluate(trained, folder.plan, "again")

    assert folder.read_evidence().overlap == {MODEL: 0}
    Published(trained).champion(1)
    with pytest.raises(GateError, match="version 1 is in service, so that it cannot be compared with the champion"):
        train.evaluate(trained, folder.plan, "with itself")


def test_a_release_without_new_labels_does_not_bring_back_what_was_rolled_back(promoted, caplog):
    half_year = date(2016, 6, 30)
    History(promoted).publish_at(half_year)

    with caplog.at_level("INFO"):
        assert train.run(promoted, "two") is None
    assert "its version 1 was promoted" in caplog.text


def test_an_accepted_candidate_has_another_chance_where_the_champion_changed_before(trained):
    folder = first(trained)
    training_id = folder.path.name
    alone = gate.run(trained, training_id, "one")
    other = registry.register(trained, "other", folder.model, {}, {}, folder.keys)
    Published(trained).champion(other)
    with pytest.raises(GateError, match="Run the training again"):
        promote.run(trained, training_id, "one")
    assert train.is_due(trained)

    decision = gate.run(trained, train.run(trained, "two"), "two")
    assert (decision.verdict, len(decision.reasons)) == ("hold", 1)  # 900 rows make no slice that can be judged
    approval.answer(trained, training_id, approved=True, by="ada", reason="it is the same file", run_id="two")
    champion = promote.run(trained, training_id, "two")

    assert (alone.champion_version, decision.champion_version) == (None, other)
    assert (champion.model_version, champion.metrics) == (alone.model_version, decision.metrics[MODEL])
    assert f"champion version {other} " in champion.reason
    assert not train.is_due(trained)


def test_a_refused_candidate_has_another_chance_at_another_newest_cutoff(served):
    History(served).publish([2016], shift=0.9)
    materialize.run(served, "shifted", views=["document_citations"])
    assert not gate.run(served, train.run(served, "one"), "one").accepted

    History(served).publish_at(date(2017, 6, 30))
    materialize.run(served, "as before", views=["document_citations"])

    assert gate.run(served, train.run(served, "two"), "two").accepted


def test_a_candidate_that_is_held_is_not_trained_again(served, caplog):
    History(served).publish([2016], shift=0.9)
    materialize.run(served, "shifted", views=["document_citations"])
    decision = gate.run(served, train.run(served, "one"), "one")

    assert decision.verdict == "hold"
    assert any("PSI of citing_share_1y" in reason for reason in decision.reasons)
    with caplog.at_level("INFO"):
        assert train.plan(served, "two") is None
    assert "the gate holds its version 1" in caplog.text


def test_a_candidate_that_was_held_against_another_champion_is_decided_on_anew_by_a_forced_run(served):
    """What the run that waits says when it ends: the forced one, queued behind it, finds something to train."""
    History(served).publish([2016], shift=0.9)
    materialize.run(served, "shifted", views=["document_citations"])
    first = gate.run(served, train.run(served, "one"), "one")
    folder = TrainingFolder.of(Layout(served.home), first.training_id)
    other = registry.register(served, "other", folder.model, {}, {}, folder.keys)
    Published(served).champion(other)
    with pytest.raises(GateError, match="hotarea train --force"):
        approval.timed_out(served, first.training_id, first.decided_at, "one")

    request, plan = arbiter.plan(served, "two", arbiter.Wanted("the champion changed", force=True))
    assert (request.outcome, plan) == (ACCEPTED, folder.plan)
    second = gate.run(served, train.carry_out(served, plan, "two"), "two")

    assert (first.verdict, first.champion_version, second.champion_version) == ("hold", None, other)
    assert remembered(served, records.Decision) == [first, second]


def test_the_champion_reads_its_own_features_even_if_the_candidate_has_others(promoted, monkeypatch):
    History(promoted).publish([2016])
    monkeypatch.setattr("hotarea.domain.training_plan.MODEL_FEATURES", MODEL_FEATURES[3:])

    evidence = TrainingFolder.of(Layout(promoted.home), train.run(promoted, "two")).read_evidence()

    assert len(evidence.features) == len(MODEL_FEATURES) - 3
    assert evidence.metrics[CHAMPION]["average_precision"] > 0.5


def test_evidence_is_strict_json(trained):
    folder = first(trained)

    found = json.loads(folder.evidence.read_text(), parse_constant=lambda name: pytest.fail(f"{name} in JSON"))

    assert found["training_id"] == folder.path.name


def test_too_short_a_history_is_an_outcome_of_its_own(settings):
    with pytest.raises(TooLittleDataError, match="nothing to train on"):
        train.plan(settings, "run")


def test_the_status_shows_what_follows_from_the_horizon(short):
    def told(years: int) -> tuple[str, ...]:
        found = status.collect(short.model_copy(update={"horizon_years": years}))["maturity"]
        return found["trained_until"], found["evaluated_until"], found["scorable_from"]

    assert told(1) == ("2013-12-31", "2014-12-31", "2016-12-31")
    assert told(2) == ("2011-12-31", "2013-12-31", "2017-12-31")


def test_the_rows_of_the_newest_training_can_be_judged_again(trained):
    (found,) = validate.run(trained, "again", "training_set")

    assert (found.subject, found.success) == (first(trained).path.name, True)
