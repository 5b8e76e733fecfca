"""The table of the model's quality: on a made-up corpus, and as the documentation shows it."""

import json
import re
from pathlib import Path

import pytest

from benchmarks import model_quality
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


@pytest.mark.parametrize("corpus", model_quality.YEARS)
def test_the_docs_show_the_measured_table(corpus):
    docs = (Path(__file__).parents[2] / "docs" / "model.md").read_text()
    measured = json.loads(model_quality.RESULTS.read_text())["corpora"][corpus]
    shown = re.search(f"<!-- {corpus} -->\n(.*?)\n<!-- /{corpus} -->", docs, re.DOTALL)
    assert [year["year"] for year in measured] == list(model_quality.YEARS[corpus])
    assert shown
    assert shown[1] == model_quality.table(measured)
