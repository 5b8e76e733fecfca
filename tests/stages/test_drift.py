"""Drift: the champion's reference, alarms that are told once, and a re-curated history that is none."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dateutil.relativedelta import relativedelta

from hotarea.domain.errors import JobError, NotReadyError
from hotarea.domain.model_features import MODEL_FEATURES
from hotarea.domain.records import Comparison, DriftCheck, FeatureSet, Release, TrainingRun, Validation, now
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import drift, movement, recuration, train
from hotarea.stages.recuration import Plan, Question
from hotarea.stores.layout import Layout, parts
from hotarea.stores.ledger import Ledger
from hotarea.stores.training_folder import TrainingFolder, write
from tests import homes
from tests.conftest import Published
from tests.histories import History, _write, end
from tests.lakes import Delivery, Removal, Work
from tests.servers import Webhook, webhook

# ---- a champion, and a history that is published directly


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as server:
        yield server


@pytest.fixture
def short(with_registry: Settings, hook: Webhook) -> Settings:
    """A home with a history whose horizon is one year, and a champion that learned from 2011 to 2013."""
    changed = {"horizon_years": 1, "training_cutoffs": 3, "alert_urls": hook.url, "alert_timeout_s": 8}
    settings = Settings.model_validate(with_registry.model_dump() | changed)
    History(settings).publish(range(2010, 2016))
    promoted(settings, 1)
    hook.bodies.clear()
    return settings


def promoted(settings: Settings, version: int) -> str:
    """Train, and put the version in service whatever the gate would say."""
    training_id = train.run(settings, f"train-{version}")
    assert training_id
    Published(settings).champion(version)
    return training_id


def arrives(settings: Settings, year: int, shift: float = 0.0) -> DriftCheck:
    """Let a release come that tells nothing otherwise, and look at it."""
    History(settings).publish([year], shift)
    tells_nothing_otherwise(settings)
    found = drift.run(settings, f"monitor-{year}")
    assert found is not None
    return found


def tells_nothing_otherwise(settings: Settings) -> None:
    """Remember of every release that no known work is told otherwise in it."""
    nothing = {"works": {"again": 0, "unchanged": 0}, "ended": {"known": 0}, "references": {}}
    parts = {name: {} for name in ("promised", "arrived", "quarantined", "recurated", "year_moves", "drift", "values")}
    told = {**nothing, **parts, "findings": [], "success": True, "report": "", "run_id": "t"}
    with Ledger(settings.ledger) as ledger:
        known = {c.release_id for c in ledger.all(Comparison)}
        for release in (r.release_id for r in ledger.all(Release)):
            if release not in known:
                ledger.add(Comparison(comparison_id=release, release_id=release, **told))


def test_a_world_that_stays_is_calm_and_one_that_leaves_is_an_alarm_after_two_periods(
    short: Settings, hook: Webhook
) -> None:
    calm = arrives(short, 2016)
    first = arrives(short, 2017, shift=0.18)
    second = arrives(short, 2018, shift=0.18)
    over = arrives(short, 2019)

    assert (calm.model_version, calm.over, calm.alarms) == (1, [], [])
    assert "features" in first.over
    assert "features" not in first.alarms
    assert "features" in second.alarms
    assert (over.over, over.alarms) == ([], [])
    assert [title for title in hook.titles if "still open" not in title] == [
        "hotarea: the world has drifted from champion version 1",
        "hotarea: recovered: the world has drifted from champion version 1",
    ]
    assert any("of the model's gain have left their range" in body["message"] for body in hook.bodies)


def test_the_reference_is_the_champions_outlives_its_rows_and_changes_with_promotion(short: Settings) -> None:
    (first,) = [p for p in Layout(short.home).runs.iterdir() if p.is_dir()]
    shutil.rmtree(first / "dataset")
    before = arrives(short, 2016)
    second = promoted(short, 2)
    after = drift.run(short, "again")

    assert before.reference == first.name
    assert after is not None
    assert (after.cutoff, after.model_version, after.reference) == (before.cutoff, 2, second)
    assert after.importance.keys() == set(MODEL_FEATURES)
    assert sum(after.importance.values()) == pytest.approx(1)
    evidence = TrainingFolder.of(Layout(short.home), second).read_evidence()
    assert evidence.prediction_drift == pytest.approx(after.predictions)
    assert evidence.drift == pytest.approx(after.features)


def test_a_check_is_made_once_and_shown_like_a_validation(short: Settings) -> None:
    done = arrives(short, 2016)

    assert drift.run(short, "later") == done

    with Ledger(short.ledger) as ledger:
        (judged,) = ledger.all(Validation, dataset="drift")
    assert (judged.subject, judged.success, judged.report) == ("2016-12-31@2016-12-31-v1", True, done.report)
    page = Path(done.report).read_text()
    assert "<script" not in page
    assert "All is within its limits" in page
    assert page.count("<svg") >= len(MODEL_FEATURES)
    assert judged.subject in (Layout(short.home).reports / "index.html").read_text()


# ---- a champion that nobody has trained


def reigns(settings: Settings) -> None:
    """Put a version in service that learned from the cutoffs before the newest, and leans on one feature."""
    found = movement.watched(settings)
    assert found is not None
    reference = replace(found.reference, name="t", importance={"citing_share_1y": 1.0})
    write(TrainingFolder.of(Layout(settings.home), "t").reference, reference)
    published = Published(settings)
    published.remember(
        TrainingRun(
            training_id="t", model_version=1, feature_service="hot_area_model_v1", training_cutoffs=[],
            evaluation_cutoff=end(2013), rows=1, metrics={}, run_id="t",
        )
    )  # fmt: skip
    published.champion(1)


def checked(settings: Settings, year: int, days_ago: float) -> None:
    """Remember that the version had left its features' range at the end of a year, by a look so many days ago."""
    check = DriftCheck(
        cutoff=end(year), known=end(year), model_version=1, reference="t", features={}, world={}, limits={},
        importance={}, predictions=None, new_documents={}, label_share=None, over=["features"], alarms=[],
        reasons=["they moved"], recurated=[], report="", run_id="m", checked_at=now() - timedelta(days=days_ago),
    )  # fmt: skip
    Published(settings).remember(check)


