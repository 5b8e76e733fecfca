"""The reference of a champion: bins that outlive its rows."""

from datetime import date

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hotarea.domain.drift import edges_of, psi
from hotarea.domain.drift_reference import Bins, Model, Reference

values = arrays(np.float64, st.integers(1, 60), elements=st.floats(0, 1) | st.just(float("nan")))


@given(before=values, now=values, name=st.sampled_from(["x", "x_pct"]))
def test_kept_bins_give_the_same_psi_as_the_rows(before: np.ndarray, now: np.ndarray, name: str) -> None:
    bins = Bins.of(name, before)

    assert bins.psi(bins.again(now)) == pytest.approx(psi(before, now, edges_of(name, before)), abs=1e-12)


def test_a_reference_survives_its_file_and_knows_what_its_model_was_shown_to_bear() -> None:
    rng = np.random.default_rng(1)
    model = Model({"x_pct": 1.0}, {"x_pct": rng.random(500) ** 3}, rng.random(500))
    made = Reference.of("t", date(2020, 12, 31), {"x_pct": rng.random(500)}, model)

    read = msgspec.json.decode(msgspec.json.encode(made), type=Reference)

    assert read == made
    assert read.borne["x_pct"] > 0.3
    assert read.scores is not None


def test_without_a_model_all_features_matter_alike() -> None:
    made = Reference.of("cutoffs", date(2020, 12, 31), {"a": np.ones(3), "b": np.zeros(3)})

    assert (made.importance, made.borne, made.scores) == ({"a": 0.5, "b": 0.5}, {}, None)
