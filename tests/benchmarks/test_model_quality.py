"""The table of the model's quality, on a made-up corpus, and whom a model has to beat."""

import json

import pytest

from benchmarks import model_quality
from hotarea.domain.evidence import Evidence, Interval
from hotarea.domain.settings import Settings
from hotarea.stages import train
from hotarea.stores.layout import Layout
from hotarea.stores.training_folder import TrainingFolder
from tests.histories import History


@pytest.fixture
def short(with_registry: Settings) -> Settings:
    settings = with_registry.model_copy(update={"horizon_years": 1, "training_cutoffs": 3})
    History(settings).publish(range(2010, 2016))
    return settings


def test_a_year_is_told_as_the_loop_would_have_seen_it_then(short):
    first, last = model_quality.measured(short, [2010, 2014])

    assert "nothing to train on" in first["too_little_data"]
    evidence = TrainingFolder.of(Layout(short.home), train.run(short, "run")).read_evidence()
    assert last["metrics"] == evidence.metrics
    assert (last["training"], last["rows"], last["rounds"]) == ("2011 to 2013", 900, 200)
    assert last["verdict"] == "beats every baseline"
    assert not list((short.home / "staging").glob("quality*"))
    json.dumps(last)
    lines = model_quality.table([first, last]).splitlines()
    assert [line.count("|") for line in lines] == [lines[0].count("|")] * 4


AHEAD, BEHIND = Interval(0.05, 0.02, 0.08), Interval(0.05, -0.01, 0.11)
LESS, MORE = Interval(-0.02, -0.03, -0.01), Interval(-0.02, -0.05, 0.01)


@pytest.mark.parametrize(
    ("differences", "not_beaten"),
    [
        ({"rate": {"average_precision": AHEAD, "log_loss": LESS}}, []),
        ({"rate": {"average_precision": BEHIND, "log_loss": LESS}}, ["rate"]),
        ({"rate": {"average_precision": AHEAD, "log_loss": MORE}}, ["rate"]),
        ({}, ["rate"]),
    ],
    ids=["surely better", "perhaps no better ranking", "perhaps no better probabilities", "not compared"],
)
def test_a_model_that_is_not_surely_better_is_refused_by_the_baselines_name(differences, not_beaten):
    found = Evidence(
        training_id="t",
        model_version=0,
        champion_version=None,
        evaluation_cutoff="2014-12-31",
        newest_cutoff="2015-12-31",
        rows=900,
        hot=90,
        metrics={},
        baselines=("rate",),
        features=(),
        drift={},
        drift_evaluation={},
        decision_threshold=0.5,
        differences=differences,
    )

    assert model_quality._not_beaten(found) == not_beaten