@pytest.mark.parametrize(
    ("year", "days_ago", "alarms"),
    [
        (2015, 0, ["features"]),
        (2014, 0, ["features"]),  # at 2015 nobody looked, and two of the last three are over
        (2013, 0, []),
        (2015, 1, []),  # in an earlier reign
    ],
)
def test_periods_are_the_last_cutoffs_of_the_present_reign(
    settings: Settings, year: int, days_ago: float, alarms: list[str]
) -> None:
    History(settings).publish(range(2010, 2017), shift=0.18)
    tells_nothing_otherwise(settings)
    reigns(settings)
    checked(settings, year, days_ago)

    found = drift.run(settings, "m")

    assert found is not None
    assert (found.over, found.alarms) == (["features"], alarms)


def test_a_plan_that_was_made_for_another_champion_or_reference_is_not_judged_by(settings: Settings) -> None:
    History(settings).publish(range(2010, 2016))
    watched, plan = movement.watched(settings), settings.home / "plan.json"
    assert watched is not None
    same = Question(watched.newest, watched.reference.known, 0)

    for other in (msgspec.structs.replace(same, model_version=1), msgspec.structs.replace(same, since=end(2010))):
        plan.write_bytes(msgspec.json.encode(Plan(other, [])))
        assert recuration.question(plan) == other
        assert drift.check(settings, plan, "m") is None
    plan.write_bytes(msgspec.json.encode(Plan(same, [])))
    with pytest.raises(JobError, match="holds no features of cutoff 2015-12-31"):  # it is what is asked
        drift.check(settings, plan, "m")
    with Ledger(settings.ledger) as ledger:
        assert ledger.all(DriftCheck) == []


# ---- a lake whose works are told again: what the source re-curates is no drift

YEARS = range(2009, 2014)
FIRST = 1985  # long before, so that one more year changes little
A_YEAR = 120


def works(year: int, references: int, seed: int = 0) -> list[Work]:
    """The works of a year, each of which cites works of the four years before."""
    chance = np.random.default_rng([year, seed])
    earlier = [i for y in range(max(year - 4, FIRST), year) for i in range(y * 1000, y * 1000 + A_YEAR)]
    return [
        Work(
            year * 1000 + n,
            date(year, 1 + n % 12, 15),
            sorted(chance.choice(earlier, chance.poisson(references) + 1, replace=False).tolist())
            if year > FIRST
            else (),
        )
        for n in range(A_YEAR)
    ]


