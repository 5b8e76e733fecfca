"""Continuous training of a model that predicts which research areas get hot."""

from hotarea.domain.processors import wait_briefly

wait_briefly()  # here, because it must come before whoever imports XGBoost
