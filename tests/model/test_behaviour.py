"""What the model must do on any corpus, whatever its metrics: minimum function, direction, invariance."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hotarea.domain.model_features import MODEL_FEATURES
from hotarea.domain.settings import Settings
from hotarea.domain.training import RECIPE, fit, labels, matrix, score
from hotarea.domain.windows import Cutoff
from hotarea.stores.layout import Layout
from tests.histories import History, end

YEARS = (2010, 2011, 2012)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pa.Table:
    """Cited documents of three cutoffs with features and labels."""
    settings = Settings.load(home=tmp_path_factory.mktemp("home"), horizon_years=1)
    History(settings).publish([*YEARS, 2013])
    layout, found = Layout(Path(settings.home)), []
    for year in YEARS:
        features = pq.read_table(layout.feature_set(Cutoff(end(year), end(year))))
        label = pq.read_table(layout.label_set(Cutoff(end(year), end(year + 1))))
        found.append(features.append_column("hot_area", label["hot_area"]).filter(label["eligible"]))
    return pa.concat_tables(found)


@pytest.fixture(scope="module")
def model(rows: pa.Table):
    return fit(matrix(rows, MODEL_FEATURES), labels(rows), MODEL_FEATURES, RECIPE, seed=20)


def with_value(values: np.ndarray, **changed: float) -> np.ndarray:
    found = values.copy()
    for name, value in changed.items():
        found[:, MODEL_FEATURES.index(name)] = value
    return found


def test_a_young_area_of_high_rate_is_hotter_than_an_old_one_of_low_rate(rows, model):
    typical = np.median(matrix(rows, MODEL_FEATURES), axis=0)[None]

    hot = with_value(typical, rate_1y_pct=0.99, citing_share_1y=0.95, citing_share_1y_pct=0.95)
    cold = with_value(typical, rate_1y_pct=0.1, citing_share_1y=0.05, citing_share_1y_pct=0.05)

    assert score(model, hot)[0] > 0.5
    assert score(model, cold)[0] < 0.05


@pytest.mark.parametrize("share", [0.7, 0.8, 0.9])
def test_more_recent_citations_make_a_young_area_hotter(rows, model, share):
    young = with_value(matrix(rows, MODEL_FEATURES), citing_share_1y=share, citing_share_1y_pct=share)

    means = [score(model, with_value(young, rate_1y_pct=rank)).mean() for rank in (0.2, 0.5, 0.8, 0.95)]

    assert means == sorted(means)
    assert means[-1] > 5 * means[0]


@pytest.mark.parametrize("name", ["references_inside_pct", "top_citing_1y_pct", "size_5y_pct"])
def test_what_has_nothing_to_do_with_the_label_hardly_moves_a_score(rows, model, name):
    values = matrix(rows, MODEL_FEATURES)
    before = score(model, values)

    moved = [np.abs(score(model, with_value(values, **{name: rank})) - before).mean() for rank in (0.1, 0.5, 0.9)]

    assert max(moved) < 0.03


def test_a_score_does_not_depend_on_the_other_documents(rows, model):
    values = matrix(rows, MODEL_FEATURES)
    whole = score(model, values)

    assert np.array_equal(np.concatenate([score(model, part) for part in np.array_split(values, 7)]), whole)
    assert np.array_equal(score(model, values[::-1]), whole[::-1])


def test_scores_are_as_high_as_hot_areas_are_frequent(rows, model):
    """Scores are used as probabilities: their mean is the share of hot areas, overall and among high ones."""
    scores, hot = score(model, matrix(rows, MODEL_FEATURES)), labels(rows)
    high = scores > 0.5

    assert scores.mean() == pytest.approx(hot.mean(), abs=0.01)
    assert scores[high].mean() == pytest.approx(hot[high].mean(), abs=0.15)
