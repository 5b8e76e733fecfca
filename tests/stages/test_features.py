"""The stage: what it plans, what it publishes, and what an interruption leaves."""

import os
import shutil
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from hotarea.domain.errors import JobError, NotReadyError, SettingsError, ValidationError
from hotarea.domain.records import FeatureSet, LabelSet, Validation
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import features, jobs
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import Ledger
from tests.corpora import EVENTFUL, cutoff, end
from tests.lakes import record_releases, write_lake

ALL = [f"{y}-12-31@{max(y, k)}-12-31" for y, k in [(2010, 2010), (2011, 2011), (2012, 2012), (2013, 2014)]]
ALL += ["2014-12-31@2014-12-31", "2015-12-31@2015-12-31"]


@pytest.fixture
def home(settings: Settings) -> Settings:
    """A home with the eventful corpus in its lake and ledger; labels look one year ahead."""
    ingest(settings, list(EVENTFUL))
    return settings.model_copy(update={"horizon_years": 1})


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> dict[str, Sequence[Path]]:
    """What is put before the suites; they themselves are proven elsewhere, and ask for more rows than these."""
    seen: dict[str, Sequence[Path]] = {}

    def check_many(_settings: Settings, dataset: str, files: Any, _run_id: str, contexts: Any) -> None:
        assert dataset == "document_features"
        seen.update(files)

    monkeypatch.setattr(features, "check_many", check_many)
    return seen


def ingest(settings: Settings, releases: list[date]) -> None:
    write_lake(settings.home, {day: EVENTFUL[day] for day in releases})
    with Ledger(settings.ledger) as ledger:
        record_releases(ledger, map(str, releases))


def planned(settings: Settings, cutoffs: Sequence[Cutoff] | None = None) -> features.Plan | None:
    file = features.plan(settings, "test", cutoffs)
    return None if file is None else msgspec.json.decode(file.read_bytes(), type=features.Plan)


def remembered(settings: Settings, kind: Any) -> list[Any]:
    with Ledger(settings.ledger) as ledger:
        return ledger.all(kind)


