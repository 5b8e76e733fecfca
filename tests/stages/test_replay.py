"""Replays of a made-up history with a horizon of one year: what they did, and that they knew nothing of later."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import average_precision_score

from hotarea.domain import records
from hotarea.domain.errors import NotReadyError, SettingsError
from hotarea.domain.replay import ALWAYS, GATED, PRECISION, Replay, Step
from hotarea.domain.settings import Settings
from hotarea.domain.windows import Cutoff
from hotarea.stages import replay
from hotarea.stages.replay import Asked, Present
from hotarea.stores.layout import Layout
from hotarea.stores.ledger import read
from tests.conftest import PROJECT
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


def test_deliveries_in_the_middle_of_a_year_are_compared_at_the_year_ends_before_them(tmp_path):
    """Four releases in January: at the last one the labels of the year's end before the third have matured."""
    found = Settings.load(home=tmp_path, project=PROJECT, horizon_years=1, training_cutoffs=1)
    History(found, documents=DOCUMENTS, lag=timedelta(days=25)).publish(range(2010, 2014))

    replayed = replay.run(found, "test", Asked())

    assert [s.release for s in replayed.steps] == [date(year, 1, 25) for year in range(2011, 2015)]
    assert [s.candidate.version for s in replayed.steps if s.candidate] == [1, 2]
    assert {(s.version, s.cutoff) for s in replayed.scores} == {(None, end(2012)), (1, end(2012))}
    served = {o.policy: [(s.cutoff, s.release, s.version) for s in o.served if s.metrics] for o in replayed.outcomes}
    assert served[ALWAYS] == [(end(2012), date(2013, 1, 25), 1)]
    assert served[GATED] == [(end(2012), date(2013, 1, 25), replayed.steps[2].champion)]
    assert all(o.means[PRECISION] > 0 and o.regret is not None for o in replayed.outcomes)
    assert [(row.version, row.relative) for row in replayed.ageing] == [(1, {0: 1.0})]
