"""Replays of a made-up history with a horizon of one year: what they did, and that they knew nothing of later."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import average_precision_score

from hotarea.domain import ageing, records, replay_policies
from hotarea.domain.errors import NotReadyError, SettingsError
from hotarea.domain.replay import GATED, PRECISION, Candidate, Replay, Step
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import replay, train
from hotarea.stages.replay import Asked, Present
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import read
from hotarea.stores.training_folder import TrainingFolder
from tests.conftest import PROJECT
from tests.domain import test_replay as made_up
from tests.histories import History, end
from tests.templates import copied

DOCUMENTS = 2500
"""So many that even the first candidates are accepted, so that there is a champion to compare with."""

SETTLED = 2013
"""Until here the two replays are the same time."""


@pytest.fixture(scope="module", autouse=True)
def registries(empty_registry: Path) -> Iterator[None]:
    """Homes aside begin with a registry that is made already: `tests/test_replay_command.py` makes them new."""
    scratch = replay._scratch

    def made(settings: Settings, home: Path) -> Settings:
        return copied(empty_registry, scratch(settings, home))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(replay, "_scratch", made)
        yield


def home(folder: Path) -> Settings:
    found = Settings.load(home=folder, project=PROJECT, horizon_years=1, training_cutoffs=3)
    History(found, documents=DOCUMENTS).publish(range(2010, 2015))
    return found


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return home(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def short(history: Settings) -> Replay:
    return replay.run(history, "test", Asked(last=SETTLED))


@pytest.fixture(scope="module")
def long(history: Settings) -> tuple[Replay, list[Step]]:
    """The same with one more year, in which absurd corrections of the years before became known."""
    for year in (2011, 2012):
        History(history, documents=DOCUMENTS).correct(Cutoff(end(year), end(2014)))
    told: list[Step] = []
    return replay.run(history, "test", Asked(last=2014), told.append), told


def test_what_became_known_later_changes_no_row_no_candidate_and_no_decision(short, long):
    def done(found: Replay) -> list[object]:
        return [
            (s.release, s.cutoff, s.outcome, s.candidate, s.champion, s.drifted, s.drift_reasons)
            for s in found.steps
            if s.release <= end(SETTLED)
        ]

    trained = [s.candidate for s in short.steps if s.candidate]
    assert [len(c.training_cutoffs) for c in trained] == [1, 2]
    assert all(len(c.dataset_sha256) == 64 for c in trained)
    assert done(short) == done(long[0])


def test_each_release_is_a_step_and_is_told_when_it_is_over(long):
    found, told = long
    assert [s.release.year for s in found.steps] == [2010, 2011, 2012, 2013, 2014]
    assert list(found.steps) == told
    assert [s.outcome.split()[0] for s in found.steps[:2]] == ["too", "too"]
    assert [s.candidate.version for s in found.steps if s.candidate] == [1, 2, 3]
    assert sum(found.verdicts.values()) == 3


def test_a_version_is_scored_on_matured_cutoffs_after_its_training_only(long):
    scored = {(s.version, s.cutoff.year) for s in long[0].scores if s.version}
    assert scored == {(1, 2012), (1, 2013), (2, 2013)}


def test_the_baseline_has_the_score_that_the_published_sets_give(long, history):
    layout = Layout(history.home)
    features = pq.read_table(layout.feature_set(Cutoff(end(2013), end(2013)))).to_pandas()
    labels = pq.read_table(layout.label_set(Cutoff(end(2013), end(2014)))).to_pandas()
    rows = features.merge(labels, on="document_id").query("eligible and cite_count >= 1")
    expected = average_precision_score(rows["hot_area"].to_numpy(bool), np.nan_to_num(rows["rate_1y"].to_numpy()))
    [found] = [s for s in long[0].scores if s.version is None and s.cutoff == end(2013)]
    assert (found.rows, found.hot) == (len(rows), int(rows["hot_area"].sum()))
    assert found.metrics[PRECISION] == pytest.approx(expected, abs=1e-12)


def test_a_champion_has_the_score_that_the_next_candidates_evaluation_gave_it(long):
    found = long[0]
    scores = {(s.version, str(s.cutoff)): s.metrics for s in found.scores}
    before = {s.candidate.version: found.steps[i - 1].champion for i, s in enumerate(found.steps) if s.candidate}
    compared = [s.candidate for s in found.steps if s.candidate and "champion" in s.candidate.metrics]
    assert compared
    for candidate in compared:
        key = (before[candidate.version], candidate.evaluation_cutoff)
        if key in scores:
            assert scores[key] == candidate.metrics["champion"]
    assert any((before[c.version], c.evaluation_cutoff) in scores for c in compared)


def test_the_home_stays_as_it_was(long, history):
    layout = Layout(history.home)
    assert not layout.runs.exists()
    assert not layout.models.exists()
    assert not list((history.home / "staging").iterdir())
    for kind in (records.TrainingRun, records.Decision, records.Champion, records.Validation, records.Problem):
        assert read(history.ledger, kind) == []


def test_the_page_and_the_figures_lie_among_the_reports(long, history):
    page = replay.report(history, long[0])
    assert page.is_relative_to(Layout(history.home).reports)
    assert page.with_suffix(".json").is_file()
    assert long[0].outcome(GATED).means[PRECISION] > 0


@pytest.mark.parametrize("year", [2010, 2012, 2014])
def test_the_present_holds_nothing_that_became_known_later(history, tmp_path, year):
    present = Present(history, replay._scratch(history, tmp_path / "present"))
    for earlier in range(2010, year + 1):
        present.advance(end(earlier))

    layout = Layout(present.settings.home)
    releases = {path.name.removeprefix("release=") for path in layout.lake.iterdir()}
    dates = {
        date.fromisoformat(path.name.removeprefix("known="))
        for folder in (layout.features, layout.labels)
        for path in folder.glob("*/*")
    }
    assert releases == {str(end(y)) for y in range(2010, year + 1)}
    assert max(dates) == end(year)
    kinds = (records.Release, records.FeatureSet, records.LabelSet)
    assert max(replay.known(r) for kind in kinds for r in read(present.settings.ledger, kind)) == end(year)


def test_years_without_a_release_are_named(history):
    with pytest.raises(
        NotReadyError, match=r"no release to replay from 2020 to 2021: those there are end on 2014-12-31"
    ):
        replay.run(history, "test", Asked(first=2020, last=2021))


def test_a_span_that_ends_before_it_begins_is_refused():
    with pytest.raises(SettingsError, match="from 2020 to 2019 has no year"):
        Asked(first=2020, last=2019)


def fitted(settings: Settings) -> Candidate:
    """Train on what is there, without a registry or a gate."""
    plan = train.plan(settings, "test")
    assert plan
    train.dataset(settings, plan, "test")
    train.fitted(TrainingFolder(plan.parent))
    return replace(made_up.candidate(0, 2013, "promote"), training_id=plan.parent.name)


def test_deliveries_in_the_middle_of_a_year_are_compared_at_the_year_ends_before_them(tmp_path):
    """Four releases in January: at the last one the labels of the year's end before the third have matured."""
    home = Settings.load(home=tmp_path, project=PROJECT, horizon_years=1, training_cutoffs=1)
    history, days = History(home, documents=400, lag=timedelta(days=25)), [date(y, 1, 25) for y in range(2011, 2015)]
    history.publish([2010, 2011, 2012])
    first = replace(fitted(home), version=1)
    history.publish([2013])
    second = replace(fitted(home), version=2)
    found = [None, None, first, second]
    steps = [
        replace(made_up.step(2013, c, c and c.version), release=d, cutoff=d) for c, d in zip(found, days, strict=True)
    ]

    scores = list(replay._scores(home, steps))

    assert [(s.version, s.cutoff) for s in scores] == [(1, end(2012))]
    for outcome in replay_policies.outcomes(steps, scores):
        served = [(s.cutoff, s.release, s.version) for s in outcome.served if s.metrics]
        assert served == [(end(2012), date(2013, 1, 25), 1)]
        assert outcome.means == scores[0].metrics
    assert [(row.version, row.relative) for row in ageing.ageing(steps, scores)] == [(1, {0: 1.0})]
    assert list(replay._scores(home, steps[3:])) == []  # it was known before a replay that begins there


def test_a_replay_that_begins_with_a_correction_scores_nothing_that_was_known_before_it(tmp_path):
    home = Settings.load(home=tmp_path, project=PROJECT, horizon_years=1, training_cutoffs=1)
    History(home, documents=400).publish(range(2010, 2014))
    found = replace(fitted(home), version=1)
    corrected = replace(made_up.step(2013, found, 1), release=date(2014, 3, 1), cutoff=end(2013))

    assert [s.cutoff for s in replay._scores(home, [made_up.step(2012, found, 1)])] == [end(2012)]
    assert list(replay._scores(home, [replace(corrected, cutoff=end(2012))])) == []