def build(settings: Settings, plan: Path) -> None:
    jobs.run(features.feature_job(settings, plan))
    jobs.run(features.label_job(settings, plan))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the sets of 2011 and 2012 are built, and not yet published."""
    home = Settings.load(home=tmp_path_factory.mktemp("template") / "home", horizon_years=1)
    ingest(home, list(EVENTFUL))
    plan = features.plan(home, "template", [cutoff(2011), cutoff(2012)])
    assert plan
    build(home, plan)
    return plan


@pytest.fixture
def plan(template: Path, settings: Settings) -> Path:
    """The template's plan, copied into this test's home."""
    source = template.parents[2]
    shutil.copytree(source, settings.home)
    return settings.home / template.relative_to(source)


def test_everything_that_lacks_a_set_is_planned(home: Settings) -> None:
    plan = planned(home)
    assert plan
    assert plan.features == ALL
    # 2013-12-31 has its horizon on 2014-12-31, and so on; 2015's has not passed
    assert plan.labels == [
        "2010-12-31@2011-12-31",
        "2011-12-31@2012-12-31",
        "2012-12-31@2014-12-31",
        "2013-12-31@2014-12-31",
        "2014-12-31@2015-12-31",
    ]
    assert (plan.releases, plan.horizon_years, plan.hot_quantile) == ([str(day) for day in EVENTFUL], 1, 0.9)


def test_given_cutoffs_are_planned_alone(home: Settings) -> None:
    plan = planned(home, [cutoff(2015), cutoff(2010)])
    assert plan
    assert plan.features == ["2010-12-31@2010-12-31", "2015-12-31@2015-12-31"]
    assert plan.labels == ["2010-12-31@2011-12-31"]


def test_without_releases_there_is_nothing_to_plan_from(settings: Settings) -> None:
    with pytest.raises(NotReadyError, match="no release is ingested"):
        features.plan(settings, "test")


def test_a_cutoff_that_no_release_covers_is_not_ready(home: Settings) -> None:
    with pytest.raises(
        NotReadyError,
        match="cutoff 2016-12-31@2016-12-31 is not covered by the releases known then: the newest covers 2015-12-31",
    ):
        features.plan(home, "test", [cutoff(2016)])


def test_cutoffs_of_two_histories_are_refused(home: Settings) -> None:
    with pytest.raises(SettingsError, match="are not one history"):
        features.plan(home, "test", [cutoff(2010, 2015), cutoff(2011)])


def test_jobs_read_only_what_their_cutoffs_may_know(home: Settings) -> None:
    plan = features.plan(home, "test", [cutoff(2011)])
    assert plan
    features_job, labels_job = features.feature_job(home, plan), features.label_job(home, plan)
    assert features_job.module == "beam_jobs.document_features"
    assert [a for a in features_job.arguments if "release" in a] == ["--release=2010-12-31", "--release=2011-12-31"]
    assert [a for a in labels_job.arguments if "release" in a][-1] == "--release=2012-12-31"
    assert {"--horizon-years=1", "--hot-quantile=0.9", "--cutoff=2011-12-31@2012-12-31"} <= set(labels_job.arguments)


def test_a_run_publishes_what_it_remembers_and_a_second_has_nothing_to_do(
    home: Settings, judged: dict[str, Sequence[Path]]
) -> None:
    published = features.run(home, "first")
    assert published == [f"features {c}" for c in ALL] + [
        f"labels {s.cutoff}@{s.known}" for s in remembered(home, LabelSet)
    ]
    layout = Layout(home.home)
    for record in remembered(home, FeatureSet):
        assert pq.read_table(layout.feature_set(Cutoff(record.cutoff, record.known))).num_rows == record.rows > 0
        assert (record.run_id, record.seconds > 0) == ("first", True)
    for record in remembered(home, LabelSet):
        table = pq.read_table(layout.label_set(Cutoff(record.cutoff, record.known)))
        hot = table["hot_area"].to_pylist()
        assert (table.num_rows, hot.count(True), len(hot) - hot.count(None)) == (
            record.rows,
            record.hot,
            record.eligible,
        )
        assert set(table["threshold"].to_pylist()) == {record.threshold}
        assert record.horizon_years == 1
    assert list(judged) == ALL
    assert list((home.home / "staging").iterdir()) == []
    assert features.run(home, "second") == []


def test_a_new_release_adds_sets_and_leaves_the_others(settings: Settings, judged: dict[str, Sequence[Path]]) -> None:
    home = settings.model_copy(update={"horizon_years": 1})
    ingest(home, list(EVENTFUL)[:3])
    features.run(home, "early")
    files = {p: p.read_bytes() for p in (home.home / "features").rglob("*.parquet")}
    ingest(home, list(EVENTFUL)[3:])
    assert features.run(home, "late") == [
        *(f"features {c}" for c in ALL[3:]),
        "labels 2012-12-31@2014-12-31",
        "labels 2013-12-31@2014-12-31",
        "labels 2014-12-31@2015-12-31",
    ]
    assert {p: p.read_bytes() for p in files} == files
    assert list(judged) == ALL


def test_labels_follow_for_every_published_day(home: Settings, judged: dict[str, Sequence[Path]]) -> None:
    """A cutoff that was the newest release's date once is no year's end, but its horizon passes as well."""
    middle = Cutoff(date(2012, 6, 30), end(2012))
    assert features.run(home, "asked for", [middle]) == [
        f"features {middle}",
        "labels 2012-06-30@2014-12-31",
    ]
    later = home.model_copy(update={"horizon_years": 3})
    with pytest.raises(SettingsError, match=r"2012-06-30@2014-12-31 are published for horizon_years 1, HOTAREA_"):
        features.plan(home.model_copy(update={"horizon_years": 2}), "test")
    with pytest.raises(SettingsError, match=r"published for hot_quantile 0.9, HOTAREA_HOT_QUANTILE=0.8; expected the"):
        features.plan(home.model_copy(update={"hot_quantile": 0.8}), "test")
    plan = planned(later)
    assert plan
    assert "2012-06-30@2015-12-31" in plan.labels


def test_a_failed_validation_publishes_nothing(settings: Settings, plan: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise ValidationError("refused")

    monkeypatch.setattr(features, "check_many", refuse)
    with pytest.raises(ValidationError, match="refused"):
        features.validate(settings, plan, "test")
    assert not (settings.home / "features").exists()
    assert not (settings.home / "labels").exists()
    assert remembered(settings, FeatureSet) == []


@pytest.mark.parametrize("marker", ["features.json", "labels.json"])
def test_a_job_that_did_not_end_is_not_published(settings: Settings, plan: Path, marker: str) -> None:
    (plan.parent / marker).unlink()
    with pytest.raises(JobError, match=rf"{marker} is missing: the job that writes it last has not ended well"):
        features.publish(settings, plan, "test")
    assert remembered(settings, FeatureSet) == []
    assert not (settings.home / "features").exists()


def test_publishing_goes_on_where_it_was_interrupted(
    settings: Settings, plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, calls = Ledger.add, []

    def add_once(ledger: Ledger, record: Any) -> None:
        calls.append(record)
        if len(calls) == 2:
            raise KeyboardInterrupt
        add(ledger, record)

    monkeypatch.setattr(Ledger, "add", add_once)
    with pytest.raises(KeyboardInterrupt):
        features.publish(settings, plan, "test")  # the second set is renamed, but not remembered
    monkeypatch.setattr(Ledger, "add", add)
    assert [r.cutoff for r in remembered(settings, FeatureSet)] == [end(2011)]
    assert features.publish(settings, plan, "test") == [
        "features 2012-12-31@2012-12-31",
        "labels 2011-12-31@2012-12-31",
        "labels 2012-12-31@2014-12-31",
    ]
    assert features.publish(settings, plan, "test") == []
    assert [r.cutoff for r in remembered(settings, FeatureSet)] == [end(2011), end(2012)]


def test_sets_that_an_interrupted_publication_moved_are_not_judged_again(
    settings: Settings, plan: Path, judged: dict[str, Sequence[Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(features, "_label_set", ended)
        with pytest.raises(KeyboardInterrupt):
            features.publish(settings, plan, "test")  # both feature sets are in the ledger, no label set is
    features.validate(settings, plan, "test")
    assert judged == {}
    assert len(features.publish(settings, plan, "test")) == 2


def test_all_steps_can_be_run_again_after_the_last(
    settings: Settings, plan: Path, judged: dict[str, Sequence[Path]]
) -> None:
    assert len(features.publish(settings, plan, "test")) == 4
    assert sorted(f.name for f in plan.parent.iterdir()) == ["features.json", "labels.json", "plan.json"]
    before = {f: f.read_bytes() for f in settings.home.glob("*/cutoff=*/*/*.parquet")}
    features.validate(settings, plan, "test")
    assert judged == {}
    build(settings, plan)
    features.validate(settings, plan, "test")
    assert len(judged) == 2
    assert features.publish(settings, plan, "test") == []
    assert {f: f.read_bytes() for f in settings.home.glob("*/cutoff=*/*/*.parquet")} == before
    assert sorted(f.name for f in plan.parent.iterdir()) == ["features.json", "labels.json", "plan.json"]


def test_planning_sweeps_what_was_left_aside(home: Settings) -> None:
    left = Layout(home.home).aside("features")
    os.utime(left, (0, 0))
    assert features.plan(home, "test")
    assert not left.exists()


def test_what_an_interrupted_run_left_is_built_anew(home: Settings, judged: dict[str, Sequence[Path]]) -> None:
    left = Layout(home.home).feature_set(cutoff(2011))
    left.mkdir(parents=True)
    (left / "part-0099.parquet").write_bytes(b"half")
    features.run(home, "again", [cutoff(2011)])
    assert not (left / "part-0099.parquet").exists()
    assert [r.cutoff for r in remembered(home, FeatureSet)] == [end(2011)]


def test_lost_output_is_an_error(settings: Settings, plan: Path) -> None:
    built = Layout(plan.parent).feature_set(cutoff(2011))
    built.rename(built.with_name("elsewhere"))
    with pytest.raises(JobError, match="the plan's output is lost"):
        features.publish(settings, plan, "test")


def test_a_broken_plan_is_an_error(settings: Settings, plan: Path) -> None:
    plan.write_text("{")
    with pytest.raises(JobError, match=r"plan\.json cannot be read: .*Plan the run again"):
        features.feature_job(settings, plan)
    with pytest.raises(JobError, match="cannot be read"):
        features.publish(settings, plan.with_name("nowhere.json"), "test")


def test_the_real_suite_judges_what_was_built(settings: Settings, plan: Path) -> None:
    features.validate(settings, plan, "test")
    assert [(v.dataset, v.subject, v.run_id) for v in remembered(settings, Validation)] == [
        ("document_features", "2011-12-31@2011-12-31", "test"),
        ("document_features", "2012-12-31@2012-12-31", "test"),
    ]
    assert {v.success for v in remembered(settings, Validation)} == {True}
