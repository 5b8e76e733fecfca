"""What the model has to beat: single features, and a linear model on the same features."""

import numpy as np

from hotarea.domain.columns import Bools, Floats

LOGISTIC_REGRESSION = "logistic_regression"

_ITERATIONS = 1000  # the default of 100 stops before the fit has converged


def calibrated(training: Floats, hot: Bools, values: Floats) -> Floats:
    """Return probabilities of hot areas for one feature's `values`, learned on its `training` rows.

    A logistic regression on ln(1 + value) (Platt, 1999): without it log loss and Brier score would compare the model
    with numbers that are no probabilities. Values are at least 0; nulls count as 0.
    """
    return _fitted(_column(training), hot, _column(values))


def logistic_regression(training: Floats, hot: Bools, values: Floats) -> Floats:
    """Return probabilities by a logistic regression on all features, nulls imputed by the median, and scaled.

    Shapes (rows, features), (rows,) and (other rows, features); gives (other rows,).
    """
    return _fitted(training, hot, values)


def _column(values: Floats) -> Floats:
    return np.log1p(np.nan_to_num(values, nan=0.0))[:, None]


def _fitted(training: Floats, hot: Bools, values: Floats) -> Floats:
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    steps = (
        SimpleImputer(strategy="median", keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=_ITERATIONS),
    )
    model = make_pipeline(*steps).fit(training, hot)
    probability: Floats = model.predict_proba(values)[:, list(model.classes_).index(True)]
    return probability