def delivered(settings: Settings, last: Delivery) -> None:
    """Deliver the years before as usual, and the last as given; publish features of all."""
    deliveries = {end(year): Delivery(works(year, 4)) for year in YEARS}
    before = [work for year in range(FIRST, YEARS[0]) for work in works(year, 4)]
    deliveries = {end(YEARS[0] - 1): Delivery(before), **deliveries, end(YEARS[-1]): last}
    homes.deliver(settings, deliveries)
    with Ledger(settings.ledger) as ledger:
        cutoffs = [Cutoff(end(year), end(year)) for year in YEARS]
        for cutoff, table in homes.features(settings, cutoffs).items():
            _write(Layout(settings.home).feature_set(cutoff), table)
            ledger.add(FeatureSet(cutoff=cutoff.day, known=cutoff.known, rows=table.num_rows, seconds=0, run_id="test"))


def lake(settings: Settings, last: Delivery) -> DriftCheck:
    """Deliver all years and look at the last."""
    delivered(settings, last)
    found = drift.run(settings, "monitor")
    assert found is not None
    return found


@pytest.fixture
def one_core(settings: Settings) -> Settings:
    return settings.model_copy(update={"workers": 1})


NEW = works(YEARS[-1], 4)

MOVED = [
    Work(w.id, date(YEARS[-1], 6, 1), works(YEARS[-1], 14, seed=1)[n].references)
    for year in (2011, 2012)
    for n, w in enumerate(works(year, 4))
]
"""Works of old whose years and references are told otherwise, so that most of the newest year look unlike before."""

RECURATED = Delivery([*NEW, *MOVED], [Removal(2010 * 1000 + n, end(YEARS[-1])) for n in range(50)])


def test_a_usual_year_is_calm(one_core: Settings) -> None:
    assert (found := lake(one_core, Delivery(NEW))).over == found.recurated == []


def test_a_changed_world_is_an_alarm(one_core: Settings) -> None:
    found = lake(one_core, Delivery(works(YEARS[-1], 12)))

    assert "new_documents" in found.alarms
    assert found.reference == "cutoffs 2009-12-31 to 2012-12-31"


def test_a_recurated_history_is_none(one_core: Settings) -> None:
    found = lake(one_core, RECURATED)

    assert "new_documents" in found.recurated
    assert (found.over, found.alarms) == ([], [])
    assert "The source re-curated its history; the world has not changed" in Path(found.report).read_text()


def test_a_world_that_changed_beneath_a_recuration_is_seen(one_core: Settings) -> None:
    moved = [Work(w.id, date(2011, 6, 1), w.references) for w in works(2012, 4)]

    found = lake(one_core, Delivery([*works(YEARS[-1], 12), *moved]))

    assert "new_documents" in found.alarms


def test_each_document_of_the_years_before_counts_once_however_often_releases_come(settings: Settings) -> None:
    """Twelve months of releases beside the ends of the years before: each year is looked at once."""
    months = [date(2014, 1, 1) + relativedelta(months=n, days=-1) for n in range(1, 25)]

    assert movement._usual(months[-1], [end(2011), end(2012), end(2013), *months]) == [end(2012), end(2013), end(2014)]
    assert movement._usual(months[-7], [end(2012), end(2013), *months]) == [end(2012), months[5]]
    assert movement._usual(end(2012), [end(2012)]) == []


def test_whether_anything_was_told_otherwise_is_what_the_last_comparison_says(settings: Settings) -> None:
    History(settings).publish(range(2010, 2012))
    tells_nothing_otherwise(settings)
    with Ledger(settings.ledger) as ledger:
        (nothing,) = ledger.all(Comparison, release_id="2011-12-31")
        again = {"again": 9, "unchanged": 0}
        later = nothing.compared_at + timedelta(hours=1)
        ledger.add(replace(nothing, comparison_id="0", works=again, compared_at=later))  # its id comes first

    assert recuration.is_possible(settings, end(2010))


def test_a_cutoff_of_which_nothing_was_cited_cannot_be_called_calm(settings: Settings) -> None:
    History(settings).publish(range(2010, 2016))
    watched = movement.watched(settings)
    assert watched is not None
    for part in parts(Layout(settings.home).feature_set(watched.newest)):
        rows = pq.read_table(part)
        at = rows.schema.get_field_index("cite_count")
        none = pa.array([0] * rows.num_rows, rows.schema.types[at])
        pq.write_table(rows.set_column(at, rows.schema.field(at), none), part)

    with pytest.raises(NotReadyError, match=r"no document of cutoff 2015-12-31.* was cited"):
        movement.seen(settings, watched, settings)


def test_without_features_or_with_one_cutoff_there_is_nothing_to_compare(settings: Settings) -> None:
    assert drift.look(settings, "m") is None
    assert drift.run(settings, "m") is None
