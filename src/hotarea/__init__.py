"""Continuous training of a model that predicts which research areas get hot."""
