"""The benchmark of training and evaluation, on few rows: all steps run, and the rows are the same again."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import training
from benchmarks.training import Asked
from hotarea.domain.model_features import MODEL_FEATURES


def test_all_steps_run_and_are_measured():
    found = training.measured(Asked(3_000, 16, "cpu"))

    assert list(found["steps"]) == [
        "fit",
        "fit, rounds chosen",
        "bootstrap, one rival",
        "bootstrap, all contenders",
        "bootstrap, slices too",
        "bootstrap, other metrics",
        "metrics",
    ]
    assert all(took["seconds"] >= 0 and took["peak_mib"] > 0 for took in found["steps"].values())
    assert found["steps"]["fit"]["metrics"]["average_precision"] > 0.3
    assert len(training.table(found).splitlines()) == 9
    json.dumps(found)


def test_rows_are_drawn_by_a_seed_and_a_tenth_is_hot():
    first, again, other = training.drawn(2_000), training.drawn(2_000), training.drawn(2_000, seed=1)

    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert first[0].shape == (2_000, len(MODEL_FEATURES))
    assert first[1].mean() == pytest.approx(0.1)


def test_the_docs_show_the_measured_table():
    docs = (Path(__file__).parents[2] / "docs" / "performance.md").read_text()
    shown = re.search("<!-- training -->\n(.*?)\n<!-- /training -->", docs, re.DOTALL)
    assert shown
    assert shown[1] == training.table(json.loads(training.RESULTS.read_text()))
